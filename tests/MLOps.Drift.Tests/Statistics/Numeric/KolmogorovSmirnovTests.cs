namespace MLOps.Drift.Tests.Statistics;

public sealed class KolmogorovSmirnovTests
{
    [Fact]
    public void Agrees_with_scipy() =>
        VectorCase.CheckAll(VectorCase.Of("ks.json", "ks_2samp"), vector =>
        {
            double[] reference = vector.Numbers("reference"), current = vector.Numbers("current");
            Alternative alternative = Text(vector, "alternative") switch { "greater" => Alternative.Greater, "less" => Alternative.Less, _ => Alternative.TwoSided };
            NullLaw law = Text(vector, "mode") switch { "exact" => NullLaw.Exact, "asymp" => NullLaw.Asymptotic, _ => NullLaw.Auto };
            TestResult result = ResultChecks.Sound(KolmogorovSmirnov.Test(reference, current, alternative, law));
            if (vector.ExpectsNoNumber)
            {
                Assert.IsType<NotComputable.TooFewValues>(result.NotComputable);
                return;
            }

            vector.CheckNumber("statistic", result.Statistic);
            if (vector.Expects("ref_missing"))
                Assert.Equal((vector.ExpectedNumber("ref_missing"), vector.ExpectedNumber("cur_missing")), (result.ReferenceMissing, result.CurrentMissing));
            if (vector.Expects("statistic_location"))
            {
                EcdfGap gap = KolmogorovSmirnov.Statistic(Sample.Of(reference).Sorted, Sample.Of(current).Sorted, alternative);
                Assert.Equal((result.Statistic, vector.ExpectedNumber("statistic_sign")), (gap.Size, gap.Sign));

                // Of equal gaps scipy takes the one that rounding made the largest, the contract here the first: scipy's place must be as good, and no earlier.
                double expected = vector.ExpectedNumber("statistic_location");
                Assert.True(gap.Location <= expected, $"expected no later than {expected}, got {gap.Location}");
                Assert.Equal(GapAt(reference, current, gap.Location), GapAt(reference, current, expected));
                Assert.Equal(gap.Size, gap.Sign * GapAt(reference, current, gap.Location) / ((double)reference.Length * current.Length), 1e-15);
            }

            if (vector.Expects("log10_p"))
                Assert.Equal(vector.ExpectedNumber("log10_p"), result.LogPValue / Math.Log(10), 1e-12 * Math.Max(1, Math.Abs(vector.ExpectedNumber("log10_p"))));
            if (vector.Expects("p_value_bigint"))
                Assert.Equal(vector.ExpectedNumber("p_value_bigint"), result.PValue, 1e-12 * vector.ExpectedNumber("p_value_bigint"));
            if (vector.Expects("p_value_asymp"))
            {
                double expected = vector.ExpectedNumber("p_value_asymp");
                Assert.Equal(expected, KolmogorovSmirnov.Test(reference, current, alternative, NullLaw.Asymptotic).PValue, 3e-5 * expected);
            }

            // One value against one: scipy has no law for half a value; there are two orders, and D is 1 in both.
            if (vector.Expects("p_value") && double.IsNaN(vector.ExpectedNumber("p_value")))
                Assert.Equal((1, 1, 1.0), (reference.Length, current.Length, result.PValue));
            else if (vector.Id is "ks_mid_n1000v1500_greater_exact" or "ks_mid_n1000v1500_less_exact")
                CheckWhereScipyIsAsymptotic(vector, result, reference, current, alternative);
            else if (vector.Expects("p_value"))
                vector.CheckP("p_value", result.PValue, result.LogPValue);
        });

    /// <summary>scipy's counts overflow here, and it gives the asymptotic p-value under the name of the exact one; whole numbers show that ours is right.</summary>
    private static void CheckWhereScipyIsAsymptotic(VectorCase vector, TestResult result, double[] reference, double[] current, Alternative alternative)
    {
        TestResult asymptotic = KolmogorovSmirnov.Test(reference, current, alternative, NullLaw.Asymptotic);
        vector.CheckP("p_value", asymptotic.PValue, asymptotic.LogPValue);
        double truth = LatticePathCounts.Share(reference.Length, current.Length, (long)Math.Round(result.Statistic * reference.Length * current.Length), twoSided: false).Value;
        Assert.Equal(truth, result.PValue, 1e-12 * truth);
    }

