namespace MLOps.Drift.Tests.Statistics;

public sealed class ChebyshevTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Distances_are_those_of_the_vectors() =>
        ShareVectors.Check("linf", cells => ResultChecks.Sound(Chebyshev.Test(cells, permutations: 9, cancellationToken: Stop)).Statistic, (p, q) => Chebyshev.OfShares(p, q));

    [Fact]
    public void The_cell_that_changed_most_is_the_statistic()
    {
        TestResult result = Chebyshev.Test(new CellCounts(["a", "b", "c"], [50, 30, 20], [25, 25, 50]), cancellationToken: Stop);
        Assert.Equal(0.3, result.Statistic, 1e-15);
        Assert.Equal("c", result.Cells.MaxBy(cell => cell.Contribution).Name);
    }

    [Fact]
    public void Without_drift_p_values_are_uniform()
    {
        // One source for all trials: the same permutations for each would be wrong in the same way.
        Random random = new(41);
        NullLawSimulation.Check(cells => Chebyshev.Test(cells, 199, random, Stop), trials: 1000);
    }

    [Fact]
    public void Wild_input_gives_a_result()
    {
        ShareVectors.CheckWild(cells => Chebyshev.Test(cells, 5, cancellationToken: Stop));
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) => ResultChecks.Sound(Chebyshev.Test(reference, current, 5, cancellationToken: Stop)));
    }
}
