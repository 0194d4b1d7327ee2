using FsCheck;
using FsCheck.Fluent;

namespace MLOps.Tracking.Tests.Evaluation;

/// <summary>Rows of a binary classifier: few or many distinct scores, one class or two, weights that are whole numbers, fractions or 0.</summary>
public sealed record AnySample(bool[] Labels, double[] Scores, double[] Weights)
{
    public static Arbitrary<AnySample> Arbitrary()
    {
        Gen<double> coarse = Gen.Choose(0, 8).Select(i => i / 8.0), fine = Gen.Choose(0, 1 << 30).Select(i => i / (double)(1 << 30));
        Gen<double> weight = Gen.Frequency((1, Gen.Constant(0.0)), (4, Gen.Choose(1, 4).Select(i => (double)i)), (4, fine.Select(x => (3 * x) + 0.01)));
        return Arb.From(
            from rows in Gen.Choose(1, 60)
            from scores in Gen.OneOf(coarse, fine).ArrayOf(rows)
            from labels in Gen.Frequency((6, Gen.Elements(false, true)), (1, Gen.Constant(true)), (1, Gen.Constant(false))).ArrayOf(rows)
            from oneClass in Gen.Frequency((8, Gen.Constant(false)), (1, Gen.Constant(true)))
            from weights in weight.ArrayOf(rows)
            select new AnySample(oneClass ? [.. labels.Select(_ => true)] : labels, scores, weights),
            Shrink);
    }

    /// <summary>The rows that weigh anything, one entry for each.</summary>
    public IEnumerable<(bool Label, double Score, double Weight)> Rows => Labels.Zip(Scores, Weights).Where(row => row.Third > 0);

    /// <summary>Each row as often as its rounded weight says.</summary>
    public AnySample Repeated()
    {
        (bool Label, double Score)[] rows = [.. Labels.Zip(Scores, WholeWeights).SelectMany(row => Enumerable.Repeat((row.First, row.Second), (int)row.Third))];
        return new([.. rows.Select(row => row.Label)], [.. rows.Select(row => row.Score)], [.. rows.Select(_ => 1.0)]);
    }

    public double[] WholeWeights => [.. Weights.Select(Math.Ceiling)];

    public override string ToString() => FormattableString.Invariant($"{Labels.Length} rows: {string.Join("; ", Labels.Zip(Scores, Weights).Select(row => FormattableString.Invariant($"{(row.First ? 1 : 0)} {row.Second:R} ×{row.Third:R}")))}");

    private static IEnumerable<AnySample> Shrink(AnySample sample)
    {
        int length = sample.Labels.Length;
        for (int cut = length / 2; cut > 0; cut /= 2)
        {
            yield return new(sample.Labels[cut..], sample.Scores[cut..], sample.Weights[cut..]);
            yield return new(sample.Labels[..^cut], sample.Scores[..^cut], sample.Weights[..^cut]);
        }
    }
}
