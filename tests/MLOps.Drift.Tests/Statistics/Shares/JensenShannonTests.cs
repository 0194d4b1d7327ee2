namespace MLOps.Drift.Tests.Statistics;

public sealed class JensenShannonTests
{
    [Fact]
    public void Distances_are_those_of_scipy()
    {
        ShareVectors.Check("js_distance_e", cells => ResultChecks.Sound(JensenShannon.Test(cells)).Statistic, (p, q) => JensenShannon.OfShares(p, q));
        ShareVectors.Check("js_distance_base2", cells => ResultChecks.Sound(JensenShannon.Test(cells, InformationUnit.Bits)).Statistic, (p, q) => JensenShannon.OfShares(p, q, InformationUnit.Bits));
        ShareVectors.Check("js_divergence_base2", cells => JensenShannon.Test(cells, InformationUnit.Bits).Cells.Sum(cell => cell.Contribution), (p, q) => Math.Pow(JensenShannon.OfShares(p, q, InformationUnit.Bits), 2));
    }

    [Fact]
    public void Disjoint_samples_are_at_the_greatest_distance()
    {
        CellCounts cells = ShareVectors.Of([5, 0, 0], [0, 1, 8]);
        Assert.Equal(Math.Sqrt(Math.Log(2)), JensenShannon.Test(cells).Statistic, 1e-15);
        Assert.Equal(1, JensenShannon.Test(cells, InformationUnit.Bits).Statistic, 1e-15);
        Assert.Contains("in bits", JensenShannon.Test(cells, InformationUnit.Bits).Rule, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => JensenShannon.Test(cells, (InformationUnit)7));
    }

    [Fact]
    public void Shares_that_differ_in_their_last_digits_keep_all_digits_of_the_difference()
    {
        // 60-digit decimals. A plain sum of p ln(p / m) is 0 or worse here.
        const double expected = 2.0059435495071934e-15;
        Assert.Equal(expected, JensenShannon.Test(ShareVectors.Of([300_000_000_000_007, 700_000_000_000_003], [300_000_000_000_011, 700_000_000_000_021])).Statistic, expected * 1e-14);
    }

    [Fact]
    public void The_series_and_the_logarithms_meet()
    {
        // |Q − P| / (P + Q) goes through ½ in one cell.
        for (int step = -4; step <= 4; step++)
        {
            double p = 0.2 + (step * 1e-12), q = 0.6;
            double m = (p + q) / 2, rest = 1 - p, other = 1 - q, middle = (rest + other) / 2;
            double plain = ((p * Math.Log(p / m)) + (q * Math.Log(q / m)) + (rest * Math.Log(rest / middle)) + (other * Math.Log(other / middle))) / 2;
            Assert.Equal(Math.Sqrt(plain), JensenShannon.OfShares([p, rest], [q, other]), 1e-14);
        }
    }

    [Fact]
    public void The_distance_is_symmetric_and_keeps_the_triangle()
    {
        Random random = new(23);
        for (int trial = 0; trial < 500; trial++)
        {
            double[] a = Row(), b = Row(), c = Row();
            double ab = JensenShannon.OfShares(a, b), bc = JensenShannon.OfShares(b, c), ac = JensenShannon.OfShares(a, c);
            Assert.Equal(ab, JensenShannon.OfShares(b, a), 1e-15);
            Assert.True(ac <= ab + bc + 1e-12);
            Assert.InRange(ab, 0, Math.Sqrt(Math.Log(2)));
        }

        double[] Row() => [.. Enumerable.Range(0, 5).Select(_ => random.Next(3) == 0 ? 0 : random.NextDouble()), 0.01];
    }

    [Fact]
    public void Without_drift_p_values_are_uniform() => NullLawSimulation.Check(cells => JensenShannon.Test(cells));

    [Fact]
    public void Its_p_value_is_not_one_of_the_unit()
    {
        CellCounts cells = ShareVectors.Of([50, 30, 20], [30, 40, 30]);
        Assert.Equal(JensenShannon.Test(cells).PValue, JensenShannon.Test(cells, InformationUnit.Bits).PValue);
    }

    [Fact]
    public void Wild_input_gives_a_result()
    {
        ShareVectors.CheckWild(cells => JensenShannon.Test(cells, InformationUnit.Bits));
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) => ResultChecks.Sound(JensenShannon.Test(reference, current)));
    }
}
