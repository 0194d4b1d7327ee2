namespace MLOps.Drift.Tests.Statistics;

public sealed class PopulationStabilityTests
{
    public static TheoryData<string, ZeroRule> Rules => new()
    {
        { "psi_zero_floor_1e4", ZeroRule.Default },
        { "psi_max_floor_1e4", new ZeroRule.Floor() },
        { "psi_zero_floor_1e4_renormalised", new ZeroRule.Replace(renormalise: true) },
        { "psi_laplace_0_5", new ZeroRule.Add() },
        { "psi_evidently", new ZeroRule.Evidently() },
        { "psi_frouros_realmin", new ZeroRule.Replace(2.2250738585072014e-308) },
        { "psi_no_smoothing", new ZeroRule.Keep() },
    };

    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public void Every_rule_for_empty_cells_gives_the_numbers_of_the_vectors(string name, ZeroRule rule) =>
        ShareVectors.Check(name, cells => ResultChecks.Sound(PopulationStability.Test(cells, rule)).Statistic, name == "psi_zero_floor_1e4" ? (p, q) => PopulationStability.OfShares(p, q, rule) : null);

    [Fact]
    public void Contributions_make_the_index_and_name_their_cells()
    {
        TestResult result = PopulationStability.Test(new CellCounts(["a", "b", "c"], [50, 30, 20], [25, 25, 50], "by hand"));
        Assert.Equal(["a", "b", "c"], result.Cells.Select(cell => cell.Name));
        Assert.Equal([50, 30, 20], result.Cells.Select(cell => cell.Reference));
        Assert.Equal(0.25 * Math.Log(2), result.Cells[0].Contribution, 1e-16);
        Assert.Equal(0.05 * Math.Log(1.2), result.Cells[1].Contribution, 1e-16);
        Assert.Equal(result.Cells.Sum(cell => cell.Contribution), result.Statistic, 1e-15);
        Assert.Equal(result.Statistic, result.EffectSize);
        Assert.Equal("by hand; empty cells 0.0001; p by χ² with 2 degrees of freedom", result.Rule);
    }

    [Fact]
    public void An_empty_cell_that_stays_empty_makes_the_index_infinite_and_leaves_no_p()
    {
        TestResult result = ResultChecks.Sound(PopulationStability.Test(ShareVectors.Of([5, 5], [10, 0]), new ZeroRule.Keep()));
        Assert.Equal(double.PositiveInfinity, result.Statistic);
        Assert.True(double.IsNaN(result.PValue));
        Assert.Single(result.Notes);
    }

    [Fact]
    public void Two_columns_are_compared_by_ten_quantile_bins_of_the_reference()
    {
        Random random = new(3);
        double[] reference = [.. Enumerable.Range(0, 500).Select(_ => random.NextDouble())], current = [.. Enumerable.Range(0, 400).Select(_ => random.NextDouble() * random.NextDouble())];
        TestResult result = ResultChecks.Sound(PopulationStability.Test(reference, current));
        Assert.Equal(10, result.Cells.Count);
        Assert.Equal(50, result.Cells[3].Reference);
        Assert.Equal("10 quantile bins of the reference; empty cells 0.0001; p by χ² with 9 degrees of freedom", result.Rule);
        Assert.True(result.PValue < 1e-10);
    }

    [Fact]
    public void A_constant_that_becomes_another_is_a_drift()
    {
        TestResult result = PopulationStability.Test([.. Enumerable.Repeat(5.0, 100)], [.. Enumerable.Repeat(7.0, 100)]);
        Assert.True(result.Statistic > 10, $"{result.Statistic}");
        Assert.True(result.PValue < 1e-10);
        Assert.Equal(0, PopulationStability.Test([5, 5], [5, 5, 5]).Statistic);
        Assert.Equal(1, PopulationStability.Test([5, 5], [5, 5, 5]).PValue);
    }