    private static long GapAt(double[] reference, double[] current, double value) =>
        (reference.LongCount(x => x <= value) * current.Length) - (current.LongCount(x => x <= value) * reference.Length);

    [Theory]
    [InlineData(Alternative.TwoSided)]
    [InlineData(Alternative.Greater)]
    [InlineData(Alternative.Less)]
    public void The_gap_is_that_of_looking_at_every_value(Alternative alternative)
    {
        Random random = new(11);
        for (int trial = 0; trial < TestLength.Of(1500, 40_000); trial++)
        {
            // Few different values, many, one sample shifted, or both the same.
            int n = random.Next(1, trial % 20 == 0 ? 1200 : 60), m = random.Next(1, trial % 20 == 0 ? 1200 : 60), kind = random.Next(4);
            double levels = kind == 0 ? 5 : kind == 1 ? 200 : 1e9, shift = random.Next(3) == 0 ? random.NextDouble() : 0;
            double[] reference = Draw(n, 0), current = kind == 3 && n == m ? [.. reference] : Draw(m, shift);
            Array.Sort(reference);
            Array.Sort(current);
            EcdfGap expected = Plainly(reference, current, alternative);
            Assert.True(expected == KolmogorovSmirnov.Statistic(reference, current, alternative), $"trial {trial}: expected {expected}, got {KolmogorovSmirnov.Statistic(reference, current, alternative)}");

            double[] Draw(int count, double by) => [.. Enumerable.Range(0, count).Select(_ => Math.Floor((random.NextDouble() + by) * levels))];
        }
    }

    [Fact]
    public void Of_equal_gaps_the_first_is_found_wherever_the_search_begins()
    {
        Random random = new(13);
        for (int trial = 0; trial < TestLength.Of(60, 2000); trial++)
        {
            // Stretches of one sample alone: the gap comes back to its largest value again and again.
            int[] turns = [.. Enumerable.Range(0, 16).Select(turn => turn % 2)];
            random.Shuffle(turns);
            List<double>[] samples = [[], []];
            for (int turn = 0; turn < turns.Length; turn++)
                samples[turns[turn]].AddRange(Enumerable.Range(turn * 50, 50).Select(value => (double)value));
            double[] reference = [.. samples[0]], current = [.. samples[1]];
            foreach (Alternative alternative in Enum.GetValues<Alternative>())
                Assert.Equal(Plainly(reference, current, alternative), KolmogorovSmirnov.Statistic(reference, current, alternative));
        }
    }

    [Fact]
    public void Exchanging_the_samples_exchanges_the_alternatives() =>
        WildSample.CheckPairs(TestLength.Of(2_000, 50_000), (reference, current) =>
        {
            foreach (NullLaw law in Enum.GetValues<NullLaw>())
            {
                Same(KolmogorovSmirnov.Test(reference, current, Alternative.TwoSided, law), KolmogorovSmirnov.Test(current, reference, Alternative.TwoSided, law));
                Same(KolmogorovSmirnov.Test(reference, current, Alternative.Greater, law), KolmogorovSmirnov.Test(current, reference, Alternative.Less, law));
            }

            static void Same(TestResult one, TestResult other) =>
                Assert.Equal((one.Statistic, one.PValue, one.LogPValue), (other.Statistic, other.PValue, other.LogPValue));
        });

    [Fact]
    public void Order_and_increasing_transformations_do_not_matter() =>
        WildSample.CheckPairs(TestLength.Of(2_000, 50_000), (reference, current) =>
        {
            TestResult plain = KolmogorovSmirnov.Test(reference, current);
            TestResult reversed = KolmogorovSmirnov.Test([.. reference.Reverse()], [.. current.Select(value => Math.CopySign(value, value)).Reverse()]);
            TestResult turned = KolmogorovSmirnov.Test([.. reference.Select(value => -value)], [.. current.Select(value => -value)]);
            Assert.Equal((plain.Statistic, plain.LogPValue), (reversed.Statistic, reversed.LogPValue));
            Assert.Equal((plain.Statistic, plain.LogPValue), (turned.Statistic, turned.LogPValue));
        });

