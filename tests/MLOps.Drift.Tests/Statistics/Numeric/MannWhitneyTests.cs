#pragma warning disable xUnit1051 // Only work of seconds can be cancelled; the tests here have none but the one that cancels it.

using System.Numerics;

namespace MLOps.Drift.Tests.Statistics;

public sealed class MannWhitneyTests
{
    [Fact]
    public void Vectors_agree_with_scipy() => VectorCase.CheckAll(VectorCase.Of("twosample.json", "mannwhitneyu"), vector =>
    {
        Alternative alternative = vector.Params.GetProperty("alternative").GetString() switch { "greater" => Alternative.Greater, "less" => Alternative.Less, _ => Alternative.TwoSided };
        NullLaw law = vector.Params.GetProperty("method").GetString() switch { "exact" => NullLaw.Exact, "asymptotic" => NullLaw.Asymptotic, _ => NullLaw.Auto };
        TestResult result = ResultChecks.Sound(MannWhitney.Test(vector.Numbers("reference"), vector.Numbers("current"), alternative, law, vector.Params.GetProperty("continuity").GetBoolean()));
        vector.CheckNumber("statistic", result.Statistic);

        // scipy divides 0 by 0 where all values are alike and there is no continuity correction; with it, it has 1.
        if (double.IsNaN(vector.ExpectedNumber("p_value")))
            Assert.Equal(1, result.PValue);
        else
            vector.CheckP("p_value", result.PValue, result.LogPValue);
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(3, 5)]
    [InlineData(6, 6)]
    [InlineData(8, 7)]
    public void The_exact_law_is_the_share_of_all_orders(int n, int m)
    {
        long[] orders = new long[(n * m) + 1];
        int[] places = new int[n];
        Place(0, 0);
        long total = orders.Sum();
        for (int u = 0; u <= n * m; u++)
        {
            (double[] reference, double[] current) = WithU(n, m, u);
            double greater = orders[u..].Sum() / (double)total, less = orders[..(u + 1)].Sum() / (double)total;
            foreach (NullLaw law in (NullLaw[])[NullLaw.Auto, NullLaw.Exact])
            {
                TestResult result = ResultChecks.Sound(MannWhitney.Test(reference, current, Alternative.Greater, law));
                Assert.Equal(u, result.Statistic);
                Assert.StartsWith("exact", result.Rule, StringComparison.Ordinal);
                Assert.Equal(greater, result.PValue, 1e-15);
                Assert.Equal(less, MannWhitney.Test(reference, current, Alternative.Less, law).PValue, 1e-15);
                Assert.Equal(Math.Min(1, 2 * Math.Min(greater, less)), MannWhitney.Test(reference, current, Alternative.TwoSided, law).PValue, 1e-15);
            }
        }

        void Place(int value, int from)
        {
            if (value == n)
            {
                orders[places.Select((place, index) => place - index).Sum()]++;
                return;
            }

            for (int place = from; place < n + m; place++)
            {
                places[value] = place;
                Place(value + 1, place + 1);
            }
        }
    }

    [Theory]
    [InlineData(50, 60, 1_480)]
    [InlineData(50, 60, 3)]
    [InlineData(8, 3_000, 11_000)]
    [InlineData(300, 310, 2_000)]
    [InlineData(700, 600, 0)]
    [InlineData(700, 600, 1_700)]
    public void The_exact_law_is_that_of_big_integers_also_where_p_underflows(int n, int m, int u)
    {
        BigInteger[] counts = new BigInteger[u + 1];
        counts[0] = 1;
        BigInteger orders = 1;
        for (int i = 1; i <= n; i++)
        {
            orders = orders * (m + i) / i;
            for (int k = i; k <= u; k++)
                counts[k] += counts[k - i];
            for (int k = u; k >= m + i; k--)
                counts[k] -= counts[k - m - i];
        }

        BigInteger sum = counts.Aggregate(BigInteger.Add);
        (double[] reference, double[] current) = WithU(n, m, u);
        TestResult result = ResultChecks.Sound(MannWhitney.Test(reference, current, Alternative.Less, NullLaw.Exact));
        double log = BigInteger.Log(sum) - BigInteger.Log(orders);
        Assert.Equal(log, result.LogPValue, 1e-12 * Math.Abs(log));
        double expected = (double)((sum << 1000) / orders) * Math.Pow(2, -1000);
        if (expected > 1e-290)
            Assert.Equal(expected, result.PValue, 1e-13 * expected);
    }

    [Fact]
    public void Half_of_all_orders_lie_below_the_middle_also_where_their_number_is_1e239()
    {
        (double[] reference, double[] current) = WithU(401, 399, 401 * 399 / 2);
        Assert.Equal(0.5, MannWhitney.Test(reference, current, Alternative.Less, NullLaw.Exact).PValue);
    }

    [Fact]
    public void U_is_the_number_of_pairs_that_the_reference_wins() => WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
    {
        double[] x = [.. reference.Where(value => !double.IsNaN(value))], y = [.. current.Where(value => !double.IsNaN(value))];
        foreach (NullLaw law in Enum.GetValues<NullLaw>())
        {
            TestResult there = ResultChecks.Sound(MannWhitney.Test(reference, current, Alternative.Greater, law));
            TestResult back = ResultChecks.Sound(MannWhitney.Test(current, reference, Alternative.Less, law));
            TestResult both = ResultChecks.Sound(MannWhitney.Test(current, reference, Alternative.TwoSided, law));
            Assert.Equal(x.Length > 0 && y.Length > 0, there.IsComputed);
            if (!there.IsComputed)
                continue;
            Assert.Equal(x.Sum(a => y.Sum(b => a > b ? 1 : a == b ? 0.5 : 0)), there.Statistic);
            Assert.Equal(there.EffectSize, -back.EffectSize);
            Assert.InRange(there.EffectSize, -1, 1);
            Assert.Equal(there.PValue, back.PValue, 1e-14);
            Assert.InRange(both.PValue, 0, Math.Min(1, 2 * there.PValue) + 1e-14);
        }
    });

