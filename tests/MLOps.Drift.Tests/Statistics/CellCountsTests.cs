namespace MLOps.Drift.Tests.Statistics;

public sealed class CellCountsTests
{
    private static readonly CategoryCounts Reference = CategoryCounts.Of(["a", "a", "a", "b", "gone", "gone", "x", null]);
    private static readonly CategoryCounts Current = CategoryCounts.Of(["a", "a", "b", "b", "b", "new", null, null]);

    [Fact]
    public void Levels_are_aligned_by_name_and_new_and_vanished_ones_are_named()
    {
        CellCounts cells = CellCounts.Of(Reference, Current);
        Assert.Equal(["a", "b", "gone", "new", "x"], cells.Names);
        Assert.Equal([3L, 1, 2, 0, 1], cells.Reference.ToArray());
        Assert.Equal([2L, 3, 0, 1, 0], cells.Current.ToArray());
        Assert.Equal(["new"], cells.NewLevels);
        Assert.Equal(["gone", "x"], cells.VanishedLevels);
        Assert.Equal((1L, 2L), (cells.ReferenceMissing, cells.CurrentMissing));
        Assert.Equal("5 levels", cells.Rule);
    }

    [Fact]
    public void Rare_levels_are_merged_by_share_and_remain_known_by_name()
    {
        // Of 13 values, "new" and "x" have 1, and "gone" has 2.
        CellCounts cells = CellCounts.Of(Reference, Current, leastShare: 0.1);
        Assert.Equal(["a", "b", "gone", CellCounts.Other], cells.Names);
        Assert.Equal([3L, 1, 2, 1], cells.Reference.ToArray());
        Assert.Equal([2L, 3, 0, 1], cells.Current.ToArray());
        Assert.Equal(["new"], cells.NewLevels);
        Assert.Equal(["gone", "x"], cells.VanishedLevels);
        Assert.Equal("5 levels, the rarest 2 of them merged into (other)", cells.Rule);
        Assert.Contains("merged into (other)", ChiSquared.Test(cells).Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void The_most_frequent_levels_keep_their_cells()
    {
        Assert.Equal(["a", "b", CellCounts.Other], CellCounts.Of(Reference, Current, mostLevels: 2).Names);
        Assert.Equal([CellCounts.Other], CellCounts.Of(Reference, Current, leastShare: 1).Names);

        // One level by itself would only lose its name.
        Assert.Equal(["a", "b", "gone", "new", "x"], CellCounts.Of(Reference, Current, mostLevels: 4).Names);
    }

    [Fact]
    public void A_level_of_just_the_least_share_keeps_its_cell()
    {
        CategoryCounts counts = CategoryCounts.FromCounts([new("a", 12), new("b", 2), new("c", 2)]);
        Assert.Equal(3, CellCounts.Of(counts, counts, leastShare: 0.125).Names.Count);
        Assert.Equal(["a", CellCounts.Other], CellCounts.Of(counts, counts, leastShare: 0.126).Names);
    }

    [Fact]
    public void Of_equally_frequent_levels_the_first_by_name_are_kept()
    {
        CategoryCounts counts = CategoryCounts.Of(["d", "c", "b", "a"]);
        Assert.Equal(["a", "b", CellCounts.Other], CellCounts.Of(counts, counts, mostLevels: 2).Names);
    }

    [Fact]
    public void A_level_called_other_joins_the_merged_ones()
    {
        CategoryCounts stored = CategoryCounts.FromCounts([new("a", 50), new(CellCounts.Other, 40), new("b", 1), new("c", 2)]);
        CellCounts cells = CellCounts.Of(stored, stored, leastShare: 0.05);
        Assert.Equal(["a", CellCounts.Other], cells.Names);
        Assert.Equal([50L, 43], cells.Reference.ToArray());
    }

    [Fact]
    public void Levels_that_no_value_has_get_no_cell()
    {
        CategoryCounts stored = CategoryCounts.FromCounts([new("a", 1), new("never", 0)]);
        Assert.Equal(["a"], CellCounts.Of(stored, stored).Names);
    }

    [Fact]
    public void Merging_keeps_the_totals()
    {
        Random random = new(1);
        for (int trial = 0; trial < 200; trial++)
        {
            CategoryCounts reference = Some(), current = Some();
            CellCounts whole = CellCounts.Of(reference, current), merged = CellCounts.Of(reference, current, random.NextDouble() / 5, random.Next(1, 20));
            Assert.Equal((whole.ReferenceTotal, whole.CurrentTotal), (merged.ReferenceTotal, merged.CurrentTotal));
            Assert.Equal(whole.NewLevels, merged.NewLevels);
            Assert.Equal(whole.VanishedLevels, merged.VanishedLevels);
            CellCounts swapped = CellCounts.Of(current, reference);
            Assert.Equal(whole.NewLevels, swapped.VanishedLevels);
        }

        CategoryCounts Some() => CategoryCounts.Of<int>([.. Enumerable.Range(0, random.Next(200)).Select(_ => (int)(30 * random.NextDouble() * random.NextDouble()))]);
    }

    [Fact]
    public void Totals_beyond_a_long_are_null_and_nothing_is_merged()
    {
        CategoryCounts huge = CategoryCounts.FromCounts([new("a", long.MaxValue), new("b", 1), new("c", 1)]);
        CellCounts cells = CellCounts.Of(huge, huge, mostLevels: 1);
        Assert.Null(cells.ReferenceTotal);
        Assert.Equal(3, cells.Names.Count);
    }

    [Fact]
    public void Options_out_of_range_are_misuse()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => CellCounts.Of(Reference, Current, leastShare: double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => CellCounts.Of(Reference, Current, leastShare: 1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => CellCounts.Of(Reference, Current, mostLevels: 0));
    }
}
