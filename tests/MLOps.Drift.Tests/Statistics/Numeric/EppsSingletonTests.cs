namespace MLOps.Drift.Tests.Statistics;

public sealed class EppsSingletonTests
{
    [Fact]
    public void Vectors_agree_with_scipy() => VectorCase.CheckAll(VectorCase.Of("twosample.json", "epps_singleton_2samp"), vector =>
    {
        double[] reference = vector.Numbers("reference"), current = vector.Numbers("current");
        TestResult result = ResultChecks.Sound(EppsSingleton.Test(reference, current));
        Assert.Equal(vector.ExpectsNoNumber, !result.IsComputed);
        if (vector.ExpectsNoNumber)
            return;
        vector.CheckNumber("statistic", result.Statistic);
        vector.CheckP("p_value", result.PValue, result.LogPValue);
    });

    [Fact]
    public void The_statistic_is_the_quadratic_form_solved_by_elimination()
    {
        Random random = new(10);
        for (int trial = 0; trial < 300; trial++)
        {
            double[] reference = Draw(random.Next(5, 60)), current = Draw(random.Next(5, 60));
            TestResult result = ResultChecks.Sound(EppsSingleton.Test(reference, current));
            double expected = ByDefinition(reference, current);
            Assert.Equal(expected, result.Statistic, 1e-7 * Math.Max(1, expected));
            Assert.Empty(result.Notes);
        }

        double[] Draw(int n) => [.. Enumerable.Range(0, n).Select(_ => Math.Log(random.NextDouble()) * 3)];
    }

