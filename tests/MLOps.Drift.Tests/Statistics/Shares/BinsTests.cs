namespace MLOps.Drift.Tests.Statistics;

public sealed class BinsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Edges_and_counts_are_those_of_the_vectors() =>
        VectorCase.CheckAll(VectorCase.Of("binned.json", "binned_distances"), vector =>
        {
            double[] reference = vector.Numbers("reference"), current = vector.Numbers("current");
            Bins bins = Of(vector, reference);
            double[] edges = VectorCase.NumbersOf(vector.Expected.GetProperty("edges"));
            Assert.Equal(edges[1..^1], bins.Edges.ToArray());
            Assert.Equal(Counts(vector, "ref_counts"), CountAll(bins, reference));
            Assert.Equal(Counts(vector, "cur_counts"), CountAll(bins, current));
            Assert.Equal(Counts(vector, "ref_counts"), BinnedReference.Of(Sample.Of(reference), bins).Counts.ToArray());
            Assert.Equal(CountAll(bins, current), BinnedReference.Of(Sample.Of(reference), bins).Compare(Sample.Of(current)).Current.ToArray());
        });

    [Fact]
    public void Sturges_makes_as_many_cells_as_numpy() =>
        VectorCase.CheckAll(VectorCase.Of("binned.json", "evidently_binned"), vector =>
        {
            double[] reference = vector.Numbers("reference");
            if (reference.Distinct().Count() > 20)
                Assert.Equal(vector.ExpectedNumber("n_bins"), Bins.Sturges(Sample.Of([.. reference, .. vector.Numbers("current")])).Cells);
        });

    [Fact]
    public void Doane_makes_as_many_cells_as_numpy() =>
        VectorCase.CheckAll(VectorCase.Of("binned.json", "nannyml_binned"), vector =>
            Assert.Equal(vector.ExpectedNumber("n_bins"), Bins.Doane(Sample.Of(vector.Numbers("reference"))).Cells));

    [Fact]
    public void Freedman_and_Diaconis_ask_for_a_width_of_twice_the_interquartile_range_by_the_cube_root()
    {
        // IQR 500, n = 1001: 1000 / (2 · 500 / 10.0033…) = 10.003 cells.
        Bins bins = Bins.FreedmanDiaconis(Sample.Of(Ramp(1001)));
        Assert.Equal(11, bins.Cells);
        Assert.Equal(1000 / 11.0, bins.Edges[0], 1e-12);
        Assert.Contains("Freedman", bins.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Freedman_and_Diaconis_do_not_make_billions_of_cells_for_one_outlier()
    {
        Bins bins = Bins.FreedmanDiaconis(Sample.Of([.. Ramp(1000), 1e12]));
        Assert.Equal(10_000, bins.Cells);
        Assert.Contains("which asks for", bins.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Freedman_and_Diaconis_without_an_interquartile_range_give_way_to_Sturges()
    {
        Bins bins = Bins.FreedmanDiaconis(Sample.Of([.. Enumerable.Repeat(1.0, 60), 0, 2, 3, 4]));
        Assert.Equal(7, bins.Cells);
        Assert.Contains("Sturges", bins.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Zeros_of_a_column_that_is_mostly_zero_are_a_cell_of_their_own()
    {
        double[] column = [.. Enumerable.Repeat(0.0, 600), .. Enumerable.Range(1, 400).Select(i => (double)i)];
        Bins bins = Bins.Quantiles(Sample.Of(column));
        Assert.Equal(["(-∞, 0)", "{0}", "(0, 100.3)", "[100.3, 200.2)", "[200.2, 300.1)", "[300.1, ∞)"], bins.Names);
        Assert.Equal([0, 600, 100, 100, 100, 100], CountAll(bins, column));
        Assert.Equal("10 quantile bins of the reference, 6 after ties, 1 of one value", bins.Rule);

        // And in the mirror, where the point comes last.
        double[] mirrored = [.. column.Select(value => -value)];
        Assert.Equal([100, 100, 100, 100, 600, 0], CountAll(Bins.Quantiles(Sample.Of(mirrored)), mirrored));
        Assert.Equal(1, bins.IndexOf(-0.0));
        Assert.Equal(2, bins.IndexOf(double.Epsilon));
        Assert.Equal(0, bins.IndexOf(-double.Epsilon));

        // Without mass points, the smallest positive numbers share the cell of the zeros.
        column = [.. Enumerable.Repeat(0.0, 640), .. Enumerable.Range(1, 360).Select(i => (double)i)];
        Assert.Equal([700, 100, 100, 100], CountAll(Bins.Quantiles(Sample.Of(column), massPoints: false), column));
    }

    [Fact]
    public void A_constant_reference_tells_itself_from_what_is_below_and_above()
    {
        foreach (Bins bins in new[] { Bins.Quantiles(Sample.Of([5, 5, 5])), Bins.EqualWidth(Sample.Of([5, 5, 5])), Bins.Sturges(Sample.Of([5])), Bins.Doane(Sample.Of([5, 5])), Bins.FreedmanDiaconis(Sample.Of([5, 5])) })
        {
            Assert.Equal(["(-∞, 5)", "{5}", "(5, ∞)"], bins.Names);
            Assert.Equal([2, 1, 1], CountAll(bins, [4.9, 5, double.NegativeInfinity, double.BitIncrement(5), double.NaN]));
        }
    }

    [Fact]
    public void Without_a_value_there_is_one_cell()
    {
        foreach (Bins bins in new[] { Bins.Quantiles(Sample.Of([])), Bins.EqualWidth(Sample.Of([double.NaN])), Bins.Sturges(Sample.Of([])), Bins.Doane(Sample.Of([])), Bins.FreedmanDiaconis(Sample.Of([])) })
            Assert.Equal(["(-∞, ∞)"], bins.Names);
    }

    [Fact]
    public void Infinities_that_are_many_are_cells_of_their_own()
    {
        Bins bins = Bins.Quantiles(Sample.Of([double.NegativeInfinity, double.NegativeInfinity, 1, 2, double.PositiveInfinity, double.PositiveInfinity]), 4);
        Assert.Equal("{-∞}", bins.Names[0]);
        Assert.Equal("{∞}", bins.Names[^1]);
        Assert.Equal(0, bins.IndexOf(double.NegativeInfinity));
        Assert.Equal(1, bins.IndexOf(double.MinValue));
        Assert.Equal(bins.Cells - 2, bins.IndexOf(double.MaxValue));
        Assert.Equal(bins.Cells - 1, bins.IndexOf(double.PositiveInfinity));
    }

    [Fact]
    public void A_range_beyond_a_double_is_divided_as_any_other()
    {
        Bins bins = Bins.EqualWidth(Sample.Of([-1.6e308, 1.6e308]), 4);
        Assert.Equal([-0.8e308, 0, 0.8e308], bins.Edges.ToArray().Select(edge => Math.Round(edge / 1e307) * 1e307));
        Bins quantiles = Bins.Quantiles(Sample.Of([-1.6e308, 1.6e308]), 4);
        Assert.Equal(bins.Edges.ToArray(), quantiles.Edges.ToArray());
        Assert.Equal(7, Bins.Sturges(Sample.Of([.. Ramp(64).Select(i => (i - 32) * 5e306)])).Cells);
        Assert.Equal(7, Bins.Doane(Sample.Of([.. Ramp(64).Select(i => (i - 31.5) * 5e306)])).Cells);
    }

    [Fact]
    public void Names_have_as_many_digits_as_tell_edges_apart()
    {
        Assert.Equal(["(-∞, 0.1235)", "[0.1235, 0.9877)", "[0.9877, ∞)"], Bins.Of([0.12345678, 0.98765432]).Names);
        Assert.Equal(["(-∞, 0.12346)", "[0.12346, 0.12348)", "[0.12348, ∞)"], Bins.Of([0.12345678, 0.12348]).Names);
        Assert.Equal(["(-∞, 0.1)", "{0.1}", "(0.1, ∞)"], Bins.Of([0.1, double.BitIncrement(0.1)]).Names);
    }

    [Fact]
    public void Restored_bins_are_the_same()
    {
        Bins bins = Bins.Quantiles(Sample.Of([0, 0, 0, 0, 1, 2, double.PositiveInfinity, double.PositiveInfinity]), 5);
        Bins restored = Bins.Of(bins.Edges, bins.Rule);
        Assert.Equal(bins.Names, restored.Names);
        Assert.Equal(bins.Rule, restored.Rule);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Sample sample = Sample.Of([1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => Bins.Quantiles(sample, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bins.EqualWidth(sample, 10_001));
        Assert.Throws<ArgumentException>(() => Bins.Of([1, 1]));
        Assert.Throws<ArgumentException>(() => Bins.Of([double.NaN]));
        Assert.Throws<ArgumentException>(() => Bins.Of([double.NegativeInfinity, 0]));
        Assert.Throws<ArgumentException>(() => Bins.Of([1.0]).Count([1], new long[1]));
        Assert.Throws<ArgumentNullException>(() => Bins.Sturges(null!));
    }

    [Fact]
    public void All_ways_of_counting_give_the_counts_of_a_plain_search()
    {
        Random random = new(5);
        foreach (int cells in new[] { 1, 2, 5, 6, 9, 10, 11, 50, 51, 199, 200, 201, 1000 })
        {
            foreach (int length in new[] { 0, 1, 7, 8, 9, 2048, 4109 })
            {
                double[] column = [.. Enumerable.Range(0, length).Select(i => random.Next(20) == 0 ? double.NaN : Math.Round(random.NextDouble() * 50) / 10)];
                foreach (Bins bins in new[] { Bins.EqualWidth(Sample.Of([0, 5]), cells), Bins.Quantiles(Sample.Of(column), cells), Bins.Quantiles(Sample.Of(column), cells, massPoints: false) })
                    CheckAgainstPlainSearch(bins, column);
            }
        }
    }

    [Fact]
    public void Values_beside_an_edge_lie_in_the_right_cell_whatever_the_scale()
    {
        foreach ((double low, double high) in new[] { (0.0, 1.0), (0.1, 0.7), (-3e5, 1e-3), (1e16, 1e16 + 400), (1e-310, 3e-310), (0, 100 * double.Epsilon), (-1.7e308, 1.7e308), (-1e300, 1) })
        {
            foreach (int cells in new[] { 10, 11, 50, 200 })
            {
                Bins bins = Bins.EqualWidth(Sample.Of([low, high]), cells);
                double[] near = [.. bins.Edges.ToArray().SelectMany(edge => new[] { double.BitDecrement(edge), edge, double.BitIncrement(edge) }), low, high, double.MinValue, double.MaxValue, double.NegativeInfinity, double.PositiveInfinity, double.NaN];
                CheckAgainstPlainSearch(bins, near);
            }
        }
    }

    [Fact]
    public void Wild_samples_are_counted_whole()
    {
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
        {
            Sample sample = Sample.Of(reference);
            foreach (Bins bins in new[] { Bins.Quantiles(sample), Bins.Quantiles(sample, 35, massPoints: false), Bins.EqualWidth(sample, 12), Bins.Sturges(sample), Bins.Doane(sample), Bins.FreedmanDiaconis(sample) })
            {
                Assert.Equal(bins.Edges.ToArray(), Bins.Of(bins.Edges).Edges.ToArray());
                Assert.NotEmpty(bins.Rule);
                if (bins.Cells <= 100)
                    Assert.Equal(bins.Cells, bins.Names.Distinct().Count());
                CheckAgainstPlainSearch(bins, reference);
                CheckAgainstPlainSearch(bins, current);
            }
        });
    }

    [Fact]
    public void Missing_values_are_a_cell_of_their_own_where_there_are_any()
    {
        BinnedReference reference = BinnedReference.Of([1, 2, 3, double.NaN], Bins.Of([2]));
        CellCounts cells = reference.Compare([double.NaN, double.NaN, 5]);
        Assert.Equal(["(-∞, 2)", "[2, ∞)", "(missing)"], cells.Names);
        Assert.Equal([1, 2, 1], cells.Reference.ToArray());
        Assert.Equal([0, 1, 2], cells.Current.ToArray());
        Assert.Equal("2 bins of given edges, missing values a cell", cells.Rule);

        TestResult result = TotalVariation.Test(cells, permutations: 0, cancellationToken: Stop);
        Assert.Equal((3, 1, 1, 2), (result.ReferenceCount, result.CurrentCount, result.ReferenceMissing, result.CurrentMissing));
        Assert.Equal(2 / 3.0 - 1 / 4.0, result.Statistic, 1e-15);

        Assert.Equal(2, BinnedReference.Of([1, 2, 3], Bins.Of([2])).Compare([5]).Names.Count);
    }

    [Fact]
    public void Missing_values_are_left_out_where_that_is_asked_for()
    {
        TestResult result = TotalVariation.Test(BinnedReference.Of([1, 2, 3, double.NaN], Bins.Of([2]), missingAsCell: false), [double.NaN, double.NaN, 5], permutations: 0, cancellationToken: Stop);
        Assert.Equal((3, 1, 1, 2), (result.ReferenceCount, result.CurrentCount, result.ReferenceMissing, result.CurrentMissing));
        Assert.Equal(1 / 3.0, result.Statistic, 1e-15);
        Assert.Equal(2, result.Cells.Count);
    }

    [Fact]
    public void A_reference_that_is_restored_from_its_counts_compares_as_the_column_did()
    {
        double[] column = [0.5, 1, 2, 2, 2, 7, double.NaN], current = [1, 2, 9, double.NaN, double.NaN];
        BinnedReference reference = BinnedReference.Of(column);
        BinnedReference restored = BinnedReference.Of(Bins.Of(reference.Bins.Edges, reference.Bins.Rule), reference.Counts, reference.Missing);
        Assert.Equal(PopulationStability.Test(reference, current).Statistic, PopulationStability.Test(restored, current).Statistic);
        Assert.Throws<ArgumentException>(() => BinnedReference.Of(reference.Bins, [1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinnedReference.Of(Bins.Of([]), [-1]));
    }

    internal static Bins Of(VectorCase vector, double[] reference)
    {
        int cells = vector.Params.GetProperty("bins").GetInt32();
        return vector.Params.GetProperty("rule").GetString() == "quantile"
            ? Bins.Quantiles(Sample.Of(reference), cells, massPoints: false)
            : Bins.EqualWidth(Sample.Of(reference), cells);
    }

    private static void CheckAgainstPlainSearch(Bins bins, double[] values)
    {
        long[] expected = new long[bins.Cells], counts = new long[bins.Cells];
        long missing = 0;
        double[] edges = bins.Edges.ToArray();
        foreach (double value in values)
        {
            int cell = edges.Length;
            while (cell > 0 && value < edges[cell - 1])
                cell--;
            Assert.Equal(double.IsNaN(value) ? -1 : cell, bins.IndexOf(value));
            if (double.IsNaN(value))
                missing++;
            else
                expected[cell]++;
        }

        Assert.Equal(missing, bins.Count(values, counts));
        Assert.Equal(expected, counts);
        Assert.Equal(expected, BinnedReference.Of(Sample.Of(values), bins).Counts.ToArray());
    }

    private static double[] Ramp(int count) => [.. Enumerable.Range(0, count).Select(i => (double)i)];

    private static long[] Counts(VectorCase vector, string name) => [.. VectorCase.NumbersOf(vector.Expected.GetProperty(name)).Select(count => (long)count)];

    private static long[] CountAll(Bins bins, double[] values)
    {
        long[] counts = new long[bins.Cells];
        bins.Count(values, counts);
        return counts;
    }
}
