#pragma warning disable xUnit1051 // Only work of seconds can be cancelled; the tests here have none but the one that cancels it.

namespace MLOps.Drift.Tests.Statistics;

public sealed class AndersonDarlingTests
{
    // Smoothness of paper in four laboratories, table 4 of Scholz and Stephens (1987).
    private static readonly double[][] Laboratories =
    [
        [38.7, 41.5, 43.8, 44.5, 45.5, 46.0, 47.7, 58.0], [39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8],
        [34.0, 35.0, 39.0, 40.0, 43.0, 43.0, 44.0, 45.0], [34.0, 34.8, 34.8, 35.4, 37.2, 37.8, 41.2, 42.8],
    ];

    [Fact]
    public void Vectors_agree_with_scipy() => VectorCase.CheckAll(VectorCase.Of("twosample.json", "anderson_ksamp"), vector =>
    {
        bool midrank = !vector.Params.TryGetProperty("midrank", out var found) || found.GetBoolean();
        TestResult result = ResultChecks.Sound(AndersonDarling.Test(vector.Numbers("reference"), vector.Numbers("current"), midrank));
        Assert.Equal(vector.ExpectsNoNumber, !result.IsComputed);
        if (vector.ExpectsNoNumber)
            return;
        vector.CheckNumber("statistic", result.Statistic);
        vector.CheckP("p_value_clipped", result.PValue, result.LogPValue);
        Assert.Equal(result.PValue is 0.25 or 0.001, result.Notes.Count > 0);
    });

    [Fact]
    public void Four_samples_agree_with_the_paper_that_defines_the_test()
    {
        Sample[] samples = [.. Laboratories.Select(values => Sample.Of(values))];
        TestResult midrank = AndersonDarling.Test(samples), right = AndersonDarling.Test(samples, midrank: false);
        Assert.Equal(4.480, midrank.Statistic, 5e-4);
        Assert.Equal(4.449, right.Statistic, 5e-4);
        Assert.Equal(0.0020, midrank.PValue, 2.5e-4);
        Assert.Equal(0.0021, right.PValue, 2.5e-4);
        Assert.Equal((8, 24), (midrank.ReferenceCount, midrank.CurrentCount));
    }

    [Fact]
    public void The_statistic_is_the_sum_that_the_paper_writes() => WildSample.CheckPairs(TestLength.Of(3_000, 50_000), (reference, current) =>
    {
        double[] third = [.. reference.Concat(current).Where((_, index) => index % 2 == 0)];
        double[][] samples = third.Any(value => !double.IsNaN(value)) ? [reference, current, third] : [reference, current];
        foreach (bool midrank in (bool[])[false, true])
        {
            TestResult result = ResultChecks.Sound(AndersonDarling.Test([.. samples.Select(values => Sample.Of(values))], midrank));
            if (result.IsComputed)
                Assert.Equal(ByDefinition(samples, midrank), result.Statistic, 1e-10 * Math.Max(1, Math.Abs(result.Statistic)));
        }
    });

    [Fact]
    public void Two_samples_may_be_exchanged_and_four_put_in_any_order()
    {
        WildSample.CheckPairs(TestLength.Of(2_000, 50_000), (reference, current) =>
        {
            TestResult there = ResultChecks.Sound(AndersonDarling.Test(reference, current)), back = ResultChecks.Sound(AndersonDarling.Test(current, reference));
            Assert.Equal((there.Statistic, there.PValue), (back.Statistic, back.PValue));
        });
        Sample[] samples = [.. Laboratories.Select(values => Sample.Of(values))];
        Assert.Equal(AndersonDarling.Test(samples).Statistic, AndersonDarling.Test([.. samples.Reverse()]).Statistic, 1e-12);
    }

    [Fact]
    public void A_rising_function_of_the_values_changes_nothing()
    {
        Sample[] plain = [.. Laboratories.Select(values => Sample.Of(values))], logs = [.. Laboratories.Select(values => Sample.Of([.. values.Select(value => Math.Log(value))]))];
        Assert.Equal(AndersonDarling.Test(plain).Statistic, AndersonDarling.Test(logs).Statistic);
    }

