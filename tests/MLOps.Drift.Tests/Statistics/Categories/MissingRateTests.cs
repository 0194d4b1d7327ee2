namespace MLOps.Drift.Tests.Statistics;

public sealed class MissingRateTests
{
    [Fact]
    public void Rates_are_compared_by_Fishers_test_with_their_difference()
    {
        double nan = double.NaN;
        TestResult result = ResultChecks.Sound(MissingRate.Test(Sample.Of([1, 2, 3, 4, nan]), Sample.Of([1, nan, nan, nan])));
        Assert.Equal(0.2 - 0.75, result.Statistic, 1e-15);
        Assert.Equal(FisherExact.Test(1, 5, 3, 4).PValue, result.PValue);
        Assert.Equal((5, 4), (result.ReferenceCount, result.CurrentCount));
        Assert.Equal(["present", "missing"], result.Cells.Select(cell => cell.Name));
    }

    [Fact]
    public void Categories_and_numbers_have_one_answer()
    {
        TestResult texts = MissingRate.Test(CategoryCounts.Of(["a", null, "b"]), CategoryCounts.Of([null, null, "b"]), Alternative.Less);
        TestResult numbers = MissingRate.Test(Sample.Of([1, 2, double.NaN]), Sample.Of([1, double.NaN, double.NaN]), Alternative.Less);
        Assert.Equal((numbers.Statistic, numbers.PValue), (texts.Statistic, texts.PValue));
    }

    [Fact]
    public void Columns_without_missing_values_do_not_differ_and_all_missing_is_a_rate()
    {
        TestResult none = ResultChecks.Sound(MissingRate.Test(Sample.Of([1, 2]), Sample.Of([3])));
        Assert.Equal((0, 1, 0), (none.Statistic, none.PValue, none.EffectSize));
        TestResult all = ResultChecks.Sound(MissingRate.Test(Sample.Of([1, 2]), Sample.Of([double.NaN, double.NaN])));
        Assert.Equal(-1, all.Statistic);
        Assert.Equal(1.0 / 3, all.PValue, 1e-14);
    }

    [Fact]
    public void Nothing_at_all_has_no_rate()
    {
        Assert.IsType<NotComputable.TooFewValues>(MissingRate.Test(Sample.Of([]), Sample.Of([1])).NotComputable);
        CategoryCounts huge = CategoryCounts.FromCounts([new("a", long.MaxValue), new("b", 1)]);
        Assert.IsType<NotComputable.Overflow>(MissingRate.Test(huge, huge).NotComputable);
    }

    [Fact]
    public void Wild_samples_give_a_result_or_a_reason() =>
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) => ResultChecks.Sound(MissingRate.Test(Sample.Of(reference), Sample.Of(current))));
}
