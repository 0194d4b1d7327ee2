namespace MLOps.Drift.Tests.Statistics;

public sealed class HellingerTests
{
    [Fact]
    public void Distances_are_those_of_the_vectors()
    {
        ShareVectors.Check("hellinger", cells => ResultChecks.Sound(Hellinger.Test(cells)).Statistic, (p, q) => Hellinger.OfShares(p, q));
        ShareVectors.Check("bhattacharyya_coefficient", cells => 1 - Hellinger.Test(cells).Cells.Sum(cell => cell.Contribution));
    }

    [Fact]
    public void Disjoint_samples_are_1_apart_and_equal_ones_0()
    {
        Assert.Equal(1, Hellinger.Test(ShareVectors.Of([5, 0, 0], [0, 1, 8])).Statistic, 1e-15);
        Assert.Equal(0, Hellinger.Test(ShareVectors.Of([5, 10, 5], [1, 2, 1])).Statistic);
    }

    [Fact]
    public void Shares_that_differ_in_their_last_digits_keep_all_digits_of_the_difference()
    {
        const double expected = 2.0059435495071934e-15;
        Assert.Equal(expected, Hellinger.Test(ShareVectors.Of([300_000_000_000_007, 700_000_000_000_003], [300_000_000_000_011, 700_000_000_000_021])).Statistic, expected * 1e-14);
    }

    [Fact]
    public void Without_drift_p_values_are_uniform() => NullLawSimulation.Check(Hellinger.Test);

    [Fact]
    public void Wild_input_gives_a_result()
    {
        ShareVectors.CheckWild(Hellinger.Test);
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) => Assert.False(ResultChecks.Sound(Hellinger.Test(reference, current)).Statistic > 1 + 1e-15));
    }
}
