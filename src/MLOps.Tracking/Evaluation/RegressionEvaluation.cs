using System.Globalization;
using MLOps.Tracking.Evaluation.Plots;

namespace MLOps.Tracking.Evaluation;

/// <summary>The evaluation of a regression.</summary>
internal sealed class RegressionEvaluation : ModelEvaluation
{
    private const int MostPoints = 1000, CellsASide = 40;
    private readonly Axis _axis;
    private readonly (double Target, double Prediction)[] _points;
    private readonly double[] _cells;

    private RegressionEvaluation(Dictionary<string, double> metrics, Axis axis, (double Target, double Prediction)[] points, double[] cells)
        : base(metrics) => (_axis, _points, _cells) = (axis, points, cells);

    internal override string Kind => "regression";

    internal override IEnumerable<(string Name, string[] Columns, IEnumerable<IReadOnlyList<object?>> Rows)> Tables => [];

    public static RegressionEvaluation Of(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, ReadOnlySpan<double> weights)
    {
        RowChecks.NotEmpty(targets.Length, nameof(targets));
        var sums = new RegressionAccumulator();
        sums.Add(targets, predictions, weights);
        Dictionary<string, double> metrics = new(StringComparer.Ordinal)
        {
            ["example_count"] = targets.Length,
            ["mean_squared_error"] = sums.MeanSquaredError,
            ["root_mean_squared_error"] = sums.RootMeanSquaredError,
            ["mean_absolute_error"] = sums.MeanAbsoluteError,
            ["r2_score"] = sums.RSquared,
        };

        double from = double.PositiveInfinity, to = double.NegativeInfinity;
        for (int row = 0; row < targets.Length; row++)
            (from, to) = (Math.Min(from, Math.Min(targets[row], predictions[row])), Math.Max(to, Math.Max(targets[row], predictions[row])));
        var axis = new Axis("Actual", from, to);
        var points = new (double, double)[targets.Length <= MostPoints ? targets.Length : 0];
        var cells = new double[points.Length == 0 ? CellsASide * CellsASide : 0];
        for (int row = 0; row < targets.Length; row++)
        {
            if (points.Length > 0)
                points[row] = (targets[row], predictions[row]);
            else
                cells[(Cell(axis, predictions[row]) * CellsASide) + Cell(axis, targets[row])] += weights.IsEmpty ? 1 : weights[row];
        }

        return new RegressionEvaluation(metrics, axis, points, cells);
    }

    internal override IEnumerable<(string File, byte[] Svg)> Plots(string name)
    {
        var chart = new Chart(
            $"Predicted over actual — {name}",
            string.Create(CultureInfo.InvariantCulture, $"RMSE {Metrics["root_mean_squared_error"]:G5}, R² {Metrics["r2_score"]:0.####}"),
            _axis,
            new Axis("Predicted", _axis.From, _axis.To));
        // Many rows in a cell darken it by the logarithm of their number, so that a single row can still be seen.
        double heaviest = _cells.DefaultIfEmpty(0).Max(), lightest = _cells.Where(weight => weight > 0).DefaultIfEmpty(1).Min();
        for (int cell = 0; cell < _cells.Length; cell++)
        {
            if (_cells[cell] > 0)
                chart.Cell(Edge(cell % CellsASide), Edge(cell / CellsASide), Edge((cell % CellsASide) + 1), Edge((cell / CellsASide) + 1), 0.15 + (0.85 * Math.Log(_cells[cell] / lightest) / Math.Max(1, Math.Log(heaviest / lightest))));
        }

        chart.Reference(_axis.From, _axis.From, _axis.To, _axis.To);
        foreach ((double target, double prediction) in _points)
            chart.Point(target, prediction, 3, opacity: 0.5);
        return [("predicted_actual", chart.ToUtf8())];
    }

    private static int Cell(Axis axis, double value) => Math.Clamp((int)(axis.Position(value) * CellsASide), 0, CellsASide - 1);

    private double Edge(int cell) => _axis.From + ((_axis.To / CellsASide * cell) - (_axis.From / CellsASide * cell));
}
