using System.Globalization;
using MLOps.Tracking.Evaluation;

namespace MLOps.Drift.Statistics;

/// <summary>Turns a model's scores into probabilities that mean what they say, learnt on labelled rows; and leaves them alone where that would not make them better.</summary>
/// <remarks>
/// <para>Isotonic regression is taken when it lowers the expected calibration error (10 bins of equal weight) of rows that it has not learnt from, in 5 folds in turn; it is then learnt on all rows. Scores that are no
/// probabilities (any outside [0, 1]) are calibrated in any case. With fewer than 10 rows, or rows of one class, scores that are probabilities stay as they are.</para>
/// <para>Immutable and safe for any number of threads. Fitting takes time n log n, six times. Source: Zadrozny and Elkan (2002), KDD, 694–699; the choice by calibration error is NannyML's.</para>
/// </remarks>
public sealed class Calibrator
{
    private const int Folds = 5;
    private const int FewestRows = 10;
    private readonly IsotonicRegression? _curve;

    private Calibrator(IsotonicRegression? curve, double before, double after) => (_curve, ErrorBefore, ErrorAfter) = (curve, before, after);

    /// <summary>Whether scores are left as they are.</summary>
    public bool IsIdentity => _curve is null;

    /// <summary>The expected calibration error of the scores as they are, 0 to 1; NaN when some are no probabilities, or rows were too few to say.</summary>
    public double ErrorBefore { get; }

    /// <summary>The expected calibration error of calibrated scores on rows not learnt from, 0 to 1; NaN when rows were too few to say.</summary>
    public double ErrorAfter { get; }

    /// <summary>Learns a calibration.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row, higher where it holds a row to be positive; rows whose score is NaN are left out.</param>
    /// <returns>The calibration. Without any row, it leaves scores as they are.</returns>
    /// <exception cref="ArgumentException">There are not as many labels as scores.</exception>
    public static Calibrator Fit(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores)
    {
        (bool[] known, double[] present) = Present(labels, scores);
        bool areProbabilities = Array.TrueForAll(present, static score => score is >= 0 and <= 1), isOneClass = !known.AsSpan().Contains(true) || !known.AsSpan().Contains(false);
        if (known.Length < FewestRows || isOneClass)
            return new Calibrator(areProbabilities ? null : IsotonicRegression.Fit(known, present), double.NaN, double.NaN);
        double before = areProbabilities ? CalibrationCurve.Quantile(known, present).ExpectedCalibrationError : double.NaN;
        double after = CalibrationCurve.Quantile(known, OutOfFold(known, present)).ExpectedCalibrationError;
        return new Calibrator(after < before || !areProbabilities ? IsotonicRegression.Fit(known, present) : null, before, after);
    }

    /// <summary>Calibrates a score.</summary>
    /// <param name="score">The model's score.</param>
    /// <returns>The probability that the row is positive, 0 to 1 (as it came, when <see cref="IsIdentity"/>); NaN for NaN. Never falls when the score rises.</returns>
    public double Calibrate(double score) => _curve is null || double.IsNaN(score) ? score : _curve.Level(score);

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{(IsIdentity ? "scores as they are" : "isotonic calibration")} (expected calibration error {ErrorBefore:F4} before, {ErrorAfter:F4} after calibration)");

    internal static (bool[] Labels, double[] Scores) Present(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores)
    {
        if (labels.Length != scores.Length)
            throw new ArgumentException($"{labels.Length} labels and {scores.Length} scores: the two must be as many.", nameof(scores));
        bool[] known = new bool[labels.Length];
        double[] present = new double[labels.Length];
        int count = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            if (!double.IsNaN(scores[row]))
                (known[count], present[count++]) = (labels[row], scores[row]);
        }

        return (known[..count], present[..count]);
    }

    private static double[] OutOfFold(bool[] labels, double[] scores)
    {
        double[] calibrated = new double[scores.Length];
        for (int fold = 0; fold < Folds; fold++)
        {
            int held = fold;
            var curve = IsotonicRegression.Fit([.. labels.Where((_, row) => row % Folds != held)], [.. scores.Where((_, row) => row % Folds != held)]);
            for (int row = fold; row < scores.Length; row += Folds)
                calibrated[row] = curve.Level(scores[row]);
        }

        return calibrated;
    }
}
