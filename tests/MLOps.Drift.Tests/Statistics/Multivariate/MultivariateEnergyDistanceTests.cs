using MLOps.Drift.Tests.Vectors;

namespace MLOps.Drift.Tests.Statistics;

public sealed class MultivariateEnergyDistanceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void The_statistic_is_that_of_numpy() => VectorCase.CheckAll(VectorCase.Of("multivariate.json", "mmd_rbf"), vector =>
    {
        (FeatureMatrix reference, FeatureMatrix current) = Rows.Of(vector);
        TestResult result = Test(reference, current);
        vector.CheckNumber("energy_distance_multivariate", result.Statistic);
        Assert.InRange(result.EffectSize, 0, 1);
        Assert.Equal(vector.Id.EndsWith("head", StringComparison.Ordinal) && !vector.Id.Contains("diabetes", StringComparison.Ordinal), result.PValue < 0.01);
    });

    [Fact]
    public void Samples_of_two_constants_are_as_inhomogeneous_as_can_be()
    {
        TestResult result = Test(FeatureMatrix.OfRows([[0, 0], [0, 0]]), FeatureMatrix.OfRows([[3, 4], [3, 4], [3, 4]]), standardise: false);
        Assert.Equal((10, 1), (result.Statistic, result.EffectSize));
    }

    [Fact]
    public void One_column_has_the_integral_of_the_squared_difference_of_the_distribution_functions()
    {
        // 2 ∫ (F − G)² dx of {0, 1} and {0.5}: 2 × (0.25 × 0.5 + 0.25 × 0.5).
        Assert.Equal(0.5, Test(FeatureMatrix.OfRows([[0], [1]]), FeatureMatrix.OfRows([[0.5]]), standardise: false).Statistic, 1e-15);
    }

    [Fact]
    public void What_cannot_be_compared_says_why()
    {
        FeatureMatrix one = FeatureMatrix.OfRows([[1, 2]]);
        Assert.IsType<NotComputable.NoSpread>(Test(one, one).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(Test(one, FeatureMatrix.OfRows([[double.NaN, 1]])).NotComputable);
        Assert.IsType<NotComputable.InfiniteValues>(Test(one, FeatureMatrix.OfRows([[double.PositiveInfinity, 1]])).NotComputable);
        Assert.IsType<NotComputable.Overflow>(Test(one, FeatureMatrix.OfRows([[1e300, 1]]), standardise: false).NotComputable);
        Assert.Throws<ArgumentException>(() => Test(one, FeatureMatrix.OfRows([[1]])));
    }

    [Fact]
    public void Wild_rows_raise_nothing() => Rows.CheckWild(TestLength.Of(5_000, 100_000), (reference, current) =>
    {
        ResultChecks.Sound(Test(reference, current, permutations: 3));
        TestResult result = ResultChecks.Sound(Test(reference, current, standardise: false, permutations: 1));
        if (result.IsComputed)
            Assert.InRange(result.EffectSize, 0, 1);
    });

    private static TestResult Test(FeatureMatrix reference, FeatureMatrix current, bool standardise = true, int permutations = 500) =>
        ResultChecks.Sound(MultivariateEnergyDistance.Test(reference, current, standardise, permutations, cancellationToken: Token));
}