    [Fact]
    public void Without_a_value_on_a_side_there_is_no_index()
    {
        Assert.IsType<NotComputable.TooFewValues>(PopulationStability.Test([], [1, 2]).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(PopulationStability.Test([1, 2], []).NotComputable);
        Assert.IsType<NotComputable.Overflow>(PopulationStability.Test(ShareVectors.Of([long.MaxValue, 1], [1, 1])).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(PopulationStability.Test(new CellCounts([], [], [])).NotComputable);
    }

    [Fact]
    public void Shares_that_are_none_have_no_index()
    {
        Assert.True(double.IsNaN(PopulationStability.OfShares([], [])));
        Assert.True(double.IsNaN(PopulationStability.OfShares([0], [1])));
        Assert.True(double.IsNaN(PopulationStability.OfShares([-1, 2], [1, 1])));
        Assert.True(double.IsNaN(PopulationStability.OfShares([double.NaN, 2], [1, 1])));
        Assert.True(double.IsNaN(PopulationStability.OfShares([1e308, 1e308], [1, 1])));
        Assert.Throws<ArgumentException>(() => PopulationStability.OfShares([1], [1, 2]));
    }

    [Fact]
    public void Shares_that_differ_in_their_last_digits_keep_all_digits_of_the_difference()
    {
        // By 60-digit decimals: sum (Q - P) ln(Q / P) for these counts.
        TestResult result = PopulationStability.Test(ShareVectors.Of([300_000_000_000_007, 700_000_000_000_003], [300_000_000_000_011, 700_000_000_000_021]));
        Assert.Equal(SmallPsi, result.Statistic, SmallPsi * 1e-14);
    }

    [Fact]
    public void The_index_is_symmetric_and_does_not_know_the_order_of_cells()
    {
        Random random = new(17);
        for (int trial = 0; trial < 200; trial++)
        {
            CellCounts cells = ShareVectors.Drawn(random, [0.5, 0.2, 0.1, 0.1, 0.05, 0.05], random.Next(1, 60), random.Next(1, 60));
            double psi = PopulationStability.Test(cells).Statistic;
            Assert.Equal(psi, PopulationStability.Test(ShareVectors.Of(cells.Current.ToArray(), cells.Reference.ToArray())).Statistic, 1e-12);
            Assert.Equal(psi, PopulationStability.Test(ShareVectors.Of([.. cells.Reference.ToArray().Reverse()], [.. cells.Current.ToArray().Reverse()])).Statistic, 1e-12);
        }
    }

    [Fact]
    public void Without_drift_p_values_are_uniform()
    {
        // Quantile bins of each trial's own reference, as users have them: their chance is that of the reference.
        const int trials = 4000;
        Random random = new(20261127);
        double[] reference = new double[400], current = new double[300];
        int below5 = 0, below1 = 0, below50 = 0;
        double sum = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            foreach (ref double value in reference.AsSpan())
                value = random.NextDouble();
            foreach (ref double value in current.AsSpan())
                value = random.NextDouble();
            TestResult result = PopulationStability.Test(reference, current);
            sum += result.Statistic;
            below1 += result.PValue <= 0.01 ? 1 : 0;
            below5 += result.Statistic >= PopulationStability.Threshold(10, 400, 300) ? 1 : 0;
            below50 += result.PValue <= 0.5 ? 1 : 0;
            Assert.Equal(result.PValue <= 0.05, result.Statistic >= PopulationStability.Threshold(10, 400, 300));
        }

        // Four standard errors, and a tenth for the law being one of large samples.
        Assert.InRange(below5 / (double)trials, 0.035, 0.070);
        Assert.InRange(below1 / (double)trials, 0.005, 0.020);
        Assert.InRange(below50 / (double)trials, 0.45, 0.56);
        Assert.Equal(9 * ((1 / 400.0) + (1 / 300.0)), sum / trials, 0.004);
    }

    [Fact]
    public void Thresholds_are_quantiles_of_the_null_law()
    {
        // Upper quantiles of χ², 9 degrees of freedom, from published tables: 16.919, 21.666, 27.877.
        Assert.Equal(16.918977604620448 / 100, PopulationStability.Threshold(10, 200, 200), 1e-12);
        Assert.Equal(21.665994333461924 / 100, PopulationStability.Threshold(10, 200, 200, 0.01), 1e-12);
        Assert.Equal(27.877164871256568 / 100, PopulationStability.Threshold(10, 200, 200, 0.001), 1e-12);
        Assert.Equal(0, PopulationStability.Threshold(1, 200, 200));

        // With 2 degrees of freedom the tail is exp(−x/2), down to where 1 − α is 1.
        Assert.Equal(2 * 460.5170185988091, PopulationStability.Threshold(3, 2, 2, 1e-200), 1e-9);
        Assert.True(PopulationStability.Threshold(10, 1, 1, 1 - 1e-12) > 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => PopulationStability.Threshold(0, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PopulationStability.Threshold(2, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PopulationStability.Threshold(2, 1, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => PopulationStability.Threshold(2, 1, 1, double.NaN));
    }

    [Fact]
    public void A_p_that_underflows_still_has_its_logarithm()
    {
        // Three cells: the tail is exp(−x/2).
        TestResult result = PopulationStability.Test(ShareVectors.Of([50_000, 30_000, 20_000], [20_000, 30_000, 50_000]));
        Assert.Equal(0, result.PValue);
        double expected = -result.Statistic / (2.0 / 100_000) / 2;
        Assert.Equal(expected, result.LogPValue, Math.Abs(expected) * 1e-12);
    }

    [Fact]
    public void Notes_tell_of_empty_and_of_small_cells()
    {
        Assert.Empty(PopulationStability.Test(ShareVectors.Of([50, 50], [40, 60])).Notes);
        Assert.Equal(
            ["1 of 2 cells are empty on one side: what they add follows from the rule for empty cells.", "1 of 2 cells expect fewer than 5 values on the smaller side: the χ² law of the p-value is rough."],
            PopulationStability.Test(ShareVectors.Of([50, 4], [50, 0])).Notes);
    }

    [Fact]
    public void Wild_input_gives_a_result()
    {
        foreach (ZeroRule rule in Rules.Select(row => row.Data.Item2))
            ShareVectors.CheckWild(cells => PopulationStability.Test(cells, rule));
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) => ResultChecks.Sound(PopulationStability.Test(reference, current)));
    }

    [Fact]
    public void Evidently_makes_empty_cells_smaller_still_where_the_smallest_is_small()
    {
        // 1 of 100,000 is 1e-5, so that the empty cell is 1e-11.
        double large = 99_999 / 100_000.0, expected = ((large - 0.5) * Math.Log(large / 0.5)) + ((0.25 - 1e-5) * Math.Log(0.25 / 1e-5)) + ((0.25 - 1e-11) * Math.Log(0.25 / 1e-11));
        TestResult result = PopulationStability.Test(ShareVectors.Of([2, 1, 1], [99_999, 1, 0]), new ZeroRule.Evidently());
        Assert.Equal(expected, result.Statistic, 1e-12);
    }

    [Fact]
    public void A_column_that_is_missing_from_now_on_is_a_drift()
    {
        double[] column = [.. Enumerable.Range(0, 100).Select(i => (double)i)];
        TestResult result = ResultChecks.Sound(PopulationStability.Test(column, [.. Enumerable.Repeat(double.NaN, 100)]));
        Assert.True(result.Statistic > 9 && result.PValue < 1e-100, $"{result}");
        Assert.Equal((100, 0, 0, 100), (result.ReferenceCount, result.CurrentCount, result.ReferenceMissing, result.CurrentMissing));
        Assert.IsType<NotComputable.TooFewValues>(PopulationStability.Test(BinnedReference.Of(column, missingAsCell: false), [double.NaN]).NotComputable);
    }

    [Fact]
    public void Rules_for_empty_cells_refuse_what_is_no_share()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ZeroRule.Replace(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ZeroRule.Floor(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ZeroRule.Add(double.PositiveInfinity));
        Assert.Equal(new ZeroRule.Replace(), ZeroRule.Default);
    }

    private const double SmallPsi = 3.2190476190476146e-29;
}
