namespace MLOps.Drift.Tests.Statistics;

public sealed class CramerVonMisesTests
{
    [Fact]
    public void Agrees_with_scipy_where_scipy_is_right() =>
        VectorCase.CheckAll(VectorCase.Of("twosample.json", "cramervonmises_2samp"), vector =>
        {
            NullLaw law = vector.Params.GetProperty("method").GetString() switch
            {
                "exact" => NullLaw.Exact,
                "asymptotic" => NullLaw.Asymptotic,
                _ => NullLaw.Auto,
            };
            double[] reference = vector.Numbers("reference"), current = vector.Numbers("current");
            TestResult result = ResultChecks.Sound(CramerVonMises.Test(reference, current, law));
            vector.CheckNumber("statistic", result.Statistic);
            double expected = vector.ExpectedNumber("p_value");
            if (vector.Id is "cvm_tiny_const_shift_exact" or "cvm_tiny_const_shift_auto")
            {
                // scipy holds the statistic of tied values against the law of values that differ, which never reaches it. Of the 35 ways to deal, one does: the observed one.
                Assert.Equal((0, 1.0 / 35), (expected, result.PValue));
                Assert.Equal(1.0 / 35, Dealt(reference, current), 1e-15);
            }
            else if (ExcludedByChernoff(result.Statistic, reference.Length, current.Length, expected) is { } bound)
            {
                // scipy's 1 − CDF is noise here, above what the law can be: proved without any way to compute the law.
                Assert.Contains(vector.Id[4..vector.Id.LastIndexOf('_')], (string[])["mid_disjoint300", "real_iris_sw_0v1", "real_iris_pl_1v2", "real_wine_alcohol_0v1"]);
                Assert.InRange(result.PValue, bound / 1e5, bound);
            }
            else
            {
                vector.CheckP("p_value", result.PValue, result.LogPValue);
            }
        });

    [Theory]
    [InlineData(0.34730, 0.10)]
    [InlineData(0.46136, 0.05)]
    [InlineData(0.74346, 0.01)]
    [InlineData(1.16786, 0.001)]
    public void The_limiting_law_is_that_of_Anderson_and_Darlings_table(double x, double upper) =>
        Assert.Equal(upper, CramerVonMisesDistribution.Upper(x).Value, 1e-5 * Math.Sqrt(upper));

    [Fact]
    public void The_limiting_law_has_mean_one_sixth_and_variance_one_in_45()
    {
        const double step = 1e-3;
        double mean = 0.0, square = 0.0;
        for (double x = step / 2; x < 12; x += step)
        {
            double upper = CramerVonMisesDistribution.Upper(x).Value;
            mean += upper * step;
            square += 2 * x * upper * step;
        }

        Assert.Equal(1.0 / 6, mean, 1e-8);
        Assert.Equal((1.0 / 36) + (1.0 / 45), square, 1e-7);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(500)]
    [InlineData(1e4)]
    [InlineData(1e7)]
    public void The_far_tail_approaches_its_leading_term(double x)
    {
        double leading = Math.Log(2 / Math.Sqrt(Math.Pow(Math.PI, 3) * x)) - (x * Math.PI * Math.PI / 2);
        Assert.Equal(leading, CramerVonMisesDistribution.Upper(x).Log, 0.1 / x + (1e-14 * Math.Abs(leading)));
    }

