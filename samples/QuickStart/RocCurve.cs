namespace QuickStart;

/// <summary>How the rate of true positives grows with the rate of false ones as the threshold falls.</summary>
internal sealed record RocCurve(double[] FalsePositiveRate, double[] TruePositiveRate)
{
    /// <summary>The area under the curve, by trapezoids.</summary>
    public double Area
    {
        get
        {
            double area = 0;
            for (int i = 1; i < FalsePositiveRate.Length; i++)
                area += (FalsePositiveRate[i] - FalsePositiveRate[i - 1]) * (TruePositiveRate[i] + TruePositiveRate[i - 1]) / 2;
            return area;
        }
    }

    public static RocCurve From(IReadOnlyList<double> scores, IReadOnlyList<double> targets)
    {
        double positives = targets.Sum(), negatives = targets.Count - positives;
        List<double> falseRate = [0], trueRate = [0];
        double truePositives = 0, falsePositives = 0;
        // Equal scores pass a threshold together.
        foreach (var tie in Enumerable.Range(0, scores.Count).GroupBy(i => scores[i]).OrderByDescending(group => group.Key))
        {
            double hits = tie.Sum(i => targets[i]);
            truePositives += hits;
            falsePositives += tie.Count() - hits;
            trueRate.Add(truePositives / positives);
            falseRate.Add(falsePositives / negatives);
        }

        return new RocCurve([.. falseRate], [.. trueRate]);
    }
}