    [Fact]
    public void Permutations_come_near_the_share_of_all_arrangements()
    {
        double[] reference = [1, 2, 2, 5, 7], current = [2, 3, 8, 9];
        double[] pooled = [.. reference, .. current];
        double observed = ByDefinition([reference, current], true);
        int extreme = 0, all = 0;
        for (int chosen = 0; chosen < 1 << pooled.Length; chosen++)
        {
            if (int.PopCount(chosen) != reference.Length)
                continue;
            double[] left = [.. pooled.Where((_, index) => (chosen >> index & 1) == 1)], right = [.. pooled.Where((_, index) => (chosen >> index & 1) == 0)];
            all++;
            if (ByDefinition([left, right], true) >= observed - 1e-9)
                extreme++;
        }

        double exact = (double)extreme / all;
        const int Permutations = 20_000;
        TestResult result = ResultChecks.Sound(AndersonDarling.Test(reference, current, permutations: Permutations, random: new Random(8)));
        Assert.Equal(exact, result.PValue, 5 * Math.Sqrt(exact * (1 - exact) / Permutations));
        Assert.Contains("20000 permutations", result.Rule, StringComparison.Ordinal);
        Assert.Empty(result.Notes);
    }

    [Fact]
    public void Permutations_repeat_with_their_seed_and_are_never_impossible()
    {
        Sample low = Sample.Of([.. Enumerable.Range(0, 40).Select(i => (double)i)]), high = Sample.Of([.. Enumerable.Range(100, 40).Select(i => (double)i)]);
        Assert.Equal(1 / 1000.0, AndersonDarling.Test(low, high, permutations: 999).PValue, 1e-15);
        double[] mixed = [.. Enumerable.Range(0, 60).Select(i => (double)(i * i % 101))];
        double[] p = [.. new[] { new Random(1), null, new Random(2) }.Select(random => AndersonDarling.Test(mixed.AsSpan(0, 30), mixed.AsSpan(30), permutations: 500, random: random).PValue)];
        Assert.Equal(p[0], p[1]);
        Assert.NotEqual(p[0], p[2]);
        Assert.Equal(1, AndersonDarling.Test([1, 2, 3, 4], [1, 2, 3, 4], permutations: 200).PValue);
    }

    [Fact]
    public void Without_drift_the_p_value_is_below_a_tenth_in_a_tenth_of_the_trials()
    {
        Random random = new(9);
        int low = 0;
        const int Trials = 4_000;
        for (int trial = 0; trial < Trials; trial++)
        {
            double[] values = [.. Enumerable.Range(0, 120).Select(_ => random.NextDouble())];
            if (AndersonDarling.Test(values.AsSpan(0, 50), values.AsSpan(50)).PValue <= 0.1)
                low++;
        }

        Assert.InRange(low / (double)Trials, 0.08, 0.12);
    }