    [Fact]
    public void Any_numbers_give_a_sound_result() =>
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
        {
            foreach (Alternative alternative in Enum.GetValues<Alternative>())
            {
                TestResult exact = ResultChecks.Sound(KolmogorovSmirnov.Test(reference, current, alternative));
                ResultChecks.Sound(KolmogorovSmirnov.Test(reference, current, alternative, NullLaw.Asymptotic));
                Assert.Equal(reference.Any(value => !double.IsNaN(value)) && current.Any(value => !double.IsNaN(value)), exact.IsComputed);
            }
        });

    [Fact]
    public void Samples_that_do_not_overlap_have_an_exact_p_value_at_any_size()
    {
        double[] reference = [.. Enumerable.Range(0, 30_000).Select(i => (double)i)], current = [.. Enumerable.Range(40_000, 20_000).Select(i => (double)i)];
        TestResult result = KolmogorovSmirnov.Test(reference, current);
        Assert.Equal(("exact", 1.0, 0.0), (result.Rule, result.Statistic, result.PValue));

        // ln (2 / C(50000, 20000)), by 40 digits of its exact integer.
        Assert.Equal(-33644.274928506894, result.LogPValue, 1e-7);
    }

    [Fact]
    public void Ties_are_noted()
    {
        Assert.Empty(KolmogorovSmirnov.Test([1.0, 2, 3], [4.0, 5]).Notes);
        Assert.NotEmpty(KolmogorovSmirnov.Test([1.0, 2, 2], [4.0, 5]).Notes);
    }

    [Fact]
    public void An_exact_p_value_of_a_million_values_is_refused_in_words()
    {
        double[] reference = [.. Enumerable.Range(0, 1_000_000).Select(i => (double)i)], current = [.. reference.Skip(1).Select(value => value + 2500.5)];
        TestResult result = ResultChecks.Sound(KolmogorovSmirnov.Test(reference, current, law: NullLaw.Exact));
        Assert.IsType<NotComputable.BeyondLimit>(result.NotComputable);
        Assert.True(KolmogorovSmirnov.Test(reference, current).IsComputed);
    }

    [Fact]
    public void Misuse_is_an_error()
    {
        Sample sample = Sample.Of([1]);
        Assert.Throws<ArgumentNullException>(() => KolmogorovSmirnov.Test(null!, sample));
        Assert.Throws<ArgumentNullException>(() => KolmogorovSmirnov.Test(sample, null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => KolmogorovSmirnov.Test(sample, sample, (Alternative)7));
        Assert.Throws<ArgumentOutOfRangeException>(() => KolmogorovSmirnov.Test(sample, sample, law: (NullLaw)7));
        Assert.Throws<ArgumentOutOfRangeException>(() => KolmogorovSmirnov.Statistic([1], [1], (Alternative)7));
        Assert.Throws<ArgumentException>(() => KolmogorovSmirnov.Statistic([], [1]));
    }

    private static EcdfGap Plainly(double[] reference, double[] current, Alternative alternative)
    {
        long n = reference.Length, m = current.Length;
        (long Gap, double At) above = (-1, 0), below = (-1, 0);
        foreach (double value in reference.Concat(current).Distinct().Order())
        {
            long gap = GapAt(reference, current, value);
            if (gap > above.Gap)
                above = (gap, value);
            if (-gap > below.Gap)
                below = (-gap, value);
        }

        bool isAbove = alternative == Alternative.Greater || (alternative == Alternative.TwoSided && above.Gap >= below.Gap);
        (long largest, double at) = isAbove ? above : below;
        return new EcdfGap(largest / ((double)n * m), at, isAbove ? 1 : -1);
    }

    private static string? Text(VectorCase vector, string name) => vector.Params.TryGetProperty(name, out System.Text.Json.JsonElement found) ? found.GetString() : null;
}