    [Fact]
    public void The_exact_p_value_is_the_share_of_all_ways_to_deal()
    {
        Random random = new(9);
        for (int trial = 0; trial < TestLength.Of(300, 5000); trial++)
        {
            int levels = random.Next(1, 30);
            double[] reference = Draw(random.Next(1, 7)), current = Draw(random.Next(1, 7));
            Assert.Equal(Dealt(reference, current), CramerVonMises.Test(reference, current, NullLaw.Exact).PValue, 1e-14);

            double[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => (double)random.Next(levels))];
        }
    }

    [Fact]
    public void Twenty_values_a_side_come_near_the_limit_and_order_does_not_matter()
    {
        Random random = new(10);
        for (int trial = 0; trial < 4; trial++)
        {
            double[] reference = [.. Enumerable.Range(0, 20).Select(_ => random.NextDouble())], current = [.. Enumerable.Range(0, 19).Select(_ => random.NextDouble() + 0.1)];
            TestResult exact = CramerVonMises.Test(reference, current);
            Assert.Equal("exact", exact.Rule);
            Assert.Equal(CramerVonMises.Test(reference, current, NullLaw.Asymptotic).PValue, exact.PValue, 0.02);
            Assert.Equal(exact.PValue, CramerVonMises.Test([.. current.Reverse()], [.. reference.Reverse()]).PValue, 1e-14);
        }
    }

    [Fact]
    public void Without_ties_the_statistic_is_the_squared_gap_over_the_pooled_values()
    {
        Random random = new(12);
        for (int trial = 0; trial < 100; trial++)
        {
            double[] reference = [.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => random.NextDouble())], current = [.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => random.NextDouble())];
            double n = reference.Length, m = current.Length;
            double mean = reference.Concat(current).Average(z => Math.Pow((reference.Count(x => x <= z) / n) - (current.Count(y => y <= z) / m), 2));
            TestResult result = CramerVonMises.Test(reference, current);
            Assert.Equal(mean * n * m / (n + m), result.Statistic, 1e-12);
            Assert.Equal(mean, result.EffectSize, 1e-12);
        }
    }

    [Fact]
    public void Any_numbers_give_a_sound_result() =>
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
        {
            TestResult result = ResultChecks.Sound(CramerVonMises.Test(reference, current));
            TestResult exchanged = CramerVonMises.Test([.. current.Select(value => -value)], [.. reference.Select(value => -value)]);
            ResultChecks.Sound(CramerVonMises.Test(reference, current, NullLaw.Asymptotic));
            Assert.Equal(reference.Any(value => !double.IsNaN(value)) && current.Any(value => !double.IsNaN(value)), result.IsComputed);
            Assert.Equal(result.Statistic, exchanged.Statistic);
            Assert.Equal(result.PValue, exchanged.PValue, 1e-13);
        });

    [Fact]
    public void Samples_far_apart_have_a_logarithm_where_the_p_value_underflows()
    {
        double[] reference = [.. Enumerable.Range(0, 3000).Select(i => (double)i)], current = [.. Enumerable.Range(5000, 3000).Select(i => (double)i)];
        TestResult result = ResultChecks.Sound(CramerVonMises.Test(reference, current));
        Assert.Equal(0, result.PValue);
        Assert.InRange(result.LogPValue, -3000, -1000);
    }

    [Fact]
    public void Misuse_is_an_error_and_too_many_values_for_an_exact_p_value_are_refused_in_words()
    {
        Sample sample = Sample.Of([1]), large = Sample.Of([.. Enumerable.Range(0, 21).Select(i => (double)i)]);
        Assert.Throws<ArgumentNullException>(() => CramerVonMises.Test(null!, sample));
        Assert.Throws<ArgumentNullException>(() => CramerVonMises.Test(sample, null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => CramerVonMises.Test(sample, sample, (NullLaw)7));
        Assert.IsType<NotComputable.BeyondLimit>(CramerVonMises.Test(sample, large, NullLaw.Exact).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(CramerVonMises.Test([], [1]).NotComputable);
    }

    /// <summary>P(ω² &gt; x) ≤ E(e^(λω²)) e^(−λx) with E(e^(λω²)) = (√(2λ) / sin √(2λ))^½ for λ &lt; π²/2. The bound, if an expected value is above it.</summary>
    private static double? ExcludedByChernoff(double statistic, double n, double m, double expected)
    {
        double total = n + m, mean = (1 + (1 / total)) / 6;
        double variance = (total + 1) * ((4 * m * n * total) - (3 * ((m * m) + (n * n))) - (2 * m * n)) / (45 * total * total * 4 * m * n);
        double x = (1.0 / 6) + ((statistic - mean) / Math.Sqrt(45 * variance)), bound = 1;
        for (double root = 0.01; root < Math.PI; root += 0.001)
            bound = Math.Min(bound, Math.Sqrt(root / Math.Sin(root)) * Math.Exp(-root * root / 2 * x));
        return expected > 2 * bound ? bound : null;
    }

    /// <summary>By trying all: the share of ways to deal the pooled values out whose statistic is as large, each from its definition.</summary>
    private static double Dealt(double[] reference, double[] current)
    {
        double[] pooled = [.. reference.Concat(current)];
        long observed = Sum((1 << reference.Length) - 1), reached = 0, all = 0;
        for (int chosen = 0; chosen < 1 << pooled.Length; chosen++)
        {
            if (System.Numerics.BitOperations.PopCount((uint)chosen) != reference.Length)
                continue;
            all++;
            reached += Sum(chosen) >= observed ? 1 : 0;
        }

        return reached / (double)all;

        long Sum(int chosen)
        {
            double[] first = [.. pooled.Where((_, at) => (chosen >> at & 1) == 1).Order()], second = [.. pooled.Where((_, at) => (chosen >> at & 1) == 0).Order()];
            return (first.Length * first.Select((x, i) => Square(TwiceRank(x) - (2 * (i + 1)))).Sum()) + (second.Length * second.Select((x, i) => Square(TwiceRank(x) - (2 * (i + 1)))).Sum());
        }

        long TwiceRank(double value) => (2 * pooled.LongCount(x => x < value)) + pooled.LongCount(x => x == value) + 1;

        static long Square(long x) => x * x;
    }
}
