using System.Numerics;

namespace MLOps.Drift.Tests.Statistics;

public sealed class FisherExactTests
{
    [Fact]
    public void P_values_and_odds_ratios_agree_with_scipy() =>
        VectorCase.CheckAll(VectorCase.Of("categorical.json", "fisher_exact"), vector =>
        {
            TestResult result = ResultChecks.Sound(FisherExact.Test(Tables.Of(vector), Tables.AlternativeOf(vector), success: 0));
            vector.CheckNumber("odds_ratio", result.EffectSize);
            vector.CheckP("p_value", result.PValue, result.LogPValue);
        });

    [Fact]
    public void Every_small_table_has_the_p_value_of_whole_numbers()
    {
        int most = TestLength.Of(9, 16);
        for (int a = 0; a <= most; a++)
        {
            for (int b = 0; b <= most; b++)
            {
                for (int c = 0; c <= most; c++)
                {
                    for (int d = 0; d <= most; d++)
                    {
                        if (a + b > 0 && c + d > 0)
                            CheckAgainstWholeNumbers(a, b, c, d, 1e-12);
                    }
                }
            }
        }
    }

    [Fact]
    public void Larger_tables_have_the_p_value_of_whole_numbers()
    {
        Random random = new(1);
        for (int trial = 0; trial < TestLength.Of(60, 1_000); trial++)
        {
            int most = 1 << random.Next(3, 12);
            CheckAgainstWholeNumbers(random.Next(most), 1 + random.Next(most), random.Next(most), 1 + random.Next(most), 1e-11);
        }
    }

    [Fact]
    public void The_logarithm_of_p_holds_where_p_underflows()
    {
        // One table only is as extreme: p = 1 / C(20000, 10000) one-sided, about 1e-6018.
        TestResult result = ResultChecks.Sound(FisherExact.Test(10_000, 10_000, 0, 10_000, Alternative.Greater));
        Assert.Equal(0, result.PValue);
        double exact = -BigInteger.Log(Tables.Choose(20_000, 10_000));
        Assert.Equal(exact, result.LogPValue, -1e-13 * exact);
        Assert.Equal(exact + Math.Log(2), FisherExact.Test(10_000, 10_000, 0, 10_000).LogPValue, -1e-13 * exact);
    }

    [Theory]
    [InlineData(30_000_000, 70_000_000, 30_003_000, 69_997_000)]
    [InlineData(5_000_000, 900_000_000, 5_010_000, 903_000_000)]
    [InlineData(400_000_000, 500_000_000, 400_500_000, 499_500_000)]
    public void An_integrated_tail_is_the_summed_one(long a, long b, long c, long d)
    {
        Hypergeometric law = new(a, b, c, d);
        int outward = law.Mode < 0 ? 1 : -1;
        double summed = law.LogOutward(0, outward, double.PositiveInfinity);
        Assert.Equal(summed, law.LogOutward(0, outward, mostTerms: 0), 1e-12);
        double symmetric = law.LogOutward(law.Mode, -outward, double.PositiveInfinity);
        Assert.Equal(symmetric, law.LogOutward(law.Mode, -outward, mostTerms: 0), 1e-12);
    }

    [Fact]
    public void The_largest_counts_come_to_the_normal_law()
    {
        // σ is about 1e9: the hypergeometric law is normal to nine digits.
        const long half = long.MaxValue / 4;
        TestResult exact = ResultChecks.Sound(FisherExact.Test(half + 1_000_000_000, half * 2, half, half * 2));
        TestResult normal = ProportionZ.Test(half + 1_000_000_000, half * 2, half, half * 2);
        Assert.Equal(normal.PValue, exact.PValue, 3e-9 * normal.PValue);
        Assert.InRange(normal.PValue, 0.1, 0.9);
    }

    [Fact]
    public void Swapping_samples_swaps_the_alternatives()
    {
        Random random = new(2);
        for (int trial = 0; trial < 300; trial++)
        {
            long n = random.Next(1, 500), m = random.Next(1, 500), x = random.NextInt64(n + 1), y = random.NextInt64(m + 1);
            Assert.Equal(FisherExact.Test(x, n, y, m).PValue, FisherExact.Test(y, m, x, n).PValue, 1e-12);
            Assert.Equal(FisherExact.Test(x, n, y, m, Alternative.Less).PValue, FisherExact.Test(y, m, x, n, Alternative.Greater).PValue, 1e-12);
            Assert.Equal(FisherExact.Test(x, n, y, m, Alternative.Less).PValue, FisherExact.Test(n - x, n, m - y, m, Alternative.Greater).PValue, 1e-12);
        }
    }

    [Fact]
    public void One_outcome_on_both_sides_does_not_differ()
    {
        TestResult result = ResultChecks.Sound(FisherExact.Test(0, 5, 0, 9));
        Assert.Equal((0, 1), (result.Statistic, result.PValue));
        Assert.True(double.IsNaN(result.EffectSize));
        Assert.Single(result.Notes);
    }

    [Fact]
    public void Counts_of_any_size_give_a_result_or_a_reason()
    {
        Random random = new(3);
        for (int trial = 0; trial < TestLength.Of(3_000, 100_000); trial++)
        {
            CellCounts cells = Tables.Wild(random);
            ResultChecks.Sound(FisherExact.Test(cells));
            if (cells.Names.Count > 0)
                ResultChecks.Sound(FisherExact.Test(cells, (Alternative)random.Next(3), random.Next(cells.Names.Count)));
        }
    }

    /// <summary>The probability of a table is C(n, x) C(m, y) over C(n + m, x + y), so sums and comparisons are of whole numbers.</summary>
    private static void CheckAgainstWholeNumbers(int a, int b, int c, int d, double relative)
    {
        int n = a + b, m = c + d, successes = a + c;
        BigInteger here = Tables.Choose(n, a) * Tables.Choose(m, c), all = Tables.Choose(n + m, successes);
        BigInteger notMore = 0, atLeast = 0, atMost = 0;
        int low = Math.Max(0, successes - m), high = Math.Min(n, successes);
        BigInteger first = Tables.Choose(n, low), second = Tables.Choose(m, successes - low);
        for (int x = low; x <= high; x++)
        {
            BigInteger ways = first * second;
            notMore += ways <= here ? ways : 0;
            atLeast += x >= a ? ways : 0;
            atMost += x <= a ? ways : 0;
            first = first * (n - x) / (x + 1);
            second = second * (successes - x) / (m - successes + x + 1);
        }

        foreach ((Alternative alternative, BigInteger ways) in ((Alternative, BigInteger)[])[(Alternative.TwoSided, notMore), (Alternative.Greater, atLeast), (Alternative.Less, atMost)])
        {
            TestResult result = ResultChecks.Sound(FisherExact.Test(a, n, c, m, alternative));
            (double p, double log) = Tables.Ratio(ways, all);
            bool right = p > 1e-290 ? Math.Abs(result.PValue - p) <= relative * p : Math.Abs(result.LogPValue - log) <= -relative * log;
            Assert.True(right, $"[{a}, {b}; {c}, {d}] {alternative}: expected {p:R} (log {log:R}), got {result.PValue:R} (log {result.LogPValue:R})");
        }
    }
}
