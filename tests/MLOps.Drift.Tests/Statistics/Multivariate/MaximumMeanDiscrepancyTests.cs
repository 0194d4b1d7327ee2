using MLOps.Drift.Tests.Vectors;

namespace MLOps.Drift.Tests.Statistics;

public sealed class MaximumMeanDiscrepancyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Statistic_and_bandwidth_are_those_of_numpy() => VectorCase.CheckAll(VectorCase.Of("multivariate.json", "mmd_rbf"), vector =>
    {
        (FeatureMatrix reference, FeatureMatrix current) = Rows.Of(vector);
        vector.CheckNumber("mmd2_unbiased", Test(reference, current, permutations: 99).Statistic);
        vector.CheckNumber("mmd2_biased", Test(reference, current, biased: true, permutations: 0).Statistic);
        double median = vector.ExpectedNumber("median_sq_distance");
        Assert.Contains($"γ = {(1 / median).ToString("G6", System.Globalization.CultureInfo.InvariantCulture)} (1 / median", Test(reference, current, permutations: 0).Rule, StringComparison.Ordinal);
        Assert.Equal(vector.Id.EndsWith("head", StringComparison.Ordinal) && !vector.Id.Contains("diabetes", StringComparison.Ordinal), Test(reference, current).PValue < 0.01);
    });

    [Fact]
    public void A_changed_correlation_shows_although_no_column_changes()
    {
        Random random = new(20);
        FeatureMatrix reference = Correlated(random, 300, 0.9), same = Correlated(random, 300, 0.9), changed = Correlated(random, 300, 0);
        Assert.Equal(1.0 / 501, Test(reference, changed).PValue, 1e-15);
        Assert.InRange(Test(reference, same).PValue, 0.02, 1);
    }

    [Fact]
    public void Without_a_change_p_values_are_as_often_below_a_level_as_it_says()
    {
        Random random = new(21);
        int trials = TestLength.Of(300, 3000), alarms = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            if (Test(Rows.Normal(random, 12, 2), Rows.Normal(random, 17, 2), permutations: 99, random: random).PValue <= 0.05)
                alarms++;
        }

        double deviation = Math.Sqrt(trials * 0.05 * 0.95);
        Assert.InRange(alarms, (trials * 0.05) - (4 * deviation), (trials * 0.05) + (4 * deviation));
    }

    [Fact]
    public void Sides_may_be_swapped_and_rows_reordered()
    {
        Random random = new(22);
        FeatureMatrix reference = Rows.Normal(random, 70, 3), current = Rows.Normal(random, 31, 3);
        double statistic = Test(reference, current, standardise: false).Statistic;
        Assert.Equal(statistic, Test(current, reference, standardise: false).Statistic, 1e-14);
        Assert.Equal(statistic, Test(reference.Only([.. Enumerable.Range(0, 70).Reverse()]), current, standardise: false).Statistic, 1e-14);
    }

    [Fact]
    public void Units_of_the_columns_do_not_count()
    {
        Random random = new(23);
        FeatureMatrix reference = Rows.Normal(random, 70, 3), current = Rows.Normal(random, 31, 3);
        TestResult expected = Test(reference, current), scaled = Test(Scaled(reference), Scaled(current));
        Assert.Equal(expected.Statistic, scaled.Statistic, 1e-12);
        Assert.Equal(expected.PValue, scaled.PValue);

        static FeatureMatrix Scaled(FeatureMatrix rows) => Rows.Made(rows.Rows, row => [(rows.Row(row)[0] * 1e6) + 3e6, (rows.Row(row)[1] * -1e-200) + 2e-200, rows.Row(row)[2] * 1e200]);
    }

    [Fact]
    public void Equal_input_gives_equal_results_on_any_number_of_threads()
    {
        Random random = new(24);
        FeatureMatrix reference = Rows.Normal(random, 400, 3), current = Rows.Normal(random, 300, 3);
        TestResult first = Test(reference, current);
        for (int again = 0; again < 5; again++)
        {
            TestResult next = Test(reference, current);
            Assert.Equal((first.Statistic, first.PValue, first.Rule), (next.Statistic, next.PValue, next.Rule));
        }
    }

    [Fact]
    public void Beyond_the_row_limit_a_random_part_is_compared_and_the_rule_says_so()
    {
        Random random = new(25);
        FeatureMatrix reference = Rows.Normal(random, 3000, 2), current = Rows.Normal(random, 90, 2);
        TestResult part = Test(reference, current, mostRows: 200, permutations: 49);
        Assert.Equal((200, 90), (part.ReferenceCount, part.CurrentCount));
        Assert.Contains("at most 200 rows of a side drawn at random", part.Rule, StringComparison.Ordinal);
        Assert.Contains("3000", Assert.Single(part.Notes), StringComparison.Ordinal);
        Assert.Contains("2,048 rows drawn at random", Test(reference, current, permutations: 9).Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void A_random_part_has_each_row_as_often_as_the_others_in_order_and_once()
    {
        Random random = new(26);
        int[] counts = new int[20];
        for (int draw = 0; draw < 4000; draw++)
        {
            int[] drawn = PairedRows.Draw([.. Enumerable.Range(0, 20)], 5, random);
            Assert.Equal(drawn.Distinct().Order(), drawn);
            Assert.Equal(5, drawn.Length);
            foreach (int row in drawn)
                counts[row]++;
        }

        // 1,000 expected of each, standard deviation 27.
        Assert.All(counts, count => Assert.InRange(count, 860, 1140));
    }

    [Fact]
    public void Rows_with_a_missing_value_are_left_out_and_counted()
    {
        FeatureMatrix reference = FeatureMatrix.OfRows([[1, 2], [double.NaN, 1], [2, 3], [4, 1]]), current = FeatureMatrix.OfRows([[1, 1], [2, 2], [double.NaN, double.NaN]]);
        TestResult result = Test(reference, current), complete = Test(reference.Only([0, 2, 3]), current.Slice(0, 2));
        Assert.Equal((3, 2, 1, 1), (result.ReferenceCount, result.CurrentCount, result.ReferenceMissing, result.CurrentMissing));
        Assert.Equal(complete.Statistic, result.Statistic);
    }

    [Fact]
    public void What_cannot_be_compared_says_why()
    {
        FeatureMatrix two = FeatureMatrix.OfRows([[1, 2], [2, 1]]);
        Assert.IsType<NotComputable.TooFewValues>(Test(two, two.Slice(0, 1)).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(Test(two, FeatureMatrix.OfRows([])).NotComputable);
        Assert.IsType<NotComputable.NoSpread>(Test(FeatureMatrix.OfRows([[5], [5]]), FeatureMatrix.OfRows([[5], [5]])).NotComputable);
        Assert.IsType<NotComputable.InfiniteValues>(Test(two, FeatureMatrix.OfRows([[1, 2], [double.NegativeInfinity, 1]])).NotComputable);
        Assert.IsType<NotComputable.BeyondLimit>(Test(FeatureMatrix.OfRows([[], []]), FeatureMatrix.OfRows([[], []])).NotComputable);
        Assert.IsType<NotComputable.Overflow>(Test(FeatureMatrix.OfRows([[1.7e308], [-1.7e308], [-1.7e308]]), FeatureMatrix.OfRows([[1], [2]])).NotComputable);
        Assert.True(Test(two.Slice(0, 1), two.Slice(1, 1), biased: true).IsComputed);
    }

    [Fact]
    public void Misuse_is_refused_and_work_can_be_cancelled()
    {
        FeatureMatrix two = FeatureMatrix.OfRows([[1, 2], [2, 1]]);
        Assert.Throws<ArgumentException>(() => Test(two, FeatureMatrix.OfRows([[1], [2]])));
        Assert.Throws<ArgumentNullException>(() => Test(null!, two));
        Assert.Throws<ArgumentOutOfRangeException>(() => Test(two, two, gamma: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Test(two, two, gamma: double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => Test(two, two, permutations: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Test(two, two, mostRows: 1));
        Assert.Throws<OperationCanceledException>(() => MaximumMeanDiscrepancy.Test(two, two, cancellationToken: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Wild_rows_raise_nothing() => Rows.CheckWild(TestLength.Of(5_000, 100_000), (reference, current) =>
    {
        ResultChecks.Sound(Test(reference, current, permutations: 5));
        ResultChecks.Sound(Test(reference, current, standardise: false, biased: true, permutations: 1));
        TestResult given = ResultChecks.Sound(Test(reference, current, gamma: 0.5, standardise: false, permutations: 1));
        if (given.IsComputed)
            Assert.InRange(given.Statistic, -2.000001, 2.000001);
    });

    private static TestResult Test(
        FeatureMatrix reference, FeatureMatrix current, double? gamma = null, bool standardise = true, bool biased = false, int permutations = 500, int mostRows = 5_000, Random? random = null) =>
        ResultChecks.Sound(MaximumMeanDiscrepancy.Test(reference, current, gamma, standardise, biased, permutations, mostRows, random, Token));

    private static FeatureMatrix Correlated(Random random, int rows, double correlation) => Rows.Made(rows, _ =>
    {
        double first = Rows.Normal(random);
        return [first, (correlation * first) + (Math.Sqrt(1 - (correlation * correlation)) * Rows.Normal(random))];
    });
}
