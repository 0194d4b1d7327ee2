using MLOps.Drift.Tests.Vectors;

namespace MLOps.Drift.Tests.Statistics;

public sealed class DomainClassifierTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void The_area_is_that_of_scikit_learn() => VectorCase.CheckAll(VectorCase.Of("multivariate.json", "domain_classifier_auc"), vector =>
    {
        (FeatureMatrix reference, FeatureMatrix current) = Rows.Of(vector);
        vector.CheckNumber("auc", Test(reference, current).Statistic);
    });

    [Fact]
    public void The_accuracy_of_its_scores_is_that_of_scikit_learn() => VectorCase.CheckAll(VectorCase.Of("multivariate.json", "domain_classifier_auc"), vector =>
    {
        const int folds = 5;
        (FeatureMatrix reference, FeatureMatrix current) = Rows.Of(vector);
        double[] rows = DomainClassifier.Standardised(reference, current)!;
        int count = reference.Rows + current.Rows, columns = rows.Length / count, hits = 0;
        bool[] labels = [.. Enumerable.Range(0, count).Select(row => row >= reference.Rows)];
        for (int fold = 0; fold < folds; fold++)
        {
            double[] weights = LogisticRegression.Fit(rows, columns, [.. Enumerable.Range(0, count).Where(row => row % folds != fold)], labels, Token);
            hits += Enumerable.Range(0, count).Count(row => row % folds == fold && LogisticRegression.Score(rows.AsSpan(row * columns, columns), weights) >= 0 == labels[row]);
        }

        vector.CheckNumber("accuracy_at_0_5", (double)hits / count);
    });

    [Fact]
    public void A_shifted_mean_shows_to_both_models()
    {
        Random random = new(60);
        FeatureMatrix reference = Rows.Normal(random, 400, 4), current = Rows.Made(400, _ => [Rows.Normal(random), 0.5 + Rows.Normal(random), Rows.Normal(random), Rows.Normal(random)]);
        Assert.InRange(Test(reference, current).PValue, 0, 1e-5);
        Assert.InRange(Test(reference, current, DomainModel.BoostedTrees).PValue, 0, 0.01);
    }

    [Fact]
    public void A_changed_spread_shows_to_trees_alone()
    {
        Random random = new(61);
        FeatureMatrix reference = Rows.Normal(random, 600, 3), current = Rows.Made(600, _ => [2 * Rows.Normal(random), Rows.Normal(random), Rows.Normal(random)]);
        TestResult linear = Test(reference, current), trees = Test(reference, current, DomainModel.BoostedTrees);
        Assert.InRange(linear.Statistic, 0.42, 0.56);
        Assert.InRange(trees.Statistic, 0.65, 0.8);
        Assert.InRange(trees.PValue, 0, 1e-10);
    }

    [Fact]
    public void A_changed_correlation_shows_to_trees_alone()
    {
        Random random = new(62);
        FeatureMatrix reference = Rows.Normal(random, 800, 2), current = Rows.Made(800, _ =>
        {
            double x = Rows.Normal(random);
            return [x, (0.9 * x) + (Math.Sqrt(1 - 0.81) * Rows.Normal(random))];
        });
        Assert.InRange(Test(reference, current).PValue, 0.01, 1);
        Assert.InRange(Test(reference, current, DomainModel.BoostedTrees).PValue, 0, 1e-20);
    }

    [Theory]
    [InlineData(DomainModel.LogisticRegression)]
    [InlineData(DomainModel.BoostedTrees)]
    public void A_changed_share_of_missing_values_shows(DomainModel model)
    {
        Random random = new(63);
        FeatureMatrix reference = Holed(0.1), current = Holed(0.4);
        TestResult result = Test(reference, current, model);
        Assert.InRange(result.PValue, 0, 1e-4);
        Assert.Contains("missing", Assert.Single(result.Notes), StringComparison.Ordinal);
        Assert.Equal((300, 300), (result.ReferenceCount, result.CurrentCount));

        FeatureMatrix Holed(double share) => Rows.Made(300, _ => [Rows.Normal(random), random.NextDouble() < share ? double.NaN : Rows.Normal(random)]);
    }

    [Theory]
    [InlineData(DomainModel.LogisticRegression, 1, 400)]
    [InlineData(DomainModel.LogisticRegression, 3, 400)]
    [InlineData(DomainModel.LogisticRegression, 10, 400)]
    [InlineData(DomainModel.BoostedTrees, 3, 40)]
    public void Without_a_change_p_values_are_not_below_a_level_more_often_than_it_says(DomainModel model, int columns, int trials)
    {
        Random random = new(64);
        int all = TestLength.Of(trials, 10 * trials), alarms = 0;
        for (int trial = 0; trial < all; trial++)
        {
            if (Test(Rows.Normal(random, 60, columns), Rows.Normal(random, 80, columns), model).PValue <= 0.05)
                alarms++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{alarms} of {all} p-values are at most 0.05");
        Assert.InRange(alarms, 0, (all * 0.05) + (2 * Math.Sqrt(all * 0.05 * 0.95)));
    }

    [Fact]
    public void Permutations_give_a_p_value_too()
    {
        Random random = new(65);
        FeatureMatrix reference = Rows.Normal(random, 30, 2), current = Rows.Made(30, _ => [1.5 + Rows.Normal(random), Rows.Normal(random)]);
        TestResult changed = Test(reference, current, permutations: 99), same = Test(reference, reference, permutations: 99);
        Assert.Equal(0.01, changed.PValue, 1e-15);
        Assert.True(same.PValue > 0.05);
        Assert.Contains("99 permutations", changed.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void The_logarithm_of_the_p_value_is_there_where_it_underflows()
    {
        Random random = new(67);
        FeatureMatrix reference = Rows.Made(3000, _ => [random.NextDouble()]), current = Rows.Made(3000, _ => [100 + random.NextDouble()]);
        TestResult result = Test(reference, current);
        Assert.Equal((1, 0), (result.Statistic, result.PValue));

        // ln of the normal tail at z by the leading terms of Mills' ratio; no score is tied.
        const double n = 3000;
        double z = ((n * n / 2) - 0.5) / Math.Sqrt(2 * n * n / 12 * ((2 * n) + 1));
        Assert.Equal((-z * z / 2) - Math.Log(z * Math.Sqrt(2 * Math.PI)), result.LogPValue, 1e-3);
    }

    [Fact]
    public void What_cannot_be_compared_says_why()
    {
        FeatureMatrix ten = Rows.Normal(new Random(66), 10, 2), infinite = Rows.Made(10, row => [row == 0 ? double.PositiveInfinity : row, 1]);
        Assert.IsType<NotComputable.TooFewValues>(Test(ten, ten.Slice(0, 4)).NotComputable);
        Assert.IsType<NotComputable.InfiniteValues>(Test(ten, infinite).NotComputable);
        Assert.IsType<NotComputable.Overflow>(Test(Rows.Made(6, row => [row % 3 == 0 ? 1.7e308 : -1.7e308, 1]), ten).NotComputable);
        Assert.True(Test(ten, infinite, DomainModel.BoostedTrees).IsComputed);
        TestResult constant = Test(Rows.Made(9, _ => [1]), Rows.Made(9, _ => [1]));
        Assert.InRange(constant.PValue, 0.5, 1);
        Assert.Throws<ArgumentException>(() => Test(ten, Rows.Normal(new Random(1), 9, 3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => DomainClassifier.Test(ten, ten, folds: 1, cancellationToken: Token));
        Assert.Throws<ArgumentOutOfRangeException>(() => Test(ten, ten, (DomainModel)7));
        Assert.Throws<ArgumentOutOfRangeException>(() => Test(ten, ten, permutations: -1));
        Assert.Throws<OperationCanceledException>(() => DomainClassifier.Test(ten, ten, cancellationToken: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Wild_rows_raise_nothing() => Rows.CheckWild(TestLength.Of(5_000, 100_000), (reference, current) =>
    {
        ResultChecks.Sound(DomainClassifier.Test(reference, current, folds: 2, cancellationToken: Token));
        if (reference.Rows > 2 && current.Rows > 2 && reference.Columns == 2)
            ResultChecks.Sound(DomainClassifier.Test(reference, current, DomainModel.BoostedTrees, folds: 2, permutations: 1, cancellationToken: Token));
    });

    private static TestResult Test(FeatureMatrix reference, FeatureMatrix current, DomainModel model = DomainModel.LogisticRegression, int permutations = 0) =>
        ResultChecks.Sound(DomainClassifier.Test(reference, current, model, permutations: permutations, cancellationToken: Token));
}
