using System.Runtime.Intrinsics;

namespace MLOps.Drift.Tests.Statistics;

public sealed class PairSumsTests
{
    public static TheoryData<int, int> Sizes => new() { { 1, 1 }, { 2, 3 }, { 63, 1 }, { 64, 64 }, { 1, 64 }, { 65, 62 }, { 40, 150 }, { 150, 40 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_true_split_has_the_sums_of_the_definition(int n, int m)
    {
        Random random = new(7);
        FeatureMatrix reference = Rows.Normal(random, n, 3), current = Rows.Normal(random, m, 3);
        PairSums.Split sums = PairSums.Of(Pooled(reference, current), default(Distance), 0, random, TestContext.Current.CancellationToken)[0];
        Assert.Equal(Sum(reference, reference) / 2, sums.WithinReference, 1e-9);
        Assert.Equal(Sum(current, current) / 2, sums.WithinCurrent, 1e-9);
        Assert.Equal(Sum(reference, current), sums.Between, 1e-9);

        static double Sum(FeatureMatrix left, FeatureMatrix right)
        {
            double sum = 0;
            for (int i = 0; i < left.Rows; i++)
            {
                for (int j = 0; j < right.Rows; j++)
                    sum += Math.Sqrt(left.Row(i).ToArray().Zip(right.Row(j).ToArray(), (a, b) => (a - b) * (a - b)).Sum());
            }

            return sum;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_sums_of_each_random_split_are_those_of_some_split_into_sides_of_these_sizes(int n, int m)
    {
        // Of rows at 0 and at 1 the distances only count: with a rows at 1 in the first side, all three sums follow from a.
        int ones = (n + m) / 3;
        FeatureMatrix pooled = Rows.Made(n + m, row => [row % 3 == 2 ? 1 : 0]);
        PairSums.Split[] splits = PairSums.Of(Pooled(pooled.Slice(0, n), pooled.Slice(n, m)), default(Distance), 50, new Random(3), TestContext.Current.CancellationToken);
        Assert.Equal(51, splits.Length);
        Assert.All(splits, split => Assert.Contains(
            Enumerable.Range(0, Math.Min(ones, n) + 1), a => split == new PairSums.Split(a * (n - a), (ones - a) * (m - (ones - a)), (a * (m - (ones - a))) + ((ones - a) * (n - a)))));
        if (n > 30 && m > 30)
            Assert.True(splits.Distinct().Count() > 3, "the splits differ");
    }

    [Fact]
    public void Random_splits_are_as_likely_as_each_other()
    {
        FeatureMatrix pooled = Rows.Normal(new Random(4), 6, 2);
        PairSums.Split[] splits = PairSums.Of(Pooled(pooled.Slice(0, 3), pooled.Slice(3, 3)), default(Distance), 4000, new Random(5), TestContext.Current.CancellationToken);
        int[] counts = [.. splits.Skip(1).GroupBy(split => split.WithinReference).Select(group => group.Count())];
        Assert.Equal(20, counts.Length);

        // 200 expected of each, standard deviation 13.8.
        Assert.All(counts, count => Assert.InRange(count, 130, 270));
    }

    [Fact]
    public void The_median_is_that_of_the_sorted_distances()
    {
        Random random = new(11);
        for (int trial = 0; trial < 100; trial++)
        {
            int n = 1 + random.Next(80), m = 1 + random.Next(5);
            FeatureMatrix reference = Rows.Made(n, _ => [random.Next(30)]), current = Rows.Made(m, _ => [Rows.Normal(random)]);
            double[] values = [.. reference.Column(0), .. current.Column(0)];
            double[] distances = [.. values.SelectMany((a, i) => values.Skip(i + 1).Select(b => (a - b) * (a - b))).Order()];
            double expected = (distances[distances.Length / 2] + distances[(distances.Length - 1) / 2]) / 2;
            double median = PairSums.MedianSquaredDistance(Pooled(reference, current), random, out string rule);
            if (expected > 0)
                Assert.Equal(expected, median, 1e-12 * expected);
            Assert.Equal("median of squared distances", rule);
        }
    }

    [Fact]
    public void Where_most_rows_are_alike_the_median_is_that_of_the_rows_which_differ()
    {
        FeatureMatrix reference = Rows.Made(30, row => [row < 28 ? 5 : row]);
        Assert.True(PairSums.MedianSquaredDistance(Pooled(reference, reference), new Random(1), out string rule) > 0);
        Assert.Contains("above 0", rule, StringComparison.Ordinal);
        Assert.Equal(0, PairSums.MedianSquaredDistance(Pooled(reference.Slice(0, 9), reference.Slice(0, 9)), new Random(1), out _));
    }

    private static PairedRows Pooled(FeatureMatrix reference, FeatureMatrix current)
    {
        TestResult about = new() { Method = "", Rule = "" };
        return PairedRows.Of(reference, current, standardise: false, needed: 1, 5000, new Random(1), ref about)!;
    }

    private readonly struct Distance : IPairKernel
    {
        public Vector256<double> Of(Vector256<double> squaredDistance) => Vector256.Sqrt(squaredDistance);
    }
}
