using FsCheck;
using FsCheck.Fluent;

namespace MLOps.Drift.Tests.Statistics;

/// <summary>What holds for every method that compares two columns, and what for those that see order, or differences, or sizes alone.</summary>
public sealed class InvarianceTests
{
    /// <summary>Multiples of an eighth, some of them alike: shifts by whole numbers and scales by powers of two are exact.</summary>
    private static readonly Gen<double[]> Exact = Gen.Choose(-40, 40).Select(eighths => eighths / 8.0).ArrayOf();

    private static readonly Gen<double[]> Wild = ArbMap.Default.GeneratorFor<double>().ArrayOf();

    [Flags]
    public enum Holds
    {
        Nothing = 0,

        /// <summary>Exchanging the samples leaves statistic, size and p as they are.</summary>
        Symmetry = 1,

        /// <summary>Exchanging the samples leaves p as it is.</summary>
        SymmetryOfP = 2,

        /// <summary>Adding one number to all values changes nothing.</summary>
        Shift = 4,

        /// <summary>Multiplying all values by one positive number changes nothing.</summary>
        Scale = 8,

        /// <summary>Multiplying all values by a number multiplies the statistic by it.</summary>
        Unit = 16,

        /// <summary>Two samples that are the same have statistic 0.</summary>
        Identity = 32,
    }

    private static (string Name, Func<double[], double[], TestResult> Test, Holds Holds)[] Methods =>
    [
        ("KS", (r, c) => KolmogorovSmirnov.Test(r, c), Holds.Symmetry | Holds.Shift | Holds.Scale | Holds.Identity),
        ("KS asymptotic", (r, c) => KolmogorovSmirnov.Test(r, c, law: NullLaw.Asymptotic), Holds.Symmetry | Holds.Shift | Holds.Scale | Holds.Identity),
        ("CvM", (r, c) => CramerVonMises.Test(r, c), Holds.Symmetry | Holds.Shift | Holds.Scale),
        ("AD", (r, c) => AndersonDarling.Test(r, c, cancellationToken: TestContext.Current.CancellationToken), Holds.Symmetry | Holds.Shift | Holds.Scale),
        ("ES", (r, c) => EppsSingleton.Test(r, c), Holds.Symmetry | Holds.Shift | Holds.Scale | Holds.Identity),
        ("MWU", (r, c) => MannWhitney.Test(r, c, cancellationToken: TestContext.Current.CancellationToken), Holds.SymmetryOfP | Holds.Shift | Holds.Scale),
        ("Welch", (r, c) => WelchT.Test(r, c), Holds.SymmetryOfP | Holds.Shift | Holds.Scale | Holds.Identity),
        ("Wasserstein", (r, c) => Wasserstein.Test(r, c), Holds.Symmetry | Holds.Shift | Holds.Unit | Holds.Identity),
        ("Wasserstein in deviations", (r, c) => Wasserstein.Test(r, c, DistanceUnit.ReferenceDeviation), Holds.Shift | Holds.Identity),
        ("energy", (r, c) => EnergyDistance.Test(r, c), Holds.Symmetry | Holds.Shift | Holds.Identity),
        // Edges of bins are interpolated, and round differently elsewhere: a value on an edge may change its bin with a shift.
        ("PSI", (r, c) => PopulationStability.Test(r, c), Holds.Scale | Holds.Identity),
        ("JS", (r, c) => JensenShannon.Test(r, c), Holds.Scale | Holds.Identity),
        ("KL", (r, c) => KullbackLeibler.Test(r, c), Holds.Scale | Holds.Identity),
        ("Hellinger", (r, c) => Hellinger.Test(r, c), Holds.Scale | Holds.Identity),
        ("TVD", (r, c) => TotalVariation.Test(r, c, permutations: 0, cancellationToken: TestContext.Current.CancellationToken), Holds.Scale | Holds.Identity),
        ("L∞", (r, c) => Chebyshev.Test(r, c, permutations: 0, cancellationToken: TestContext.Current.CancellationToken), Holds.Scale | Holds.Identity),
        ("χ² of levels", (r, c) => ChiSquared.Test(Cells(r, c)), Holds.Symmetry | Holds.Shift | Holds.Scale | Holds.Identity),
        ("G of levels", (r, c) => GTest.Test(Cells(r, c)), Holds.Symmetry | Holds.Shift | Holds.Scale | Holds.Identity),
        ("V of levels", (r, c) => CramersV.Test(Cells(r, c)), Holds.Symmetry | Holds.Shift | Holds.Scale | Holds.Identity),
        ("missing", (r, c) => MissingRate.Test(Sample.Of(r), Sample.Of(c)), Holds.SymmetryOfP | Holds.Shift | Holds.Scale | Holds.Identity),
    ];

    public static TheoryData<string> Names => [.. Methods.Select(method => method.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_doubles_give_a_result_or_say_why_not(string name)
    {
        Func<double[], double[], TestResult> test = Methods.Single(method => method.Name == name).Test;
        ForAll(TestLength.Of(500, 100_000), Wild, (reference, current) => ResultChecks.Sound(test(reference, current)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_order_of_the_rows_does_not_matter(string name)
    {
        Func<double[], double[], TestResult> test = Methods.Single(method => method.Name == name).Test;
        ForAll(TestLength.Of(200, 5_000), Exact, (reference, current) => Same(test(reference, current), test([.. reference.Reverse()], [.. current.OrderBy(value => Math.Cos(value))]), 1e-9));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_the_method_says_it_does_not_see_changes_nothing(string name)
    {
        (_, Func<double[], double[], TestResult> test, Holds holds) = Methods.Single(method => method.Name == name);
        ForAll(TestLength.Of(200, 5_000), Exact, (reference, current) =>
        {
            TestResult result = test(reference, current);
            if (holds.HasFlag(Holds.Symmetry))
                Same(result, test(current, reference), 1e-9);
            if (holds.HasFlag(Holds.SymmetryOfP))
                Near(result.PValue, test(current, reference).PValue, 1e-9);
            if (holds.HasFlag(Holds.Shift))
                Same(result, test(Array.ConvertAll(reference, value => value + 1024), Array.ConvertAll(current, value => value + 1024)), 1e-7);
            if (holds.HasFlag(Holds.Scale))
                Same(result, test(Array.ConvertAll(reference, value => value * 16), Array.ConvertAll(current, value => value * 16)), 1e-9);
            if (holds.HasFlag(Holds.Unit))
                Near(16 * result.Statistic, test(Array.ConvertAll(reference, value => value * 16), Array.ConvertAll(current, value => value * 16)).Statistic, 1e-9);
            if (holds.HasFlag(Holds.Identity) && test(reference, reference) is { IsComputed: true } itself)
                Near(0, itself.Statistic, 1e-9);
        });
    }

    private static CellCounts Cells(double[] reference, double[] current) => CellCounts.Of(CategoryCounts.Of<double>(reference), CategoryCounts.Of<double>(current));

    private static void ForAll(int count, Gen<double[]> samples, Action<double[], double[]> check) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(count).WithEndSize(24), Prop.ForAll(Arb.From(samples), Arb.From(samples), check));

    private static void Same(TestResult expected, TestResult actual, double tolerance)
    {
        Assert.Equal(expected.IsComputed, actual.IsComputed);
        Near(expected.Statistic, actual.Statistic, tolerance);
        Near(expected.PValue, actual.PValue, tolerance);
    }

    private static void Near(double expected, double actual, double tolerance) =>
        Assert.True(expected.Equals(actual) || Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected)), $"{expected:R} and {actual:R}");
}
