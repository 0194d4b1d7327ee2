namespace MLOps.Drift.Tests.Statistics;

public sealed class LogisticRegressionTests
{
    [Theory]
    [InlineData(40, 1, 0.0)]
    [InlineData(300, 4, 0.7)]
    [InlineData(50, 3, 1000.0)]
    public void The_gradient_of_the_objective_is_zero_at_the_solution(int rows, int columns, double signal)
    {
        Random random = new(40);
        double[] values = [.. Rows.Normal(random, rows, columns).Values];
        bool[] labels = [.. Enumerable.Range(0, rows).Select(row => (signal * values[row * columns]) + Rows.Normal(random) > 0.3)];
        int[] train = [.. Enumerable.Range(0, rows).Where(row => row % 3 != 0)];
        double[] weights = LogisticRegression.Fit(values, columns, train, labels, TestContext.Current.CancellationToken);

        double[] gradient = [.. weights];
        gradient[columns] = 0;
        foreach (int row in train)
        {
            ReadOnlySpan<double> at = values.AsSpan(row * columns, columns);
            double error = (1 / (1 + Math.Exp(-LogisticRegression.Score(at, weights)))) - (labels[row] ? 1 : 0);
            for (int column = 0; column < columns; column++)
                gradient[column] += error * at[column];
            gradient[columns] += error;
        }

        Assert.All(gradient, part => Assert.InRange(Math.Abs(part), 0, 1e-5));
    }

    [Fact]
    public void Of_two_columns_that_are_the_same_each_takes_half_the_weight()
    {
        double[] weights = LogisticRegression.Fit([-2, -2, -1, -1, 1, 1, 2, 2], 2, [0, 1, 2, 3], [false, true, false, true], TestContext.Current.CancellationToken);
        Assert.True(weights[0] > 0.1);
        Assert.Equal(weights[0], weights[1], 1e-9);
    }

    [Fact]
    public void Extreme_columns_give_finite_weights()
    {
        double[] rows = [1e6, 0, -1e6, 0, 1e6, 1, 1e-6, 0, 1e6, 0, 1e6, 0];
        double[] weights = LogisticRegression.Fit(rows, 2, [0, 1, 2, 3, 4, 5], [true, false, true, false, true, true], TestContext.Current.CancellationToken);
        Assert.All(weights, weight => Assert.True(double.IsFinite(weight)));
    }
}