    [Fact]
    public void Exchanging_the_samples_changes_nothing_and_wild_ones_never_raise() => WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
    {
        TestResult there = ResultChecks.Sound(EppsSingleton.Test(reference, current)), back = ResultChecks.Sound(EppsSingleton.Test(Sample.Of(current), Sample.Of(reference)));
        Assert.Equal(there.NotComputable?.GetType(), back.NotComputable?.GetType());
        if (there.IsComputed)
        {
            Assert.True(there.Statistic >= 0);
            Assert.Equal(there.Statistic, back.Statistic, 1e-9 * Math.Max(1, there.Statistic));
        }
    });

    [Theory]
    [InlineData(1e-300)]
    [InlineData(1e-3)]
    [InlineData(1e300)]
    public void Scale_does_not_matter(double scale)
    {
        double[] reference = [1, 2, 4, 5.5, 9, 12, 13], current = [3, 3.25, 8, 20, 21, 22];
        TestResult plain = EppsSingleton.Test(reference, current), scaled = EppsSingleton.Test([.. reference.Select(value => value * scale)], [.. current.Select(value => value * scale)]);
        Assert.Equal(plain.Statistic, scaled.Statistic, 1e-9 * plain.Statistic);
    }

    [Fact]
    public void Few_different_values_lower_the_rank_and_a_note_says_so()
    {
        double[] reference = [.. Enumerable.Range(0, 60).Select(i => (double)(i % 2))], current = [.. Enumerable.Range(0, 60).Select(i => (double)(i % 3 / 2))];
        TestResult result = ResultChecks.Sound(EppsSingleton.Test(reference, current));
        Assert.Contains("rank 1", Assert.Single(result.Notes), StringComparison.Ordinal);

        // Two values, two shares: W is the square of the difference of the shares 1/2 and 1/3 over its variance.
        Assert.Equal(120 / 36.0 / (120 / 60.0 * ((1 / 4.0) + (2 / 9.0))), result.Statistic, 1e-9);
        Assert.Equal(Tails.ChiSquaredUpper(result.Statistic, 1).Value, result.PValue);
    }

    [Fact]
    public void A_sample_does_not_differ_from_itself()
    {
        Random random = new(11);
        for (int trial = 0; trial < 500; trial++)
        {
            double[] values = [.. Enumerable.Range(0, random.Next(5, 40)).Select(_ => (double)random.Next(20))];
            TestResult result = ResultChecks.Sound(EppsSingleton.Test(values, values));
            if (result.IsComputed)
                Assert.Equal((0, 1), (result.Statistic, result.PValue));
            else
                Assert.Equal(0, Descriptive.InterquartileRange(Sample.Of([.. values, .. values]).Sorted));
        }
    }

    [Fact]
    public void What_cannot_be_computed_says_why()
    {
        Assert.Equal(new NotComputable.TooFewValues(4, 5, 5), EppsSingleton.Test([1, 2, 3, 4], [1, 2, 3, 4, 5]).NotComputable);
        Assert.Equal(new NotComputable.InfiniteValues(0, 1), EppsSingleton.Test([1, 2, 3, 4, 5], [1, 2, 3, 4, double.NegativeInfinity]).NotComputable);
        Assert.IsType<NotComputable.NoSpread>(EppsSingleton.Test([3, 3, 3, 3, 3], [3, 3, 3, 3, 3, 9]).NotComputable);
        Assert.IsType<NotComputable.NoSpread>(EppsSingleton.Test([7, 7, 7, 7, 7], [8, 8, 8, 8, 8]).NotComputable);
        Assert.IsType<NotComputable.Overflow>(EppsSingleton.Test([-1e308, -1e308, -1e308, -1e308, 0], [1e308, 1e308, 1e308, 1e308, 1]).NotComputable);
        Assert.IsType<NotComputable.Overflow>(EppsSingleton.Test([0, 0, 5e-324, 5e-324, 5e-324], [0, 0, 0, 5e-324, 5e-324]).NotComputable);
    }

    [Fact]
    public void Missing_values_are_left_out_and_counted()
    {
        TestResult with = EppsSingleton.Test([1, 2, 3, 4, 5, double.NaN], [double.NaN, 1, 2, 3, 9, 5, double.NaN]), without = EppsSingleton.Test([1, 2, 3, 4, 5], [1, 2, 3, 9, 5]);
        Assert.Equal(without.PValue, with.PValue);
        Assert.Equal((1, 2), (with.ReferenceMissing, with.CurrentMissing));
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => EppsSingleton.Test(null!, Sample.Of([1])));
        Assert.Throws<ArgumentNullException>(() => EppsSingleton.Test(Sample.Of([1]), null!));
    }

    private static double ByDefinition(double[] reference, double[] current)
    {
        int total = reference.Length + current.Length;
        double sigma = Descriptive.InterquartileRange(Sample.Of([.. reference, .. current]).Sorted) / 2;
        double[][] x = [.. reference.Select(Curves)], y = [.. current.Select(Curves)];
        double[] d = [.. Enumerable.Range(0, 4).Select(i => x.Average(g => g[i]) - y.Average(g => g[i]))], right = [.. d];
        double[][] s = [.. Enumerable.Range(0, 4).Select(i => Enumerable.Range(0, 4).Select(j => (total * Covariance(x, i, j) / x.Length) + (total * Covariance(y, i, j) / y.Length)).ToArray())];
        for (int pivot = 0; pivot < 4; pivot++)
        {
            for (int row = pivot + 1; row < 4; row++)
            {
                double factor = s[row][pivot] / s[pivot][pivot];
                right[row] -= factor * right[pivot];
                for (int column = pivot; column < 4; column++)
                    s[row][column] -= factor * s[pivot][column];
            }
        }

        double form = 0;
        for (int row = 0; row < 4; row++)
            form += right[row] * right[row] / s[row][row];
        double correction = Math.Max(x.Length, y.Length) < 25 ? 1 + Math.Pow(total, -0.45) + (10.1 * (Math.Pow(x.Length, -1.7) + Math.Pow(y.Length, -1.7))) : 1;
        return total * form / correction;

        double[] Curves(double value) => [Math.Cos(0.4 / sigma * value), Math.Cos(0.8 / sigma * value), Math.Sin(0.4 / sigma * value), Math.Sin(0.8 / sigma * value)];
        static double Covariance(double[][] rows, int i, int j) => rows.Average(g => (g[i] - rows.Average(h => h[i])) * (g[j] - rows.Average(h => h[j])));
    }
}