    [Fact]
    public void A_p_value_beyond_the_table_is_clipped_and_says_so()
    {
        TestResult same = AndersonDarling.Test([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]);
        Assert.Equal(0.25, same.PValue);
        Assert.Contains("or more", Assert.Single(same.Notes), StringComparison.Ordinal);
        TestResult apart = AndersonDarling.Test([.. Enumerable.Range(0, 50).Select(i => (double)i)], [.. Enumerable.Range(100, 50).Select(i => (double)i)]);
        Assert.Equal(0.001, apart.PValue);
        Assert.Contains("or less", Assert.Single(apart.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void The_deviation_of_large_samples_is_that_of_its_sums()
    {
        // Where constants to N = 200 are summed and beyond are series, the statistic must not jump.
        foreach (int n in (int[])[97, 99, 100, 101, 103, 500])
        {
            double[] reference = [.. Enumerable.Range(0, n).Select(i => i * 2.0)], current = [.. Enumerable.Range(0, n).Select(i => (i * 2.0) + 31)];
            Assert.Equal(ByDefinition([reference, current], true), AndersonDarling.Test(reference, current).Statistic, 1e-10);
        }
    }

    [Fact]
    public void What_cannot_be_computed_says_why()
    {
        Assert.Equal(new NotComputable.TooFewValues(0, 2, 1), AndersonDarling.Test([], [1, 2]).NotComputable);
        Assert.Equal(new NotComputable.TooFewValues(2, 0, 1), AndersonDarling.Test([Sample.Of([1, 2]), Sample.Of([1, 2]), Sample.Of([double.NaN])]).NotComputable);
        Assert.IsType<NotComputable.BeyondLimit>(AndersonDarling.Test([1, 2], [3]).NotComputable);
        Assert.IsType<NotComputable.NoSpread>(AndersonDarling.Test([3, 3, 3], [3, 3]).NotComputable);
        Assert.True(AndersonDarling.Test([double.NegativeInfinity, 1], [2, double.PositiveInfinity]).IsComputed);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => AndersonDarling.Test(null!, Sample.Of([1])));
        Assert.Throws<ArgumentNullException>(() => AndersonDarling.Test((IReadOnlyList<Sample>)null!));
        Assert.Throws<ArgumentNullException>(() => AndersonDarling.Test([Sample.Of([1]), null!]));
        Assert.Throws<ArgumentException>(() => AndersonDarling.Test([Sample.Of([1])]));
        Assert.Throws<ArgumentOutOfRangeException>(() => AndersonDarling.Test([1, 2], [3, 4], permutations: -1));
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => AndersonDarling.Test([1, 2], [3, 4], permutations: 10, cancellationToken: cancelled.Token));
    }

    /// <summary>Equations 4, 6 and 7 of the paper as they stand, by counting.</summary>
    private static double ByDefinition(double[][] columns, bool midrank)
    {
        double[][] samples = [.. columns.Select(column => column.Where(value => !double.IsNaN(value)).ToArray())];
        double[] pooled = [.. samples.SelectMany(values => values)], distinct = [.. pooled.Distinct().Order()];
        double n = pooled.Length, sum = 0;
        foreach (double value in midrank ? distinct : distinct[..^1])
        {
            double alike = pooled.Count(other => other == value), b = pooled.Count(other => other <= value) - (midrank ? alike / 2 : 0);
            foreach (double[] sample in samples)
            {
                double m = sample.Count(other => other <= value) - (midrank ? sample.Count(other => other == value) / 2.0 : 0), difference = (n * m) - (b * sample.Length);
                sum += alike / n * difference * difference / ((b * (n - b)) - (midrank ? n * alike / 4 : 0)) / sample.Length;
            }
        }

        double h = 0, g = 0, inner = 0, inverse = samples.Sum(sample => 1.0 / sample.Length), k = samples.Length;
        for (int i = 1; i < n; i++)
            h += 1.0 / i;
        for (double i = n - 2; i >= 1; i--)
        {
            inner += 1 / (i + 1);
            g += inner / (n - i);
        }

        double a = (((4 * g) - 6) * (k - 1)) + ((10 - (6 * g)) * inverse), b2 = (((2 * g) - 4) * k * k) + (8 * h * k) + (((2 * g) - (14 * h) - 4) * inverse) - (8 * h) + (4 * g) - 6;
        double c = (((6 * h) + (2 * g) - 2) * k * k) + (((4 * h) - (4 * g) + 6) * k) + (((2 * h) - 6) * inverse) + (4 * h), d = (((2 * h) + 6) * k * k) - (4 * h * k);
        double variance = ((a * n * n * n) + (b2 * n * n) + (c * n) + d) / ((n - 1) * (n - 2) * (n - 3));
        return ((sum * (midrank ? (n - 1) / n : 1)) - (k - 1)) / Math.Sqrt(variance);
    }
}
