using MLOps.Drift.Tests.Vectors;

namespace MLOps.Drift.Tests.Statistics;

public sealed class PcaReconstructionTests
{
    [Fact]
    public void Components_and_errors_are_those_of_scikit_learn() => VectorCase.CheckAll(VectorCase.Of("multivariate.json", "pca_reconstruction"), vector =>
    {
        (FeatureMatrix reference, FeatureMatrix current) = Rows.Of(vector);
        double kept = vector.Params.GetProperty("n_components").GetDouble();
        PcaReconstruction pca = kept < 1 ? Fit(reference, kept) : Fit(reference, components: (int)kept);
        Assert.Equal(vector.ExpectedNumber("components_kept"), pca.Components);
        double[] shares = VectorCase.NumbersOf(vector.Expected.GetProperty("explained_variance_ratio"));
        Assert.All(shares.Zip(pca.VarianceShares), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
        double[] errors = pca.Errors(current);
        Assert.All(VectorCase.NumbersOf(vector.Expected.GetProperty("cur_error_first3")).Zip(errors), pair => Assert.Equal(pair.First, pair.Second, 1e-8 + (1e-6 * pair.First)));
        vector.CheckNumber("ref_error_mean", pca.ReferenceMean);
        vector.CheckNumber("ref_error_std_ddof1", pca.ReferenceDeviation);
        vector.CheckNumber("cur_error_std_ddof1", Math.Sqrt(Descriptive.Variance(errors, 1)));
        TestResult result = ResultChecks.Sound(pca.Test(current));
        vector.CheckNumber("cur_error_mean", result.Statistic);
        Assert.Equal((result.Statistic - pca.ReferenceMean) / pca.ReferenceDeviation, result.EffectSize, 1e-12);
        if (kept == 0.65)
            Assert.Equal(result.Statistic, Test(reference, current).Statistic);
    });

    [Fact]
    public void A_changed_correlation_leaves_the_band_of_the_chunks_and_no_change_stays_inside()
    {
        Random random = new(30);
        FeatureMatrix reference = Related(random, 2000, 0.2), stable = Related(random, 5000, 0.2), changed = Related(random, 100, 1.5);
        PcaReconstruction pca = Fit(reference);
        AlarmBand band = pca.Band(100);
        Assert.True(band.Alarms(pca.Test(changed).Statistic));
        int alarms = Enumerable.Range(0, 50).Count(chunk => band.Alarms(pca.Test(stable.Slice(chunk * 100, 100)).Statistic));
        Assert.InRange(alarms, 0, 2);
    }

    [Fact]
    public void The_band_is_mean_and_three_deviations_of_whole_chunks()
    {
        Random random = new(31);
        PcaReconstruction pca = Fit(Rows.Normal(random, 35, 3));
        double[] means = [.. pca.ReferenceErrors.ToArray().Chunk(10).Take(3).Select(chunk => chunk.Average())];
        double mean = means.Average(), deviation = Math.Sqrt(means.Average(value => (value - mean) * (value - mean)));
        Assert.Equal(mean + (3 * deviation), pca.Band(10).Upper, 1e-12);
        Assert.Equal(Math.Max(0, mean - (2 * deviation)), pca.Band(10, 2).Lower, 1e-12);
        Assert.Equal(pca.ReferenceMean + (3 * pca.ReferenceDeviation / Math.Sqrt(30)), pca.Band(30).Upper, 1e-12);
    }

    [Fact]
    public void With_as_many_components_as_columns_nothing_is_lost()
    {
        FeatureMatrix rows = Rows.Normal(new Random(32), 20, 3);
        PcaReconstruction pca = Fit(rows, components: 7);
        Assert.Equal(3, pca.Components);
        TestResult result = ResultChecks.Sound(pca.Test(rows));
        Assert.Equal(0, result.Statistic);
        Assert.True(double.IsNaN(result.EffectSize));
    }

    [Fact]
    public void A_constant_column_shows_when_it_is_left_and_an_empty_one_never()
    {
        FeatureMatrix reference = Rows.Made(20, row => [row, 5, double.NaN]);
        PcaReconstruction pca = Fit(reference);
        Assert.Equal(0, pca.Test(reference).Statistic, 1e-12);
        Assert.Equal(2, pca.Test(FeatureMatrix.OfRows([[3, 7, 1000]])).Statistic, 1e-12);
    }

    [Fact]
    public void The_mean_stands_for_what_is_missing_and_a_note_says_so()
    {
        FeatureMatrix reference = Rows.Normal(new Random(33), 50, 2);
        PcaReconstruction pca = Fit(reference);
        double mean = Descriptive.Mean(reference.Column(1));
        TestResult missing = pca.Test(FeatureMatrix.OfRows([[1.5, double.NaN]]));
        Assert.Equal(pca.Test(FeatureMatrix.OfRows([[1.5, mean]])).Statistic, missing.Statistic, 1e-12);
        Assert.Contains(missing.Notes, note => note.StartsWith("Missing values of the current rows: 1;", StringComparison.Ordinal));
    }

    [Fact]
    public void Differences_too_small_to_be_squared_are_still_differences()
    {
        PcaReconstruction pca = Fit(FeatureMatrix.OfRows([[0, 1], [0, 1], [0, 1], [double.Epsilon, 1]]));
        Assert.Equal(1, pca.Components);
        Assert.Equal(3, ResultChecks.Sound(pca.Test(FeatureMatrix.OfRows([[0, 4]]))).Statistic, 1e-12);
    }

    [Fact]
    public void What_has_no_number_says_why()
    {
        FeatureMatrix two = FeatureMatrix.OfRows([[1, 2], [2, 1]]), infinite = FeatureMatrix.OfRows([[1, 2], [2, double.PositiveInfinity]]);
        Assert.IsType<NotComputable.TooFewValues>(Test(two.Slice(0, 1), two).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(Test(two, two.Slice(0, 0)).NotComputable);
        Assert.IsType<NotComputable.InfiniteValues>(Test(two, infinite).NotComputable);
        Assert.IsType<NotComputable.InfiniteValues>(Test(infinite, two).NotComputable);
        Assert.IsType<NotComputable.NoSpread>(Test(FeatureMatrix.OfRows([[1, 0.0], [1, -0.0]]), two).NotComputable);
        Assert.IsType<NotComputable.BeyondLimit>(Test(FeatureMatrix.OfRows([[], []]), FeatureMatrix.OfRows([[]])).NotComputable);
        Assert.IsType<NotComputable.Overflow>(Test(FeatureMatrix.OfRows([[1.7e308, 1], [-1.7e308, 2], [-1.7e308, 3]]), two).NotComputable);
        Assert.Throws<OperationCanceledException>(() => PcaReconstruction.Fit(two, cancellationToken: new CancellationToken(canceled: true)));
        Assert.Throws<ArgumentException>(() => Test(two, FeatureMatrix.OfRows([[1]])));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fit(two, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fit(two, components: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fit(two).Band(0));
    }

    [Fact]
    public void Wild_rows_raise_nothing() => Rows.CheckWild(TestLength.Of(5_000, 100_000), (reference, current) =>
    {
        PcaReconstruction pca = Fit(reference);
        TestResult result = ResultChecks.Sound(pca.Test(current));
        Assert.True(pca.NotComputable is null || !result.IsComputed);
        Assert.Equal(current.Rows, pca.Errors(current).Length);
        AlarmBand band = pca.Band(2);
        Assert.Equal(pca.NotComputable is not null, double.IsNaN(band.Upper));
    });

    private static FeatureMatrix Related(Random random, int rows, double noise) => Rows.Made(rows, _ =>
    {
        double x = Rows.Normal(random);
        return [x, x + (noise * Rows.Normal(random)), -x + (noise * Rows.Normal(random))];
    });

    private static PcaReconstruction Fit(FeatureMatrix reference, double varianceShare = 0.65, int? components = null) =>
        PcaReconstruction.Fit(reference, varianceShare, components, TestContext.Current.CancellationToken);

    private static TestResult Test(FeatureMatrix reference, FeatureMatrix current) => PcaReconstruction.Test(reference, current, cancellationToken: TestContext.Current.CancellationToken);
}
