namespace MLOps.Drift.Statistics;

/// <summary>The rising curve that is nearest to labels by least squares, with straight lines between its points and constant beyond them: scikit-learn's <c>IsotonicRegression(out_of_bounds="clip")</c>.</summary>
/// <remarks>By pooling adjacent violators. Time n log n. Source: Barlow, Bartholomew, Bremner and Brunk (1972), Statistical Inference under Order Restrictions.</remarks>
internal sealed class IsotonicRegression
{
    private readonly double[] _scores;
    private readonly double[] _levels;

    private IsotonicRegression(double[] scores, double[] levels) => (_scores, _levels) = (scores, levels);

    /// <param name="labels">The labels, at least one.</param>
    /// <param name="scores">Their scores, none NaN.</param>
    public static IsotonicRegression Fit(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores)
    {
        double[] sorted = scores.ToArray(), targets = new double[scores.Length];
        for (int row = 0; row < targets.Length; row++)
            (sorted[row], targets[row]) = (sorted[row] + 0.0, labels[row] ? 1 : 0);
        Array.Sort(sorted, targets);

        // A block holds its level, its weight and its first and last score; equal scores are one block from the start.
        var blocks = new List<(double Sum, double Weight, double First, double Last)>();
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            double sum = 0;
            for (end = start; end < sorted.Length && sorted[end] == sorted[start]; end++)
                sum += targets[end];
            (double Sum, double Weight, double First, double Last) block = (sum, end - start, sorted[start], sorted[start]);
            while (blocks.Count > 0 && blocks[^1].Sum * block.Weight >= block.Sum * blocks[^1].Weight)
            {
                block = (blocks[^1].Sum + block.Sum, blocks[^1].Weight + block.Weight, blocks[^1].First, block.Last);
                blocks.RemoveAt(blocks.Count - 1);
            }

            blocks.Add(block);
        }

        List<double> at = [], levels = [];
        foreach ((double sum, double weight, double first, double last) in blocks)
        {
            at.Add(first);
            levels.Add(sum / weight);
            if (last == first)
                continue;
            at.Add(last);
            levels.Add(sum / weight);
        }

        return new IsotonicRegression([.. at], [.. levels]);
    }

    public double Level(double score)
    {
        int upper = Array.BinarySearch(_scores, score);
        if (upper >= 0)
            return _levels[upper];
        upper = ~upper;
        if (upper == 0)
            return _levels[0];
        if (upper == _scores.Length)
            return _levels[^1];

        // From an infinite end, every score is as near to the other end as can be.
        double low = _scores[upper - 1], high = _scores[upper];
        double share = double.IsInfinity(low) ? 1 : double.IsInfinity(high) ? 0 : double.IsInfinity(high - low) ? ((score / 2) - (low / 2)) / ((high / 2) - (low / 2)) : (score - low) / (high - low);
        return _levels[upper - 1] + (Math.Clamp(share, 0, 1) * (_levels[upper] - _levels[upper - 1]));
    }
}
