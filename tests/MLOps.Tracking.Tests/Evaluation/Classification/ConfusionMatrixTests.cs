using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation.Classification;

public sealed class ConfusionMatrixTests
{
    private const int Classes = 5;

    private static readonly Arbitrary<(int Actual, int Predicted, double Weight)[]> AnyRows = (
        from length in Gen.Choose(1, 80)
        from classes in Gen.Choose(1, Classes)
        from rows in (
            from actual in Gen.Choose(0, classes - 1)
            from predicted in Gen.Choose(0, classes - 1)
            from weight in Gen.Frequency((1, Gen.Constant(0.0)), (6, Gen.Choose(1, 400).Select(i => i / 100.0)))
            select (actual, predicted, weight)).ArrayOf(length)
        select rows).ToArbitrary();

    [Property(MaxTest = 300)]
    public Property Metrics_of_a_class_are_those_of_that_class_against_the_rest() => Prop.ForAll(AnyRows, rows =>
    {
        ConfusionMatrix matrix = Of(rows);
        for (int number = 0; number < Classes; number++)
        {
            bool[] labels = [.. rows.Select(row => row.Actual == number)];
            double[] scores = [.. rows.Select(row => row.Predicted == number ? 1.0 : 0.0)], weights = [.. rows.Select(row => row.Weight)];
            Near.Equal(ClassificationMetrics.Precision(labels, scores, 0.5, weights), matrix.Precision(number));
            Near.Equal(ClassificationMetrics.Recall(labels, scores, 0.5, weights, zeroDivision: 1), matrix.Recall(number, zeroDivision: 1));
            Near.Equal(ClassificationMetrics.F1(labels, scores, 0.5, weights), matrix.F1(number));
            Near.Equal(rows.Where(row => row.Actual == number).Sum(row => row.Weight), matrix.Support(number));
        }
    });

    [Property(MaxTest = 300)]
    public Property Averages_are_over_the_classes_that_occur() => Prop.ForAll(AnyRows, rows =>
    {
        ConfusionMatrix matrix = Of(rows);
        var weighing = rows.Where(row => row.Weight > 0).ToArray();
        int[] occurring = [.. weighing.SelectMany(row => new[] { row.Actual, row.Predicted }).Distinct()];
        double total = weighing.Sum(row => row.Weight);
        Near.Equal(occurring.Sum(number => matrix.F1(number)) / occurring.Length, matrix.F1(Averaging.Macro));
        Near.Equal(occurring.Sum(number => matrix.Support(number) * matrix.Precision(number)) / total, matrix.Precision(Averaging.Weighted));
        Near.Equal(weighing.Where(row => row.Actual == row.Predicted).Sum(row => row.Weight) / total, matrix.Accuracy);
        Near.Equal(matrix.Accuracy, matrix.Recall(Averaging.Weighted));
        Near.Equal(matrix.Accuracy, matrix.Precision(Averaging.Micro));
        Near.Equal(matrix.Accuracy, matrix.F1(Averaging.Micro));
        Near.Equal(total, matrix.Weight);
        Assert.Equal(rows.Length, matrix.Rows);
    });

    [Property(MaxTest = 200)]
    public Property Rows_one_by_one_in_parts_and_merged_in_any_grouping_are_the_same_matrix() => Prop.ForAll(AnyRows, AnyRows, AnyRows, (first, second, third) =>
    {
        ConfusionMatrix whole = Of([.. first, .. second, .. third]), left = Of(first), right = Of(second), single = new(Classes);
        left.Merge(Of(second));
        left.Merge(Of(third));
        right.Merge(Of(third));
        ConfusionMatrix grouped = Of(first);
        grouped.Merge(right);
        foreach ((int actual, int predicted, double weight) in first.Concat(second).Concat(third))
            single.Add(actual, predicted, weight);
        foreach (ConfusionMatrix same in new[] { left, grouped, single })
        {
            Assert.Equal(whole.Rows, same.Rows);
            for (int cell = 0; cell < Classes * Classes; cell++)
                Near.Equal(whole[cell / Classes, cell % Classes], same[cell / Classes, cell % Classes]);
        }
    });

