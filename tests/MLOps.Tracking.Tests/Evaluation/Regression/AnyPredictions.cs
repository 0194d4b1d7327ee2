using FsCheck;
using FsCheck.Fluent;

namespace MLOps.Tracking.Tests.Evaluation.Regression;

/// <summary>Targets with predictions: with and without a large common offset, constant targets, right predictions, weights that are whole numbers, fractions or 0.</summary>
public sealed record AnyPredictions(double[] Targets, double[] Predictions, double[] Weights)
{
    public static Arbitrary<AnyPredictions> Arbitrary() => (
        from rows in Gen.Choose(2, 60)
        from offset in Gen.Elements(0.0, 0.0, 1000.0, -1e6, 1e9)
        // Eighths, which a conversion to decimal keeps to the last digit.
        from step in Gen.Elements(1.0, 0.125, 0.0)
        from targets in Gen.Choose(-1000, 1000).Select(i => offset + (i * step)).ArrayOf(rows)
        from errors in Gen.Frequency((1, Gen.Constant(0.0)), (6, Gen.Choose(-3000, 3000).Select(i => i / 16.0))).ArrayOf(rows)
        from weights in Gen.Frequency((1, Gen.Constant(0.0)), (6, Gen.Choose(1, 400).Select(i => i / 100.0))).ArrayOf(rows)
        select new AnyPredictions(targets, [.. targets.Zip(errors, (target, error) => target + error)], weights)).ToArbitrary();

    /// <summary>The rows that weigh anything.</summary>
    public (double Target, double Error, double Weight)[] Rows => [.. Targets.Select((target, row) => (target, target - Predictions[row], Weights[row])).Where(row => row.Item3 > 0)];

    public double Mean(Func<double, double> ofError) => Rows.Sum(row => row.Weight * ofError(row.Error)) / Rows.Sum(row => row.Weight);

    /// <summary>R² by its definition, with the mean as an exact decimal, so that a large offset costs the reference no digits.</summary>
    public double RSquared()
    {
        if (Rows.Length < 2)
            return double.NaN;
        decimal mean = Rows.Sum(row => (decimal)row.Weight * (decimal)row.Target) / Rows.Sum(row => (decimal)row.Weight);
        double spread = (double)Rows.Sum(row => (decimal)row.Weight * ((decimal)row.Target - mean) * ((decimal)row.Target - mean)), errors = Rows.Sum(row => row.Weight * row.Error * row.Error);
        return Rows.All(row => row.Target == Rows[0].Target) ? (errors == 0 ? 1 : 0) : 1 - (errors / spread);
    }
}
