using MLOps.Drift.Tests.Vectors;

namespace MLOps.Drift.Tests.Statistics;

/// <summary>Rows to test multivariate methods with.</summary>
internal static class Rows
{
    /// <summary>The two sides of a case of multivariate.json: a file's rows before and behind a place, or the even and the odd ones.</summary>
    public static (FeatureMatrix Reference, FeatureMatrix Current) Of(VectorCase vector)
    {
        double[][] rows = DataSpec.Features(vector.Get("csv").GetString()!);
        if (vector.Get("split").ValueKind == System.Text.Json.JsonValueKind.String)
            return (FeatureMatrix.OfRows([.. rows.Where((_, row) => row % 2 == 0)]), FeatureMatrix.OfRows([.. rows.Where((_, row) => row % 2 == 1)]));
        int start = vector.Get("split")[0].GetInt32(), end = vector.Get("split")[1].GetInt32();
        return (FeatureMatrix.OfRows(rows[..start]), FeatureMatrix.OfRows(rows[start..end]));
    }

    public static FeatureMatrix Made(int rows, Func<int, double[]> row) => FeatureMatrix.OfRows([.. Enumerable.Range(0, rows).Select(row)]);

    /// <summary>Independent standard normal columns.</summary>
    public static FeatureMatrix Normal(Random random, int rows, int columns) => Made(rows, _ => [.. Enumerable.Range(0, columns).Select(_ => Normal(random))]);

    public static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Two tiny matrices with the values that break statistics.</summary>
    public static void CheckWild(int trials, Action<FeatureMatrix, FeatureMatrix> check)
    {
        int trial = 0;
        WildSample.CheckPairs(trials, (reference, current) =>
        {
            int columns = 1 + (trial++ % 3);
            check(Cut(reference), Cut(current));

            FeatureMatrix Cut(double[] values) => FeatureMatrix.OfRowMajor(values.AsSpan(0, values.Length / columns * columns), columns);
        });
    }
}
