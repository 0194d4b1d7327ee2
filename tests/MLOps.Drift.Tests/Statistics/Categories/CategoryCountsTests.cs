namespace MLOps.Drift.Tests.Statistics;

public sealed class CategoryCountsTests
{
    [Fact]
    public void Levels_are_counted_once_each_and_lie_in_ordinal_order()
    {
        CategoryCounts counts = CategoryCounts.Of(["b", "a", null, new string('b', 1), "", "B", null]);
        Assert.Equal(["", "B", "a", "b"], counts.Levels);
        Assert.Equal([1L, 1, 1, 2], counts.Counts.ToArray());
        Assert.Equal((5L, 2L), (counts.Total, counts.Missing));
    }

    [Fact]
    public void Any_order_of_the_values_gives_the_same_counts()
    {
        Random random = new(1);
        string?[] values = [.. Enumerable.Range(0, 3_000).Select(_ => random.Next(9) == 0 ? null : $"level {random.Next(50)}")];
        CategoryCounts counts = CategoryCounts.Of(values);
        random.Shuffle(values);
        Equal(counts, CategoryCounts.Of(values));
        foreach (string level in counts.Levels)
            Assert.Equal(values.Count(value => value == level), counts.Counts[counts.Levels.ToList().IndexOf(level)]);
    }

    [Fact]
    public void Values_have_the_names_of_the_invariant_culture()
    {
        Assert.Equal(["-3", "0", "12"], CategoryCounts.Of<int>([12, 0, -3, 12]).Levels);
        Assert.Equal(["False", "True"], CategoryCounts.Of<bool>([true, false, true]).Levels);
        Assert.Equal(["2026-11-27"], CategoryCounts.Of<DateOnly>([new(2026, 11, 27)]).Levels);
        Assert.Equal(["1.1", "2"], CategoryCounts.Of<decimal>([1.10m, 2.00m, 2m, 1.1m]).Levels);
        Assert.Equal(["1.1", "2"], CategoryCounts.Of<decimal>([1.1m, 2m]).Levels);
    }

    [Fact]
    public void Missing_numbers_are_NaN_or_null_and_zero_has_one_sign()
    {
        CategoryCounts numbers = CategoryCounts.Of<double>([0.0, -0.0, double.NaN, 0.1, double.PositiveInfinity]);
        Assert.Equal(["0", "0.1", "Infinity"], numbers.Levels);
        Assert.Equal([2L, 1, 1], numbers.Counts.ToArray());
        Assert.Equal(1, numbers.Missing);
        Assert.Equal(["0"], CategoryCounts.Of<float>([-0.0f, float.NaN]).Levels);
        Assert.Equal(["0"], CategoryCounts.Of<Half>([(Half)(-0.0f), Half.NaN]).Levels);
        CategoryCounts nullable = CategoryCounts.Of<double>((double?[])[1, null, double.NaN, 1]);
        Assert.Equal((2L, 2L), (nullable.Total, nullable.Missing));
    }

    [Fact]
    public void Numbers_of_many_levels_are_counted_as_those_of_few()
    {
        Random random = new(2);
        double[] values = [.. Enumerable.Range(0, 20_000).Select(i => i % 97 == 0 ? double.NaN : i % 89 == 0 ? -0.0 : (double)random.Next(5_000))];
        CategoryCounts counts = CategoryCounts.Of<double>(values);
        Equal(CategoryCounts.Of([.. values.Select(value => double.IsNaN(value) ? null : (value + 0.0).ToString(System.Globalization.CultureInfo.InvariantCulture))]), counts);
        Assert.True(counts.Levels.Count > 4_000);
    }

    [Fact]
    public void Both_sides_at_once_are_as_each_by_itself()
    {
        string?[] reference = [.. Enumerable.Range(0, 40_000).Select(i => i % 7 == 0 ? null : $"{i % 31}")], current = [.. Enumerable.Range(0, 50_000).Select(i => $"{i % 29}")];
        (CategoryCounts first, CategoryCounts second) = CategoryCounts.OfBoth(reference, current);
        Equal(CategoryCounts.Of(reference), first);
        Equal(CategoryCounts.Of(current), second);
    }

    [Fact]
    public void Stored_counts_are_taken_up_again()
    {
        CategoryCounts counts = CategoryCounts.Of(["b", "a", "b", null]);
        Equal(counts, CategoryCounts.FromCounts(counts.Levels.Zip(counts.Counts.ToArray(), (level, count) => new KeyValuePair<string, long>(level, count)).Reverse(), counts.Missing));
        Assert.Throws<ArgumentException>(() => CategoryCounts.FromCounts([new("a", 1), new("a", 2)]));
        Assert.Throws<ArgumentException>(() => CategoryCounts.FromCounts([new(null!, 1)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => CategoryCounts.FromCounts([new("a", -1)]));
    }

    [Fact]
    public void A_million_levels_are_only_many()
    {
        int levels = TestLength.Of(200_000, 1_000_000);
        string[] reference = [.. Enumerable.Range(0, levels).Select(i => $"customer-{i * 7919L % 10_000_019:D8}")];
        string[] current = [.. Enumerable.Range(levels / 2, levels).Select(i => $"customer-{i * 7919L % 10_000_019:D8}")];
        (CategoryCounts first, CategoryCounts second) = CategoryCounts.OfBoth(reference, current);
        CellCounts cells = CellCounts.Of(first, second);
        Assert.Equal(levels / 2, cells.NewLevels.Count);
        Assert.Equal(levels / 2, cells.VanishedLevels.Count);
        ResultChecks.Sound(ChiSquared.Test(cells));
        Assert.Equal(101, CellCounts.Of(first, second, mostLevels: 100).Names.Count);
    }

    private static void Equal(CategoryCounts expected, CategoryCounts actual)
    {
        Assert.Equal(expected.Levels, actual.Levels);
        Assert.Equal(expected.Counts.ToArray(), actual.Counts.ToArray());
        Assert.Equal((expected.Total, expected.Missing), (actual.Total, actual.Missing));
    }
}