    [Fact]
    public void A_small_case_by_hand()
    {
        var matrix = new ConfusionMatrix(["cat", "dog", "bird"]);
        matrix.Add([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2]);
        Assert.Equal((2, 1, 0, 1), (matrix[0, 0], matrix[0, 1], matrix[0, 2], matrix[1, 2]));
        Near.Equal(4 / 6.0, matrix.Accuracy);
        Near.Equal(1, matrix.Precision(0));
        Near.Equal(2 / 3.0, matrix.Recall(0));
        Near.Equal((1 + 0.5 + 0.5) / 3, matrix.Precision(Averaging.Macro));
        Near.Equal(((3 * 1) + (2 * 0.5) + (1 * 0.5)) / 6, matrix.Precision(Averaging.Weighted));
        Assert.Equal(["cat", "dog", "bird"], matrix.ClassNames);
        Assert.Equal(["0", "1"], new ConfusionMatrix(2).ClassNames);
    }

    [Fact]
    public void Many_small_weights_beside_a_large_one_are_not_lost()
    {
        var matrix = new ConfusionMatrix(1);
        matrix.Add(0, 0, 1e16);
        for (int i = 0; i < 1000; i++)
            matrix.Add(0, 0);
        Assert.Equal(1e16 + 1000, matrix.Weight);
    }

    [Fact]
    public void Nothing_added_has_no_metrics_and_a_reset_adds_nothing()
    {
        var matrix = new ConfusionMatrix(3);
        matrix.Add([], []);
        CheckEmpty();
        matrix.Add(1, 2);
        matrix.Reset();
        CheckEmpty();

        void CheckEmpty()
        {
            Assert.Equal((0, 0), (matrix.Rows, matrix.Weight));
            Assert.Equal(double.NaN, matrix.Accuracy);
            Assert.Equal(double.NaN, matrix.F1(Averaging.Macro));
            Assert.Equal(double.NaN, matrix.F1(Averaging.Weighted));
            Assert.Equal(double.NaN, matrix.F1(Averaging.Micro));
            Assert.Equal(0, matrix.F1(0));
        }
    }

    [Fact]
    public void A_class_that_is_never_predicted_can_be_left_out_of_the_mean()
    {
        var matrix = new ConfusionMatrix(2);
        matrix.Add([0, 1], [0, 0]);
        Near.Equal(0.25, matrix.Precision(Averaging.Macro));
        Near.Equal(0.75, matrix.Precision(Averaging.Macro, zeroDivision: 1));
        Near.Equal(0.5, matrix.Precision(Averaging.Macro, zeroDivision: double.NaN));
    }

    [Fact]
    public void A_refused_span_adds_nothing()
    {
        var matrix = new ConfusionMatrix(2);
        Assert.Contains("predicted[1] is 2", Assert.Throws<ArgumentException>(() => matrix.Add([0, 1], [0, 2])).Message, StringComparison.Ordinal);
        Assert.Contains("actual[0] is -1", Assert.Throws<ArgumentException>(() => matrix.Add([-1], [0])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => matrix.Add([0, 1], [0]));
        Assert.Throws<ArgumentException>(() => matrix.Add([0, 1], [0, 1], [1, double.NaN]));
        Assert.Throws<ArgumentException>(() => matrix.Add(0, 1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Add(0, 2));
        Assert.Equal(0, matrix.Rows);
    }

    [Fact]
    public void Misuse_is_told()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConfusionMatrix(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConfusionMatrix(10_001));
        Assert.Throws<ArgumentException>(() => new ConfusionMatrix([]));
        Assert.Contains("'a'", Assert.Throws<ArgumentException>(() => new ConfusionMatrix(["a", "b", "a"])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ConfusionMatrix(["a", null!]));
        var matrix = new ConfusionMatrix(["a", "b"]);
        Assert.Throws<ArgumentException>(() => matrix.Merge(new ConfusionMatrix(["b", "a"])));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix[0, 2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.F1((Averaging)3));
    }

    private static ConfusionMatrix Of((int Actual, int Predicted, double Weight)[] rows)
    {
        var matrix = new ConfusionMatrix(Classes);
        matrix.Add([.. rows.Select(row => row.Actual)], [.. rows.Select(row => row.Predicted)], [.. rows.Select(row => row.Weight)]);
        return matrix;
    }
}
