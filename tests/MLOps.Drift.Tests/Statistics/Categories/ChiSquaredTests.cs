using System.Numerics;
using System.Text.Json;

namespace MLOps.Drift.Tests.Statistics;

public sealed class ChiSquaredTests
{
    [Fact]
    public void Homogeneity_agrees_with_scipy() =>
        VectorCase.CheckAll(VectorCase.Of("categorical.json", "chi2_contingency"), vector =>
        {
            CellCounts cells = Tables.Of(vector);
            TestResult result = ResultChecks.Sound(ChiSquared.Test(cells, Tables.Flag(vector, "yates")));
            vector.CheckNumber("statistic", result.Statistic);
            vector.CheckP("p_value", result.PValue, result.LogPValue);
            ContingencyTable table = new(cells);
            Assert.Equal(vector.ExpectedNumber("dof"), table.DegreesOfFreedom);
            JsonElement[] rows = [.. vector.Expected.GetProperty("expected_frequencies").EnumerateArray()];
            for (int cell = 0; cell < cells.Names.Count; cell++)
            {
                Assert.Equal(rows[0][cell].GetDouble(), table.Expected(cell).Reference, 1e-9);
                Assert.Equal(rows[1][cell].GetDouble(), table.Expected(cell).Current, 1e-9);
            }
        });

    [Fact]
    public void Columns_of_values_agree_with_scipy() =>
        VectorCase.CheckAll(VectorCase.Of("categorical.json", "chi2_from_samples"), vector =>
        {
            CellCounts cells = CellCounts.Of(CategoryCounts.Of<double>(vector.Numbers("reference")), CategoryCounts.Of<double>(vector.Numbers("current")));
            TestResult result = ResultChecks.Sound(ChiSquared.Test(cells, Tables.Flag(vector, "yates")));
            vector.CheckNumber("statistic", result.Statistic);
            vector.CheckP("p_value", result.PValue, result.LogPValue);
            Assert.Contains($"{vector.ExpectedNumber("dof")} degree", result.Rule, StringComparison.Ordinal);
        });

    [Fact]
    public void Goodness_of_fit_agrees_with_scipy() =>
        VectorCase.CheckAll(VectorCase.Of("categorical.json", "chisquare_gof"), vector =>
        {
            TestResult result = ResultChecks.Sound(ChiSquared.GoodnessOfFit(Tables.Of(vector)));
            vector.CheckNumber("statistic", result.Statistic);
            vector.CheckP("p_value", result.PValue, result.LogPValue);
        });

    [Fact]
    public void Large_samples_that_nearly_agree_keep_their_digits()
    {
        // χ² of two rows is N Σ (am − bn)² / (nm)(a + b), here in whole numbers.
        long[] reference = [1_000_000_000_000_007, 2_000_000_000_000_011, 3], current = [1_000_000_000_900_000, 1_999_999_999_000_000, 1];
        BigInteger n = reference.Aggregate(BigInteger.Zero, (sum, count) => sum + count), m = current.Aggregate(BigInteger.Zero, (sum, count) => sum + count);
        double expected = 0;
        for (int cell = 0; cell < 3; cell++)
        {
            BigInteger cross = (reference[cell] * m) - (current[cell] * n);
            expected += Tables.Ratio(cross * cross, n * m * (reference[cell] + current[cell])).Value;
        }

        TestResult result = ResultChecks.Sound(ChiSquared.Test(Tables.Of(reference, current)));
        Assert.Equal(expected, result.Statistic, 1e-13 * expected);
    }

    [Fact]
    public void Contributions_sum_to_the_statistic_and_swapping_samples_changes_nothing()
    {
        Random random = new(1);
        for (int trial = 0; trial < 500; trial++)
        {
            CellCounts cells = Tables.Wild(random);
            TestResult result = ChiSquared.Test(cells), swapped = ChiSquared.Test(Tables.Of([.. cells.Current], [.. cells.Reference]));
            Assert.Equal(result.IsComputed, swapped.IsComputed);
            if (!result.IsComputed)
                continue;
            Assert.Equal(result.Statistic, result.Cells.Sum(cell => cell.Contribution));
            Assert.Equal(result.Statistic, swapped.Statistic, 1e-12 * Math.Max(result.Statistic, 1e-300));
            Assert.InRange(result.EffectSize, 0, 1);
        }
    }

    [Fact]
    public void Counts_of_any_size_give_a_result_or_a_reason()
    {
        Random random = new(2);
        for (int trial = 0; trial < TestLength.Of(5_000, 100_000); trial++)
        {
            CellCounts cells = Tables.Wild(random);
            ResultChecks.Sound(ChiSquared.Test(cells));
            ResultChecks.Sound(ChiSquared.Test(cells, yates: false));
            ResultChecks.Sound(ChiSquared.GoodnessOfFit(cells));
            ResultChecks.Sound(Permute(cells, 3));
        }
    }

