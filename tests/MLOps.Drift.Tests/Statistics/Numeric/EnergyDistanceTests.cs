namespace MLOps.Drift.Tests.Statistics;

public sealed class EnergyDistanceTests
{
    [Fact]
    public void Agrees_with_scipy() =>
        VectorCase.CheckAll(VectorCase.Of("distances.json", "energy_distance_1d"), vector =>
        {
            double[] reference = vector.Numbers("reference"), current = vector.Numbers("current");
            TestResult result = vector.Params.TryGetProperty("u_weights", out System.Text.Json.JsonElement weights)
                ? EnergyDistance.Test(reference, VectorCase.NumbersOf(weights), current, VectorCase.NumbersOf(vector.Params.GetProperty("v_weights")))
                : EnergyDistance.Test(reference, current);
            vector.CheckNumber("statistic", ResultChecks.Sound(result).Statistic);
        });

    [Fact]
    public void Any_numbers_give_a_sound_result() =>
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
        {
            foreach (DistanceUnit unit in Enum.GetValues<DistanceUnit>())
            {
                TestResult result = ResultChecks.Sound(EnergyDistance.Test(reference, current, unit)), exchanged = EnergyDistance.Test(current, reference);
                Assert.True(!result.IsComputed || result.Statistic >= 0);
                Assert.IsNotType<NotComputable.Overflow>(unit == DistanceUnit.Values ? result.NotComputable : null);
                if (unit == DistanceUnit.Values && result.IsComputed)
                    Assert.Equal(result.Statistic, exchanged.Statistic, 1e-12 * result.Statistic);
            }
        });

    [Fact]
    public void The_distance_is_twice_the_squared_area_and_the_difference_of_mean_distances()
    {
        Random random = new(5);
        for (int trial = 0; trial < TestLength.Of(400, 10_000); trial++)
        {
            double[] reference = Draw(random), current = Draw(random);
            double found = EnergyDistance.Test(reference, current).Statistic, expected = Math.Sqrt(2 * (double)DistributionFunctions.Area(reference, current, gap => gap * gap));
            Assert.Equal(expected, found, 1e-13 * expected);
            double means = (2 * Mean(reference, current)) - Mean(reference, reference) - Mean(current, current);
            Assert.Equal(means, found * found, 1e-12);
            double[] equal = [.. Enumerable.Repeat(0.7, reference.Length)], thrice = [.. Enumerable.Repeat(1.0, current.Length)];
            thrice[0] = 3;
            Assert.Equal(EnergyDistance.Test(reference, [.. current, current[0], current[0]], DistanceUnit.ReferenceDeviation).Statistic, EnergyDistance.Test(reference, equal, current, thrice, DistanceUnit.ReferenceDeviation).Statistic, 1e-6);
        }
    }

    [Fact]
    public void In_deviations_of_the_reference_shift_and_scale_do_not_matter()
    {
        Random random = new(8);
        for (int trial = 0; trial < 200; trial++)
        {
            double[] reference = [0, 1, .. Draw(random)], current = Draw(random);
            double plain = EnergyDistance.Test(reference, current, DistanceUnit.ReferenceDeviation).Statistic;
            Assert.Equal(plain, EnergyDistance.Test([.. reference.Select(x => (x * 30) - 7)], [.. current.Select(x => (x * 30) - 7)], DistanceUnit.ReferenceDeviation).Statistic, 1e-9);
            Assert.Equal(plain, EnergyDistance.Test([.. reference.Select(x => x * 1e-200)], [.. current.Select(x => x * 1e-200)]).EffectSize, 1e-9);
        }
    }

    [Fact]
    public void Where_there_is_no_distance_the_reason_is_given()
    {
        Assert.Equal(2 * Math.Sqrt(1e308), EnergyDistance.Test([1e308], [-1e308]).Statistic, 1e140);
        Assert.IsType<NotComputable.InfiniteValues>(EnergyDistance.Test([1, double.NegativeInfinity], [1]).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(EnergyDistance.Test([], [1]).NotComputable);
        Assert.NotEmpty(EnergyDistance.Test([5, 5], [6]).Notes);
    }

    [Fact]
    public void Misuse_is_an_error()
    {
        Sample sample = Sample.Of([1]);
        Assert.Throws<ArgumentNullException>(() => EnergyDistance.Test(null!, sample));
        Assert.Throws<ArgumentNullException>(() => EnergyDistance.Test(sample, null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => EnergyDistance.Test(sample, sample, (DistanceUnit)5));
        Assert.Throws<ArgumentException>(() => EnergyDistance.Test([1], [1, 2], [1], [1]));
    }

    private static double Mean(double[] first, double[] second) => first.Average(x => second.Average(y => Math.Abs(x - y)));

    private static double[] Draw(Random random) => [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(2) == 0 ? random.NextDouble() : random.Next(4) / 4.0)];
}
