namespace MLOps.Drift.Tests.Statistics;

public sealed class BoostedTreesTests
{
    [Fact]
    public void A_mean_that_depends_on_two_columns_is_learnt()
    {
        Random random = new(50);
        FeatureMatrix rows = Rows.Made(2000, _ => [random.NextDouble(), random.NextDouble(), random.NextDouble()]);
        double[] targets = [.. Enumerable.Range(0, 2000).Select(row => Truth(rows.Row(row)) + (0.1 * Rows.Normal(random)))];
        (QuantileBins bins, BoostedTrees trees) = Fit(rows, targets);
        FeatureMatrix fresh = Rows.Made(500, _ => [random.NextDouble(), random.NextDouble(), random.NextDouble()]);
        byte[][] codes = bins.Code(fresh);
        double error = Enumerable.Range(0, 500).Average(row => Math.Abs(trees.Predict(codes, row) - Truth(fresh.Row(row))));
        Assert.InRange(error, 0, 0.05);

        static double Truth(ReadOnlySpan<double> row) => (row[0] > 0.5) == (row[1] > 0.25) ? 1 : 0;
    }

    [Fact]
    public void Missing_and_infinite_values_have_their_own_side()
    {
        double[] kinds = [double.NaN, double.NegativeInfinity, -1, 1, double.PositiveInfinity];
        FeatureMatrix rows = Rows.Made(1000, row => [kinds[row % 5]]);
        (QuantileBins bins, BoostedTrees trees) = Fit(rows, [.. Enumerable.Range(0, 1000).Select(row => (double)(row % 5))]);
        byte[][] codes = bins.Code(FeatureMatrix.OfRows([[double.NaN], [double.MinValue], [-1], [0.5], [double.PositiveInfinity]]));
        Assert.Equal([0, 2, 2, 3, 4], codes[0]);
        Assert.Equal([0, 2, 2, 3, 4], Enumerable.Range(0, 5).Select(row => Math.Round(trees.Predict(codes, row))));
    }

    [Fact]
    public void Log_odds_of_a_coin_are_its_base_rate()
    {
        FeatureMatrix rows = Rows.Made(100, _ => [1]);
        var bins = QuantileBins.Of(rows);
        var trees = BoostedTrees.Fit(bins.Code(rows), [.. Enumerable.Range(0, 100).Select(row => row < 20 ? 1.0 : 0.0)], isLogistic: true, TestContext.Current.CancellationToken);
        Assert.Equal(Math.Log(0.25), trees.Predict(bins.Code(rows), 0), 1e-12);
    }

    [Fact]
    public void Bins_keep_few_values_apart_and_many_in_equal_parts()
    {
        byte[] few = QuantileBins.Of(FeatureMatrix.OfRows([[3], [1], [2], [2]])).Code(FeatureMatrix.OfRows([[0], [1], [1.5], [2], [3], [4]]))[0];
        Assert.Equal([1, 1, 2, 2, 3, 3], few);
        FeatureMatrix many = Rows.Made(6400, row => [(row * 37) % 6400]);
        int[] counts = [.. QuantileBins.Of(many).Code(many)[0].CountBy(code => code).OrderBy(pair => pair.Key).Select(pair => pair.Value)];
        Assert.Equal(64, counts.Length);
        Assert.All(counts, count => Assert.InRange(count, 99, 101));
    }

    private static (QuantileBins Bins, BoostedTrees Trees) Fit(FeatureMatrix rows, double[] targets)
    {
        var bins = QuantileBins.Of(rows);
        return (bins, BoostedTrees.Fit(bins.Code(rows), targets, isLogistic: false, TestContext.Current.CancellationToken));
    }
}