    [Fact]
    public void A_rising_function_of_the_values_changes_nothing()
    {
        Random random = new(7);
        for (int trial = 0; trial < 500; trial++)
        {
            double[] reference = Draw(), current = Draw();
            TestResult plain = MannWhitney.Test(reference, current), cubed = MannWhitney.Test([.. reference.Select(Cube)], [.. current.Select(Cube)]);
            Assert.Equal((plain.Statistic, plain.PValue, plain.Rule), (cubed.Statistic, cubed.PValue, cubed.Rule));
        }

        double[] Draw() => [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => (double)random.Next(-9, 9))];
        static double Cube(double value) => (value * value * value) + 1;
    }

    [Fact]
    public void Values_all_alike_differ_by_no_law()
    {
        foreach (bool continuity in (bool[])[false, true])
        {
            TestResult result = MannWhitney.Test([3, 3, 3], [3, 3], Alternative.Greater, continuity: continuity);
            Assert.Equal((3, 1, 0), (result.Statistic, result.PValue, result.EffectSize));
        }

        // Where all N values but one are alike, N + 1 − (t³ − t) / (N(N − 1)) is 3, a difference of two numbers near 2,000,000.
        double[] many = new double[1_000_000], other = new double[1_000_000];
        other[0] = 1;
        TestResult near = MannWhitney.Test(many, other, Alternative.Less, continuity: false);
        Assert.Equal(Tails.NormalUpper((1e6 / 2) / Math.Sqrt(1e12 / 12 * 3)).Value, near.PValue, 1e-14);
    }

    [Fact]
    public void The_law_follows_size_and_ties()
    {
        double[] eight = [.. Enumerable.Range(0, 8).Select(i => i + 0.5)], nine = [.. Enumerable.Range(0, 9).Select(i => i + 0.5)], hundred = [.. Enumerable.Range(0, 100).Select(i => (double)i)];
        Assert.StartsWith("exact", MannWhitney.Test(hundred, eight).Rule, StringComparison.Ordinal);
        Assert.StartsWith("asymptotic", MannWhitney.Test(hundred, nine).Rule, StringComparison.Ordinal);
        TestResult ties = MannWhitney.Test([.. hundred, 5], eight);
        Assert.Contains("corrected for ties", ties.Rule, StringComparison.Ordinal);
        Assert.Empty(ties.Notes);
        Assert.NotEmpty(MannWhitney.Test([.. hundred, 5], eight, law: NullLaw.Exact).Notes);
    }

    [Fact]
    public void A_law_too_large_to_count_is_refused_for_the_asymptotic_one()
    {
        double[] many = [.. Enumerable.Range(0, 20_000).Select(i => (double)i)], others = [.. many.Select(value => value + 0.5)];
        TestResult result = ResultChecks.Sound(MannWhitney.Test(many, others, law: NullLaw.Exact));
        Assert.IsType<NotComputable.BeyondLimit>(result.NotComputable);
        Assert.True(MannWhitney.Test(many, others).IsComputed);
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => MannWhitney.Test([1, 2], [3, 4], cancellationToken: cancelled.Token));
    }

    [Fact]
    public void Large_samples_far_apart_keep_the_logarithm()
    {
        double[] low = [.. Enumerable.Range(0, 50_000).Select(i => (double)i)], high = [.. low.Select(value => value + 100_000)];
        TestResult result = ResultChecks.Sound(MannWhitney.Test(low, high));
        Assert.Equal(0, result.PValue);
        double z = ((50_000.0 * 50_000 / 2) - 0.5) / Math.Sqrt(50_000.0 * 50_000 * 100_001 / 12);
        Assert.Equal(Tails.NormalTwoSided(z).Log, result.LogPValue, 1e-6);
        Assert.Equal(-1, result.EffectSize);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => MannWhitney.Test(null!, Sample.Of([1])));
        Assert.Throws<ArgumentNullException>(() => MannWhitney.Test(Sample.Of([1]), null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => MannWhitney.Test([1], [1], (Alternative)9));
        Assert.Throws<ArgumentOutOfRangeException>(() => MannWhitney.Test([1], [1], law: (NullLaw)9));
    }

    /// <summary>Different values of which the reference wins just so many pairs.</summary>
    private static (double[] Reference, double[] Current) WithU(int n, int m, int u)
    {
        double[] reference = new double[n];
        for (int i = n - 1; i >= 0; i--)
        {
            int wins = Math.Min(u, m);
            u -= wins;
            reference[i] = wins + 0.25 + (i / (4.0 * n));
        }

        return (reference, [.. Enumerable.Range(0, m).Select(value => value + 1.0)]);
    }
}
