namespace MLOps.Drift.Tests.Statistics;

public sealed class WelchTTests
{
    [Fact]
    public void Vectors_agree_with_scipy() => VectorCase.CheckAll(VectorCase.Of("twosample.json", "t_test_ind"), vector =>
    {
        double[] reference = vector.Numbers("reference"), current = vector.Numbers("current");
        Alternative alternative = vector.Params.GetProperty("alternative").GetString() switch { "greater" => Alternative.Greater, "less" => Alternative.Less, _ => Alternative.TwoSided };
        bool equalVariances = vector.Params.GetProperty("equal_variance").GetBoolean();
        foreach (TestResult result in (TestResult[])[WelchT.Test(reference, current, alternative, equalVariances), WelchT.Test(Sample.Of(reference), Sample.Of(current), alternative, equalVariances)])
        {
            ResultChecks.Sound(result);
            if (double.IsNaN(vector.ExpectedNumber("statistic")))
            {
                // scipy divides 0 by 0 where both samples are one constant: no difference at all.
                Assert.Equal((0, 1), (result.Statistic, result.PValue));
                continue;
            }

            vector.CheckNumber("statistic", result.Statistic);
            vector.CheckP("p_value", result.PValue, result.LogPValue);
        }
    });

    [Fact]
    public void Known_numbers_by_hand()
    {
        // Means 2 and 6, variances 1 and 4: t = −4 / √(1/3 + 4/3), df = (5/3)² / ((1/3)²/2 + (4/3)²/2), d = −4 / √2.5.
        TestResult result = WelchT.Test([1, 2, 3], [4, 6, 8]);
        Assert.Equal(-4 / Math.Sqrt(5 / 3.0), result.Statistic, 1e-14);
        Assert.Equal(-4 / Math.Sqrt(2.5), result.EffectSize, 1e-14);
        Assert.Equal(Tails.StudentTwoSided(4 / Math.Sqrt(5 / 3.0), 50 / 17.0).Value, result.PValue, 1e-15);
        Assert.Equal("Welch's t", result.Method);
        Assert.Equal("Student's t", WelchT.Test([1, 2, 3], [4, 6, 8], equalVariances: true).Method);
    }

    [Fact]
    public void Constant_samples_differ_surely_or_not_at_all()
    {
        TestResult same = WelchT.Test([0.1, 0.1, 0.1], [0.1, 0.1]), other = WelchT.Test([0.1, 0.1, 0.1], [0.2, 0.2]);
        Assert.Equal((0, 1, 0), (same.Statistic, same.PValue, same.EffectSize));
        Assert.Equal((double.NegativeInfinity, 0, double.NegativeInfinity), (other.Statistic, other.PValue, other.LogPValue));
        Assert.Equal(0, WelchT.Test([0.1, 0.1, 0.1], [0.2, 0.2], Alternative.Less).PValue);
        Assert.Equal(1, WelchT.Test([0.1, 0.1, 0.1], [0.2, 0.2], Alternative.Greater).PValue);
        Assert.NotEmpty(same.Notes);
        Assert.NotEmpty(other.Notes);
    }

    [Fact]
    public void A_p_value_that_underflows_keeps_its_logarithm()
    {
        double[] reference = [.. Enumerable.Range(0, 20_000).Select(i => (i % 7) / 7.0)], current = [.. reference.Select(value => value + 3)];
        TestResult result = ResultChecks.Sound(WelchT.Test(reference, current));
        Assert.Equal(0, result.PValue);
        // Student's law with so many degrees of freedom: about −ν/2 · ln(1 + t²/ν).
        Assert.Equal(-19_999 * Math.Log(1 + (result.Statistic * result.Statistic / 39_998)), result.LogPValue, 10.0);
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(1e-9)]
    [InlineData(1e150)]
    [InlineData(1e306)]
    public void Scale_and_shift_do_not_matter(double scale)
    {
        double[] reference = [1, 2, 4, 5.5, 9], current = [3, 3.25, 8, 20];
        foreach (bool equalVariances in (bool[])[false, true])
        {
            TestResult plain = WelchT.Test(reference, current, equalVariances: equalVariances);
            TestResult changed = WelchT.Test([.. reference.Select(value => (value - 3) * scale)], [.. current.Select(value => (value - 3) * scale)], equalVariances: equalVariances);
            Assert.Equal(plain.Statistic, changed.Statistic, 1e-13);
            Assert.Equal(plain.PValue, changed.PValue, 1e-13);
            Assert.Equal(plain.EffectSize, changed.EffectSize, 1e-13);
        }
    }

    [Fact]
    public void Exchanging_the_samples_turns_the_sign_and_the_alternative()
    {
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
        {
            foreach (bool equalVariances in (bool[])[false, true])
            {
                TestResult there = ResultChecks.Sound(WelchT.Test(reference, current, Alternative.Greater, equalVariances));
                TestResult back = ResultChecks.Sound(WelchT.Test(Sample.Of(current), Sample.Of(reference), Alternative.Less, equalVariances));
                TestResult both = ResultChecks.Sound(WelchT.Test(reference, current, Alternative.TwoSided, equalVariances));
                Assert.Equal(there.NotComputable?.GetType(), back.NotComputable?.GetType());
                if (!there.IsComputed)
                    continue;
                if (there.Notes.Count > 0)
                {
                    Assert.Equal(there.Statistic, -back.Statistic);
                    Assert.Equal(there.Statistic == 0 ? 1 : 0, both.PValue);
                    continue;
                }

                // Sorting changes the order of summation, and with it the last digits; where the means nearly cancel, those are all there is.
                double loss = 1e-9 * Math.Max(1, Math.Abs(there.Statistic));
                Assert.Equal(-there.Statistic, back.Statistic, loss);
                Assert.Equal(there.PValue, back.PValue, 1e-8);
                Assert.Equal(Math.Min(1, 2 * Math.Min(there.PValue, 1 - there.PValue)), both.PValue, 1e-8);
            }
        });
    }

    [Fact]
    public void Missing_values_are_left_out_and_counted()
    {
        TestResult with = WelchT.Test([1, double.NaN, 2, 4], [double.NaN, double.NaN, 3, 9]), without = WelchT.Test([1, 2, 4], [3, 9]);
        Assert.Equal(without.PValue, with.PValue);
        Assert.Equal((3, 2, 1, 2), (with.ReferenceCount, with.CurrentCount, with.ReferenceMissing, with.CurrentMissing));
    }

    [Fact]
    public void What_cannot_be_computed_says_why()
    {
        Assert.Equal(new NotComputable.TooFewValues(1, 3, 2), WelchT.Test([1], [1, 2, 3]).NotComputable);
        Assert.Equal(new NotComputable.InfiniteValues(1, 0), WelchT.Test([1, double.PositiveInfinity], [1, 2, 3]).NotComputable);
        Assert.IsType<NotComputable.Overflow>(WelchT.Test([double.MaxValue, double.MinValue], [1, 2]).NotComputable);
        Assert.IsType<NotComputable.Overflow>(WelchT.Test([5e-324, 0, 0], [1e10, 1e10]).NotComputable);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => WelchT.Test(null!, Sample.Of([1])));
        Assert.Throws<ArgumentNullException>(() => WelchT.Test(Sample.Of([1]), null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => WelchT.Test([1], [1], (Alternative)9));
    }
}
