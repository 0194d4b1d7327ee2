namespace MLOps.Drift.Statistics;

/// <summary>Binary logistic regression that minimises ½ ‖w‖² + C Σ log(1 + exp(−y (w·x + b))) with C = 1: scikit-learn's objective, the intercept b without penalty.</summary>
/// <remarks>By Newton's method with step halving from w = 0, to the rounding of the objective: deterministic, and in at most 50 steps. Time steps × rows × columns² / 2.</remarks>
internal static class LogisticRegression
{
    private const int MostSteps = 50;
    private const int MostHalvings = 30;

    /// <param name="rows">Row-major and finite.</param>
    /// <param name="columns">How many values make a row.</param>
    /// <param name="train">The rows to learn from; both classes are among them.</param>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The weights, and the intercept behind them.</returns>
    public static double[] Fit(double[] rows, int columns, ReadOnlySpan<int> train, ReadOnlySpan<bool> labels, CancellationToken cancellationToken)
    {
        double[] weights = new double[columns + 1], gradient = new double[columns + 1], hessian = new double[(columns + 1) * (columns + 1)], next = new double[columns + 1];
        double objective = Objective(rows, columns, train, labels, weights);
        for (int step = 0; step < MostSteps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Derive(rows, columns, train, labels, weights, gradient, hessian);
            SolveInplace(hessian, gradient);
            double share = 1, reached = double.PositiveInfinity;
            for (int halving = 0; halving < MostHalvings && !(reached < objective); halving++, share /= 2)
            {
                for (int at = 0; at <= columns; at++)
                    next[at] = weights[at] - (share * gradient[at]);
                reached = Objective(rows, columns, train, labels, next);
            }

            if (!(reached < objective))
                break;
            bool isThere = objective - reached <= 1e-13 * objective;
            (weights, next, objective) = (next, weights, reached);
            if (isThere)
                break;
        }

        return weights;
    }

    public static double Score(ReadOnlySpan<double> row, ReadOnlySpan<double> weights)
    {
        double score = weights[^1];
        for (int column = 0; column < row.Length; column++)
            score += weights[column] * row[column];
        return score;
    }

    private static double Objective(double[] rows, int columns, ReadOnlySpan<int> train, ReadOnlySpan<bool> labels, ReadOnlySpan<double> weights)
    {
        double sum = 0;
        foreach (double weight in weights[..columns])
            sum += weight * weight / 2;
        foreach (int row in train)
        {
            double score = Score(rows.AsSpan(row * columns, columns), weights), against = labels[row] ? -score : score;
            sum += Math.Max(against, 0) + Math.Log(1 + Math.Exp(-Math.Abs(against)));
        }

        return sum;
    }

    private static void Derive(
        double[] rows, int columns, ReadOnlySpan<int> train, ReadOnlySpan<bool> labels, ReadOnlySpan<double> weights, Span<double> gradient, Span<double> hessian)
    {
        int size = columns + 1;
        hessian.Clear();
        weights.CopyTo(gradient);
        gradient[columns] = 0;
        for (int column = 0; column < columns; column++)
            hessian[(column * size) + column] = 1;
        foreach (int row in train)
        {
            ReadOnlySpan<double> values = rows.AsSpan(row * columns, columns);
            double probability = 1 / (1 + Math.Exp(-Score(values, weights)));
            double error = probability - (labels[row] ? 1 : 0), curvature = probability * (1 - probability);
            for (int first = 0; first < columns; first++)
            {
                gradient[first] += error * values[first];
                double weighted = curvature * values[first];
                Span<double> line = hessian.Slice(first * size, first + 1);
                for (int second = 0; second < line.Length; second++)
                    line[second] += weighted * values[second];
                hessian[(columns * size) + first] += weighted;
            }

            gradient[columns] += error;
            hessian[(columns * size) + columns] += curvature;
        }
    }

    /// <summary>Solves A x = b by Cholesky's decomposition of the lower half of A; x takes the place of b. Where rounding has left no pivot, that x is 0.</summary>
    private static void SolveInplace(Span<double> matrix, Span<double> vector)
    {
        int size = vector.Length;
        for (int row = 0; row < size; row++)
        {
            for (int column = 0; column <= row; column++)
            {
                double sum = matrix[(row * size) + column];
                for (int at = 0; at < column; at++)
                    sum -= matrix[(row * size) + at] * matrix[(column * size) + at];
                double pivot = matrix[(column * size) + column];
                matrix[(row * size) + column] = row == column ? Math.Sqrt(Math.Max(sum, 0)) : pivot > 0 ? sum / pivot : 0;
            }
        }

        for (int row = 0; row < size; row++)
        {
            double sum = vector[row], pivot = matrix[(row * size) + row];
            for (int at = 0; at < row; at++)
                sum -= matrix[(row * size) + at] * vector[at];
            vector[row] = pivot > 0 ? sum / pivot : 0;
        }

        for (int row = size - 1; row >= 0; row--)
        {
            double sum = vector[row], pivot = matrix[(row * size) + row];
            for (int at = row + 1; at < size; at++)
                sum -= matrix[(at * size) + row] * vector[at];
            vector[row] = pivot > 0 ? sum / pivot : 0;
        }
    }
}
