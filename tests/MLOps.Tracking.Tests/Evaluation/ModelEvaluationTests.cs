using System.Globalization;
using System.Text;
using System.Xml.Linq;
using MLOps.Tracking.Evaluation;
using MLOps.Tracking.Tests.Evaluation.Plots;
using static MLOps.Tracking.Tests.Evaluation.SklearnSample;

namespace MLOps.Tracking.Tests.Evaluation;

public sealed class ModelEvaluationTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void A_binary_evaluation_has_the_metrics_of_its_rows()
    {
        IReadOnlyDictionary<string, double> metrics = ModelEvaluation.Binary(Labels, Probabilities, 0.4, Weights).Metrics;
        Dictionary<string, double> expected = new()
        {
            ["example_count"] = 40,
            ["accuracy_score"] = ClassificationMetrics.Accuracy(Labels, Probabilities, 0.4, Weights),
            ["precision_score"] = ClassificationMetrics.Precision(Labels, Probabilities, 0.4, Weights),
            ["recall_score"] = ClassificationMetrics.Recall(Labels, Probabilities, 0.4, Weights),
            ["f1_score"] = ClassificationMetrics.F1(Labels, Probabilities, 0.4, Weights),
            ["true_positives"] = Enumerable.Range(0, 40).Where(row => Labels[row] && Probabilities[row] >= 0.4).Sum(row => Weights[row]),
            ["false_positives"] = Enumerable.Range(0, 40).Where(row => !Labels[row] && Probabilities[row] >= 0.4).Sum(row => Weights[row]),
            ["false_negatives"] = Enumerable.Range(0, 40).Where(row => Labels[row] && Probabilities[row] < 0.4).Sum(row => Weights[row]),
            ["true_negatives"] = Enumerable.Range(0, 40).Where(row => !Labels[row] && Probabilities[row] < 0.4).Sum(row => Weights[row]),
            ["roc_auc"] = ClassificationMetrics.RocAuc(Labels, Probabilities, Weights),
            ["precision_recall_auc"] = ClassificationMetrics.AveragePrecision(Labels, Probabilities, Weights),
            ["log_loss"] = ClassificationMetrics.LogLoss(Labels, Probabilities, Weights),
            ["brier_score"] = ClassificationMetrics.BrierScore(Labels, Probabilities, Weights),
            ["expected_calibration_error"] = CalibrationCurve.Uniform(Labels, Probabilities, 10, Weights).ExpectedCalibrationError,
        };
        Assert.Equal(expected.Keys.Order(), metrics.Keys.Order());
        foreach ((string key, double value) in expected)
            Near.Equal(value, metrics[key]);
    }

    [Fact]
    public void A_multiclass_evaluation_predicts_the_first_of_the_most_probable_classes()
    {
        ModelEvaluation evaluation = ModelEvaluation.Multiclass([0, 1, 2], [0.4, 0.4, 0.2, 0.1, 0.8, 0.1, 0.5, 0.3, 0.2], ["a", "b", "c"], [1, 2, 1]);
        var matrix = new ConfusionMatrix(["a", "b", "c"]);
        matrix.Add([0, 1, 2], [0, 1, 0], [1, 2, 1]);
        Near.Equal(0.75, evaluation.Metrics["accuracy_score"]);
        Near.Equal(matrix.F1(Averaging.Weighted), evaluation.Metrics["f1_score"]);
        Near.Equal(matrix.Recall(Averaging.Macro), evaluation.Metrics["recall_score_macro"]);
        Near.Equal(-(Math.Log(0.4) + (2 * Math.Log(0.8)) + Math.Log(0.2)) / 4, evaluation.Metrics["log_loss"]);
        Assert.False(ModelEvaluation.Multiclass(matrix).Metrics.ContainsKey("log_loss"));
    }

    [Fact]
    public void An_evaluation_of_a_matrix_does_not_change_with_it()
    {
        var matrix = new ConfusionMatrix(2);
        matrix.Add(0, 0);
        ModelEvaluation evaluation = ModelEvaluation.Multiclass(matrix);
        byte[] before = Plot(evaluation, "confusion");
        matrix.Add(1, 0);
        Assert.Equal(before, Plot(evaluation, "confusion"));
        Assert.Equal(1, evaluation.Metrics["accuracy_score"]);
    }

    [Fact]
    public void A_regression_evaluation_has_the_metrics_of_its_rows()
    {
        IReadOnlyDictionary<string, double> metrics = ModelEvaluation.Regression(Targets, Predictions, Weights).Metrics;
        Near.Equal(
            [40, 6.31877504814816, Math.Sqrt(6.31877504814816), 2.2327518518518543, 0.9715490495787725],
            [metrics["example_count"], metrics["mean_squared_error"], metrics["root_mean_squared_error"], metrics["mean_absolute_error"], metrics["r2_score"]]);
    }

    [Fact]
    public void Plots_are_images_of_their_own_with_titles_labels_and_ticks_and_the_same_bytes_every_time()
    {
        ModelEvaluation[] evaluations =
        [
            ModelEvaluation.Binary(Labels, Probabilities), ModelEvaluation.Regression(Targets, Predictions), ModelEvaluation.Multiclass(Actual, ClassProbabilities, ["a <&>", "\"b\"", "ג", "d"]),
        ];
        (string File, string Title, string[] Texts)[] expected =
        [
            ("roc", "ROC curve — on <Monday> & Tuesday", ["AUC 0.7578", "False positive rate", "True positive rate", "0.2", "1"]),
            ("precision_recall", "Precision–recall curve — on <Monday> & Tuesday", ["average precision 0.7179", "Recall", "Precision", "0.4"]),
            ("calibration", "Calibration — on <Monday> & Tuesday", ["Mean predicted probability", "Share of positive rows", "0.6"]),
            ("confusion", "Confusion matrix — on <Monday> & Tuesday", ["accuracy 0.65", "Predicted", "Actual", "negative", "positive", "9", "17", "7"]),
            ("predicted_actual", "Predicted over actual — on <Monday> & Tuesday", ["RMSE 2.4868, R² 0.965", "Actual", "Predicted", "120"]),
            ("confusion", "Confusion matrix — on <Monday> & Tuesday", ["a <&>", "\"b\"", "ג", "d"]),
        ];
        (string File, byte[] Svg)[] plots = [.. evaluations.SelectMany(evaluation => evaluation.Plots("on <Monday> & Tuesday"))];
        Assert.Equal(expected.Select(plot => plot.File), plots.Select(plot => plot.File));
        Assert.Equal(plots.Select(plot => Encoding.UTF8.GetString(plot.Svg)), evaluations.SelectMany(evaluation => evaluation.Plots("on <Monday> & Tuesday")).Select(plot => Encoding.UTF8.GetString(plot.Svg)));
        for (int plot = 0; plot < plots.Length; plot++)
        {
            XElement root = SvgTests.Parse(plots[plot].Svg);
            Assert.Equal(expected[plot].Title, root.Element(s_svg + "title")?.Value);
            string[] texts = [.. root.Elements(s_svg + "text").Select(text => text.Nodes().OfType<XText>().First().Value)];
            Assert.Subset(texts.ToHashSet(), expected[plot].Texts.ToHashSet());
        }
    }

    [Fact]
    public void The_roc_curve_is_drawn_where_its_points_are()
    {
        XElement line = SvgTests.Parse(Plot(ModelEvaluation.Binary([true, false, true, false], [0.9, 0.8, 0.7, 0.1]), "roc")).Element(s_svg + "polyline")!;
        // The frame is 400 pixels wide and high, from (68, 58): (0, 0) (0, ½) (½, ½) (½, 1) (1, 1).
        Assert.Equal("68,458 68,258 268,258 268,58 468,58", line.Attribute("points")?.Value);
        XElement steps = SvgTests.Parse(Plot(ModelEvaluation.Binary([true, false, true, false], [0.9, 0.8, 0.7, 0.1]), "precision_recall")).Element(s_svg + "polyline")!;
        // Precision 1 up to recall ½; there ½; then ⅔ up to recall 1; there ½.
        Assert.Equal("68,58 268,58 268,258 268,191.33 468,191.33 468,258", steps.Attribute("points")?.Value);
    }

    [Fact]
    public void Many_rows_make_no_larger_plots_and_tables_and_the_curve_looks_the_same()
    {
        var random = new Random(11);
        int rows = TestLength.Of(50_000, 1_000_000);
        double[] probabilities = [.. Enumerable.Range(0, rows).Select(_ => random.NextDouble())];
        bool[] labels = [.. probabilities.Select(probability => random.NextDouble() < probability * probability)];
        ModelEvaluation evaluation = ModelEvaluation.Binary(labels, probabilities);
        foreach ((string file, byte[] svg) in evaluation.Plots("x"))
            Assert.True(svg.Length < 40_000, $"{file} has {svg.Length} bytes");
        Assert.True(evaluation.Tables.Single(table => table.Name == "thresholds").Rows.Count() <= 2000);

        (double X, double Y)[] drawn = Vertices(Plot(evaluation, "roc"));
        Assert.InRange(drawn.Length, 50, 1000);
        RocCurve curve = RocCurve.Of(labels, probabilities);
        int stretch = 1;
        for (int point = 0; point < curve.Thresholds.Count; point += 97)
        {
            double x = 68 + (400 * curve.FalsePositiveRates[point]), y = 458 - (400 * curve.TruePositiveRates[point]);
            while (stretch < drawn.Length - 1 && drawn[stretch].X < x)
                stretch++;
            // Not a tenth of a pixel from the line between the two vertices around it.
            Assert.True(Enumerable.Range(Math.Max(1, stretch - 3), 7).Where(i => i < drawn.Length).Any(i => Distance((x, y), drawn[i - 1], drawn[i]) < 0.1), $"({x}, {y}) is off the line");
        }
    }

    [Fact]
    public void The_table_has_the_thresholds_at_which_precision_bends_though_the_roc_curve_is_straight_there()
    {
        // One positive on top, then ties of a positive and a negative: ROC goes straight on, precision falls as (1 + k) / (1 + 2 k), steeply at first.
        const int Ties = 400;
        bool[] labels = [true, .. Enumerable.Range(0, 2 * Ties).Select(row => row % 2 == 0)];
        double[] probabilities = [1, .. Enumerable.Range(0, 2 * Ties).Select(row => 0.9 - (row / 2 / 1000.0))];
        double[] precisions = [.. ModelEvaluation.Binary(labels, probabilities).Tables.Single(table => table.Name == "thresholds").Rows.Select(row => (double)row[3]!)];
        Assert.InRange(precisions.Length, 10, 100);
        Assert.Equal([1, 1, 2 / 3.0, 3 / 5.0, 4 / 7.0], precisions[..5]);
    }

    [Fact]
    public void Many_rows_of_a_regression_are_cells_and_many_classes_are_one()
    {
        double[] targets = [.. Enumerable.Range(0, 20_000).Select(i => Math.Sin(i) * 1e6)], predictions = [.. targets.Select((target, i) => target + (i % 100 * 1e3))];
        byte[] scatter = Plot(ModelEvaluation.Regression(targets, predictions), "predicted_actual");
        Assert.Empty(SvgTests.Parse(scatter).Elements(s_svg + "circle"));
        Assert.InRange(SvgTests.Parse(scatter).Elements(s_svg + "rect").Count(), 40, 1601);

        var matrix = new ConfusionMatrix(200);
        for (int row = 0; row < 40_000; row++)
            matrix.Add(row % 200, row * 7 % 200);
        XElement root = SvgTests.Parse(Plot(ModelEvaluation.Multiclass(matrix), "confusion"));
        Assert.InRange(root.Elements(s_svg + "rect").Count(), 2, 901);
        Assert.Contains(root.Elements(s_svg + "text"), text => text.Value == "(171 others)");
    }

    [Fact]
    public void What_is_undefined_is_NaN_and_its_plot_says_so()
    {
        ModelEvaluation positive = ModelEvaluation.Binary([true, true], [0.2, 0.9]), negative = ModelEvaluation.Binary([false], [0.2]), weightless = ModelEvaluation.Binary([true, false], [0.2, 0.9], weights: [0, 0]);
        Assert.Equal((double.NaN, 1), (positive.Metrics["roc_auc"], positive.Metrics["precision_recall_auc"]));
        Assert.Equal((double.NaN, double.NaN), (negative.Metrics["roc_auc"], negative.Metrics["precision_recall_auc"]));
        Assert.Equal((double.NaN, double.NaN, 0), (weightless.Metrics["accuracy_score"], weightless.Metrics["log_loss"], weightless.Metrics["f1_score"]));
        foreach (ModelEvaluation evaluation in new[] { positive, negative, weightless, ModelEvaluation.Regression([1], [1]), ModelEvaluation.Regression([1, 1], [1, 1], [0, 0]), ModelEvaluation.Regression([double.MaxValue, double.MinValue], [0, 0]) })
            Assert.All(evaluation.Plots("x"), plot => SvgTests.Parse(plot.Svg));
        Assert.Contains("one class", Encoding.UTF8.GetString(Plot(positive, "roc")), StringComparison.Ordinal);
        Assert.Contains("no row is positive", Encoding.UTF8.GetString(Plot(negative, "precision_recall")), StringComparison.Ordinal);
    }

    [Fact]
    public void Misuse_is_told()
    {
        Assert.Throws<ArgumentException>(() => ModelEvaluation.Binary([], []));
        Assert.Throws<ArgumentException>(() => ModelEvaluation.Binary([true], [1.5]));
        Assert.Throws<ArgumentException>(() => ModelEvaluation.Binary([true], [0.5], double.NaN));
        Assert.Throws<ArgumentException>(() => ModelEvaluation.Regression([], []));
        Assert.Throws<ArgumentException>(() => ModelEvaluation.Regression([1], [double.NaN]));
        Assert.Throws<ArgumentException>(() => ModelEvaluation.Multiclass(new ConfusionMatrix(2)));
        Assert.Throws<ArgumentException>(() => ModelEvaluation.Multiclass([0], [1, 0], ["a"]));
    }

    private static byte[] Plot(ModelEvaluation evaluation, string file) => evaluation.Plots("x").Single(plot => plot.File == file).Svg;

    private static (double X, double Y)[] Vertices(byte[] svg) =>
    [
        .. SvgTests.Parse(svg).Element(s_svg + "polyline")!.Attribute("points")!.Value.Split(' ')
            .Select(vertex => vertex.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray()).Select(pair => (pair[0], pair[1])),
    ];

    private static double Distance((double X, double Y) point, (double X, double Y) from, (double X, double Y) to)
    {
        double dx = to.X - from.X, dy = to.Y - from.Y, squared = (dx * dx) + (dy * dy);
        double t = squared == 0 ? 0 : Math.Clamp((((point.X - from.X) * dx) + ((point.Y - from.Y) * dy)) / squared, 0, 1);
        return Math.Sqrt(Math.Pow(point.X - from.X - (t * dx), 2) + Math.Pow(point.Y - from.Y - (t * dy), 2));
    }
}
