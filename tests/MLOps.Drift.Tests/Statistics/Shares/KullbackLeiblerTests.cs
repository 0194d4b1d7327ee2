namespace MLOps.Drift.Tests.Statistics;

public sealed class KullbackLeiblerTests
{
    [Fact]
    public void Divergences_in_both_directions_are_those_of_scipy()
    {
        ShareVectors.Check("kl_ref_cur", cells => ResultChecks.Sound(KullbackLeibler.Test(cells)).Statistic, (p, q) => KullbackLeibler.OfShares(p, q));
        ShareVectors.Check("kl_cur_ref", cells => KullbackLeibler.Test(ShareVectors.Of(cells.Current.ToArray(), cells.Reference.ToArray())).Statistic, (p, q) => KullbackLeibler.OfShares(q, p));
    }

    [Fact]
    public void A_cell_that_is_empty_on_the_current_side_makes_it_infinite_without_a_p()
    {
        TestResult result = ResultChecks.Sound(KullbackLeibler.Test(ShareVectors.Of([5, 5], [10, 0])));
        Assert.Equal(double.PositiveInfinity, result.Statistic);
        Assert.True(double.IsNaN(result.PValue));
        Assert.NotEmpty(result.Notes);
        Assert.Equal(Math.Log(2), KullbackLeibler.Test(ShareVectors.Of([10, 0], [5, 5])).Statistic, 1e-15);
    }

    [Fact]
    public void A_rule_for_empty_cells_makes_shares_that_are_1_together()
    {
        // P = (½, ½), Q = (1, 0.0001) / 1.0001.
        double expected = (0.5 * Math.Log(0.5 * 1.0001)) + (0.5 * Math.Log(0.5 * 1.0001 / 0.0001));
        Assert.Equal(expected, KullbackLeibler.Test(ShareVectors.Of([5, 5], [10, 0]), ZeroRule.Default).Statistic, 1e-13);
        Assert.Equal(expected / Math.Log(2), KullbackLeibler.Test(ShareVectors.Of([5, 5], [10, 0]), ZeroRule.Default, InformationUnit.Bits).Statistic, 1e-13);
    }

    [Fact]
    public void Both_directions_together_are_the_population_stability_index()
    {
        CellCounts cells = ShareVectors.Of([50, 30, 20], [25, 25, 50]), exchanged = ShareVectors.Of([25, 25, 50], [50, 30, 20]);
        Assert.Equal(PopulationStability.Test(cells).Statistic, KullbackLeibler.Test(cells).Statistic + KullbackLeibler.Test(exchanged).Statistic, 1e-14);
    }

    [Fact]
    public void Without_drift_p_values_are_uniform() => NullLawSimulation.Check(cells => KullbackLeibler.Test(cells));

    [Fact]
    public void Wild_input_gives_a_result()
    {
        ShareVectors.CheckWild(cells => KullbackLeibler.Test(cells));
        ShareVectors.CheckWild(cells => KullbackLeibler.Test(cells, new ZeroRule.Add(), InformationUnit.Bits));
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) => ResultChecks.Sound(KullbackLeibler.Test(reference, current)));
    }
}
