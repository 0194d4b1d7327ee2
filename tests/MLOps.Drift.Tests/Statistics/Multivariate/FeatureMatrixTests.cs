namespace MLOps.Drift.Tests.Statistics;

public sealed class FeatureMatrixTests
{
    [Fact]
    public void Rows_columns_and_row_major_values_make_the_same_matrix()
    {
        FeatureMatrix[] all =
        [
            FeatureMatrix.OfRows([[1, 2, 3], [4, 5, 6]]), FeatureMatrix.OfColumns([[1, 4], [2, 5], [3, 6]]), FeatureMatrix.OfRowMajor([1, 2, 3, 4, 5, 6], 3),
            FeatureMatrix.OfRowMajor([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 3).Slice(1, 2),
        ];
        Assert.All(all, matrix =>
        {
            Assert.Equal((2, 3), (matrix.Rows, matrix.Columns));
            Assert.Equal([1, 2, 3], matrix.Row(0));
            Assert.Equal([4, 5, 6], matrix.Row(1));
            Assert.Equal([2, 5], matrix.Column(1));
            Assert.Equal([1, 2, 3, 9], matrix.With([9, 8]).Row(0));
            Assert.Equal([4, 5, 6], matrix.Only([1]).Row(0));
        });
    }

    [Fact]
    public void What_was_given_can_change_afterwards()
    {
        double[] row = [1, 2];
        FeatureMatrix matrix = FeatureMatrix.OfRows([row]);
        row[0] = 9;
        Assert.Equal(1, matrix.Row(0)[0]);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentException>(() => FeatureMatrix.OfRows([[1], [1, 2]]));
        Assert.Throws<ArgumentException>(() => FeatureMatrix.OfColumns([[1], [1, 2]]));
        Assert.Throws<ArgumentException>(() => FeatureMatrix.OfRowMajor([1, 2, 3], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => FeatureMatrix.OfRowMajor([], 0));
        FeatureMatrix matrix = FeatureMatrix.OfRows([[1, 2], [3, 4]]);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Row(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Row(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Slice(1, 1).Row(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Slice(1, 2));
    }
}
