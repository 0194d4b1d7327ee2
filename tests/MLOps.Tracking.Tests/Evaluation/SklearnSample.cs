namespace MLOps.Tracking.Tests.Evaluation;

/// <summary>Forty rows that scikit-learn was asked about; made by sklearn_reference.py.</summary>
internal static class SklearnSample
{
    public static readonly bool[] Labels =
    [
        true, false, false, false, false, true, false, true, false, true, false, true, false, true, false, true, false, false, false, false, true,
        false, true, false, true, false, true, false, true, false, true, false, false, false, false, true, false, true, false, true,
    ];

    public static readonly double[] Probabilities =
    [
        0.25, 0.26, 0.51, 0.07, 0.33, 0.83, 0.14, 0.65, 0.65, 0.46, 0.46, 0.27, 0.28, 0.78, 0.09, 0.6, 0.6, 0.16, 0.42, 0.67, 0.48, 0.49, 0.29, 0.3,
        0.8, 0.11, 0.62, 0.62, 0.43, 0.44, 0.94, 0.25, 0.51, 0.06, 0.32, 0.83, 0.13, 0.64, 0.64, 0.45,
    ];

    public static readonly double[] Weights =
    [
        0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 0.25, 0.75,
        1.25, 1.75, 2.25, 2.75, 3.25, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 0.25, 0.75, 1.25, 1.75, 2.25,
    ];

    public static readonly double[] Targets =
    [
        100.0, 109.415, 111.093, 104.411, 96.432, 95.411, 103.206, 113.57, 117.894, 113.121, 104.56, 101.0, 106.634, 117.202, 123.906, 121.503,
        113.121, 107.386, 110.49, 120.499, 129.129, 129.367, 121.911, 114.538, 114.944, 123.676, 133.626, 136.564, 130.709, 122.364, 120.12, 126.96,
        137.514, 142.999, 139.291, 130.718, 126.082, 130.565, 140.964, 148.638,
    ];

    public static readonly double[] Predictions =
    [
        100.899, 109.121, 109.969, 103.674, 97.036, 97.168, 104.961, 114.261, 117.529, 112.772, 105.374, 103.149, 109.153, 118.878, 124.394, 121.641,
        114.161, 109.843, 113.668, 123.131, 130.542, 130.1, 123.222, 117.243, 118.672, 127.205, 136.01, 138.002, 132.361, 125.285, 124.291, 131.304,
        140.888, 145.242, 141.376, 133.854, 130.604, 135.625, 145.312, 151.77,
    ];

    public static readonly int[] Actual =
    [
        0, 1, 0, 2, 1, 2, 2, 3, 2, 0, 3, 0, 0, 1, 0, 2, 1, 2, 2, 3, 2, 0, 3, 0, 0, 1, 0, 2, 1, 2, 2, 3, 2, 0, 3, 0, 0, 1, 0, 2,
    ];

    public static readonly int[] Predicted =
    [
        0, 3, 2, 1, 0, 0, 3, 2, 1, 0, 0, 3, 2, 1, 0, 0, 3, 2, 1, 0, 0, 3, 2, 1, 0, 0, 3, 2, 1, 0, 0, 3, 2, 1, 0, 0, 3, 2, 1, 0,
    ];

    /// <summary>Four probabilities a row, computed as the script does: integers over their sum.</summary>
    public static readonly double[] ClassProbabilities =
    [
        .. Enumerable.Range(0, 40).SelectMany(row =>
        {
            double[] scores = [.. new[] { 3, 5, 7, 11 }.Select(factor => 1.0 + (row * factor % 13))];
            return scores.Select(score => score / scores.Sum());
        }),
    ];
}