    [Fact]
    public void Empty_cells_count_for_nothing()
    {
        TestResult without = ChiSquared.Test(Tables.Of([10, 20], [30, 40])), with = ChiSquared.Test(Tables.Of([10, 0, 20, 0], [30, 0, 40, 0]));
        Assert.Equal((without.Statistic, without.PValue, without.EffectSize), (with.Statistic, with.PValue, with.EffectSize));
        Assert.Contains("1 degree of freedom, Yates' correction", with.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void One_category_on_both_sides_does_not_differ()
    {
        TestResult result = ResultChecks.Sound(ChiSquared.Test(Tables.Of([5], [7])));
        Assert.Equal((0, 1, 0), (result.Statistic, result.PValue, result.EffectSize));
    }

    [Fact]
    public void A_side_without_values_and_a_total_beyond_a_long_are_not_computable()
    {
        Assert.IsType<NotComputable.TooFewValues>(ChiSquared.Test(Tables.Of([0, 0], [1, 2])).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(ChiSquared.GoodnessOfFit(Tables.Of([], [])).NotComputable);
        Assert.IsType<NotComputable.Overflow>(ChiSquared.Test(Tables.Of([long.MaxValue, 1], [1, 2])).NotComputable);
        Assert.IsType<NotComputable.BeyondLimit>(Permute(Tables.Of([1L << 53, 1], [1, 2])).NotComputable);
    }

    [Fact]
    public void A_note_says_where_Cochran_would_doubt()
    {
        Assert.Empty(ChiSquared.Test(Tables.Of([50, 50], [60, 40])).Notes);
        Assert.Contains("2 of 4", Assert.Single(ChiSquared.Test(Tables.Of([99, 1], [98, 2])).Notes), StringComparison.Ordinal);

        // A fifth of the expectations below 5 is allowed, but no more, and none below 1.
        Assert.Empty(ChiSquared.Test(Tables.Of([50, 50, 50, 50, 4], [50, 50, 50, 50, 4])).Notes);
        Assert.Contains("4 of 18", Assert.Single(ChiSquared.Test(Tables.Of([50, 50, 50, 50, 50, 50, 50, 4, 4], [50, 50, 50, 50, 50, 50, 50, 4, 4])).Notes), StringComparison.Ordinal);
        Assert.Single(ChiSquared.Test(Tables.Of([50, 50, 50, 50, 50, 50, 50, 50, 50, 0], [50, 50, 50, 50, 50, 50, 50, 50, 50, 1])).Notes);
    }

    [Fact]
    public void Goodness_of_fit_names_the_category_that_the_reference_lacks()
    {
        TestResult result = ResultChecks.Sound(ChiSquared.GoodnessOfFit(Tables.Of([5, 0, 3], [5, 2, 3])));
        Assert.Equal((double.PositiveInfinity, 0, double.NegativeInfinity), (result.Statistic, result.PValue, result.LogPValue));
        Assert.Contains("'level 1'", Assert.Single(result.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Permutations_come_to_the_exact_probability()
    {
        // All tables with these margins, by whole numbers: 8 of 14 values go to the reference.
        CellCounts cells = Tables.Of([5, 2, 1], [1, 2, 3]);
        double observed = ChiSquared.Test(cells).Statistic;
        BigInteger extreme = 0;
        for (int a = 0; a <= 6; a++)
        {
            for (int b = 0; b <= 4; b++)
            {
                int c = 8 - a - b;
                if (c is >= 0 and <= 4 && ChiSquared.Test(Tables.Of([a, b, c], [6 - a, 4 - b, 4 - c])).Statistic >= observed - 1e-9)
                    extreme += Tables.Choose(6, a) * Tables.Choose(4, b) * Tables.Choose(4, c);
            }
        }

        double exact = Tables.Ratio(extreme, Tables.Choose(14, 8)).Value;
        const int permutations = 40_000;
        TestResult result = ResultChecks.Sound(Permute(cells, permutations, new Random(3)));
        Assert.InRange(result.PValue, exact - (4 * Math.Sqrt(exact * (1 - exact) / permutations)), exact + (4 * Math.Sqrt(exact * (1 - exact) / permutations)));
    }

    [Fact]
    public void Permutations_of_a_large_table_come_to_the_law()
    {
        CellCounts cells = Tables.Of([50_000, 30_200, 19_800, 700], [49_800, 30_900, 19_300, 760]);
        const int permutations = 5_000;
        double law = ChiSquared.Test(cells).PValue;
        TestResult result = ResultChecks.Sound(Permute(cells, permutations, new Random(4)));
        Assert.InRange(result.PValue, law - (4 * Math.Sqrt(law / permutations)), law + (4 * Math.Sqrt(law / permutations)));
    }

    [Fact]
    public void Permutations_repeat_and_end_when_told()
    {
        CellCounts cells = Tables.Of([5, 2, 1], [1, 2, 3]);
        Assert.Equal(Permute(cells).PValue, Permute(cells).PValue);
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => ChiSquared.PermutationTest(cells, cancellationToken: cancelled.Token));
        Assert.Throws<ArgumentOutOfRangeException>(() => Permute(cells, permutations: 0));
    }

    [Fact]
    public void A_permutation_p_is_never_zero()
    {
        TestResult result = Permute(Tables.Of([1_000, 0], [0, 1_000]), permutations: 99);
        Assert.Equal(0.01, result.PValue);
        Assert.Single(result.Notes);
    }

    private static TestResult Permute(CellCounts cells, int permutations = 9_999, Random? random = null) =>
        ChiSquared.PermutationTest(cells, permutations, random, TestContext.Current.CancellationToken);
}
