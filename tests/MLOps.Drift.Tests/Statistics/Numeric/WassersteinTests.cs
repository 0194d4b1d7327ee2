namespace MLOps.Drift.Tests.Statistics;

public sealed class WassersteinTests
{
    [Fact]
    public void Agrees_with_scipy_and_Evidently() =>
        VectorCase.CheckAll(VectorCase.Of("distances.json", "wasserstein_1d", "wasserstein_normalized"), vector =>
        {
            DistanceUnit unit = vector.Method == "wasserstein_1d" ? DistanceUnit.Values : DistanceUnit.ReferenceDeviation;
            double[] reference = vector.Numbers("reference"), current = vector.Numbers("current");
            TestResult result = vector.Params.TryGetProperty("u_weights", out System.Text.Json.JsonElement weights)
                ? Wasserstein.Test(reference, VectorCase.NumbersOf(weights), current, VectorCase.NumbersOf(vector.Params.GetProperty("v_weights")), unit)
                : Wasserstein.Test(reference, current, unit);
            vector.CheckNumber("statistic", ResultChecks.Sound(result).Statistic);
        });

    [Fact]
    public void Any_numbers_give_a_sound_result() =>
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
        {
            foreach (DistanceUnit unit in Enum.GetValues<DistanceUnit>())
            {
                TestResult result = ResultChecks.Sound(Wasserstein.Test(reference, current, unit)), exchanged = Wasserstein.Test(current, reference);
                Assert.True(!result.IsComputed || result.Statistic >= 0);
                if (unit == DistanceUnit.Values)
                    Assert.Equal((result.IsComputed, result.Statistic), (exchanged.IsComputed, exchanged.Statistic));
            }
        });

    [Fact]
    public void The_distance_is_the_area_between_the_distribution_functions()
    {
        Random random = new(5);
        for (int trial = 0; trial < TestLength.Of(400, 10_000); trial++)
        {
            double[] reference = Draw(random), current = Draw(random);
            decimal expected = DistributionFunctions.Area(reference, current, gap => Math.Abs(gap));
            Assert.Equal((double)expected, Wasserstein.Test(reference, current).Statistic, 1e-13 * (double)expected);

            // Equal weights are none, and a weight of 3 is a value three times.
            double[] equal = [.. Enumerable.Repeat(0.7, reference.Length)], thrice = [.. Enumerable.Repeat(1.0, current.Length)];
            thrice[0] = 3;
            Assert.Equal(Wasserstein.Test(reference, [.. current, current[0], current[0]], DistanceUnit.ReferenceDeviation).Statistic, Wasserstein.Test(reference, equal, current, thrice, DistanceUnit.ReferenceDeviation).Statistic, 1e-9);
        }
    }

    [Fact]
    public void Shift_and_scale_move_the_distance_as_they_move_values()
    {
        Random random = new(6);
        for (int trial = 0; trial < 200; trial++)
        {
            double[] reference = Draw(random), current = Draw(random);
            double plain = Wasserstein.Test(reference, current).Statistic;
            Assert.Equal(plain, Wasserstein.Test([.. reference.Select(x => x + 1000)], [.. current.Select(x => x + 1000)]).Statistic, 1e-9);
            foreach (double factor in (double[])[Math.ScaleB(1, 1000), Math.ScaleB(-1, -900)])
                Assert.Equal(plain * Math.Abs(factor), Wasserstein.Test([.. reference.Select(x => x * factor)], [.. current.Select(x => x * factor)]).Statistic, 1e-14 * plain * Math.Abs(factor));
        }
    }

    [Fact]
    public void Sums_beyond_the_range_of_a_double_do_not_stop_a_distance_within_it()
    {
        double[] reference = [.. Enumerable.Repeat(1e308, 1000)], current = [.. Enumerable.Repeat(0.0, 999)];
        Assert.Equal(1e308, Wasserstein.Test(reference, current).Statistic, 1e294);
        Assert.Equal(1e307, Wasserstein.Test([1e308, 0, 0, 0, 0, 0, 0, 0, 0, 0], [.. Enumerable.Repeat(0.0, 10)]).Statistic, 1e293);
        Assert.IsType<NotComputable.Overflow>(Wasserstein.Test([1e308], [-1e308]).NotComputable);
        Assert.IsType<NotComputable.InfiniteValues>(Wasserstein.Test([1, double.PositiveInfinity], [1]).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(Wasserstein.Test([1], [double.NaN]).NotComputable);
    }

    [Fact]
    public void The_effect_size_has_no_least_deviation_and_a_constant_reference_has_none()
    {
        TestResult small = Wasserstein.Test([0, 2e-6], [1e-6, 3e-6], DistanceUnit.ReferenceDeviation);
        Assert.Equal(1e-3, small.Statistic, 1e-17);
        Assert.Equal(1, small.EffectSize, 1e-14);
        TestResult constant = Wasserstein.Test([5, 5], [6]);
        Assert.Equal((1.0, double.NaN), (constant.Statistic, constant.EffectSize));
        Assert.NotEmpty(constant.Notes);
    }

    [Fact]
    public void Misuse_is_an_error()
    {
        Sample sample = Sample.Of([1]);
        Assert.Throws<ArgumentNullException>(() => Wasserstein.Test(null!, sample));
        Assert.Throws<ArgumentNullException>(() => Wasserstein.Test(sample, null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => Wasserstein.Test(sample, sample, (DistanceUnit)5));
        Assert.Throws<ArgumentException>(() => Wasserstein.Test([1], [1, 2], [1], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Wasserstein.Test([1], [-1], [1], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Wasserstein.Test([1], [1], [1], [double.NaN]));
        Assert.IsType<NotComputable.TooFewValues>(Wasserstein.Test([1], [0], [1], [1]).NotComputable);
    }

    [Fact]
    public void Weights_of_any_size_and_missing_values_are_fine()
    {
        TestResult result = ResultChecks.Sound(Wasserstein.Test([1, double.NaN, 3, 7], [1e308, 1, 1e308, 0], [2, 4], [1e-300, 1e-300]));
        Assert.Equal((1.0, 2L, 1L), (result.Statistic, result.ReferenceCount, result.ReferenceMissing));
    }

    private static double[] Draw(Random random) => [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(2) == 0 ? random.NextDouble() : random.Next(4) / 4.0)];
}
