using Xunit;

namespace MLOps.Tracking.Contract;

/// <summary>What a series query must answer, worked out from all points of the series.</summary>
public static class SeriesModel
{
    /// <summary>Expects that an answer is right.</summary>
    /// <param name="all">The points of the series in any order, equal points once.</param>
    /// <param name="query">The query.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="because">What to say when it is not.</param>
    public static void AssertAnswers(IEnumerable<MetricPoint> all, SeriesQuery query, MetricSeries answer, string because = "")
    {
        MetricPoint[] stored = [.. all.Where(point => IsInRange(point, query)).Order()];
        MetricPoint[] whole = query.Axis == SeriesAxis.Step ? stored : [.. stored.OrderBy(point => point.TimestampMs)];
        bool fits = query.MaxPoints is not { } most || stored.Length <= most;
        Assert.True(answer.IsReduced != fits, $"{because} It says that it is {(answer.IsReduced ? "" : "not ")}reduced.");
        if (fits)
            Assert.True(whole.SequenceEqual(answer.Points), $"{because} {answer.Points.Count} points differ from the {whole.Length} expected.");
        else
            AssertReduced(stored, whole, query.MaxPoints!.Value, [.. answer.Points], because);
    }

    private static void AssertReduced(MetricPoint[] stored, MetricPoint[] whole, int most, MetricPoint[] kept, string because)
    {
        // Where all values are equal a group keeps one point, which in time may be the first or the last of all.
        int least = (most - 2) / 2 + (whole == stored ? 1 : 0);
        Assert.True(kept.Length <= most && kept.Length >= least, $"{because} {kept.Length} of {stored.Length} points were kept; asked for at most {most}.");
        HashSet<MetricPoint> set = [.. kept];
        Assert.True(whole.Where(set.Contains).SequenceEqual(kept), $"{because} Points were kept that were not logged, or twice, or not in order.");
        Assert.True(kept[0] == whole[0] && kept[^1] == whole[^1], $"{because} The first or the last point is missing.");

        MetricPoint[] numbers = [.. stored.Where(point => !double.IsNaN(point.Value))];
        if (numbers.Length > 0)
            Assert.True(set.Contains(numbers.MinBy(point => point.Value)) && set.Contains(numbers.MaxBy(point => point.Value)), $"{because} The smallest or the largest point is missing.");

        // Groups are of about equal size, at any rate not three times the mean, and their kept points enclose them: so do the kept points that are no farther away.
        int reach = (int)Math.Min(stored.Length, 3L * stored.Length / ((most - 2) / 2));
        double[] lowest = Windowed(stored, set, reach, double.PositiveInfinity, Math.Min), highest = Windowed(stored, set, reach, double.NegativeInfinity, Math.Max);
        for (int i = 0; i < stored.Length; i++)
        {
            double value = stored[i].Value;
            if (double.IsNaN(value))
            {
                bool alone = !(i > 0 && double.IsNaN(stored[i - 1].Value)) && !(i + 1 < stored.Length && double.IsNaN(stored[i + 1].Value));
                Assert.False(alone && set.Contains(stored[i]) && stored[i] != whole[0] && stored[i] != whole[^1], $"{because} NaN was kept of a group that has numbers.");
            }
            else
            {
                Assert.True(lowest[i] <= value && value <= highest[i], $"{because} Near point {i} of {stored.Length} nothing was kept that reaches {value}; {lowest[i]} to {highest[i]} was.");
            }
        }
    }

    private static bool IsInRange(MetricPoint point, SeriesQuery query)
    {
        long at = query.Axis == SeriesAxis.Step ? point.Step : point.TimestampMs;
        return at >= (query.From ?? long.MinValue) && at <= (query.To ?? long.MaxValue);
    }

    /// <summary>For each point the extreme of the kept numbers at most <paramref name="reach"/> away: blocks of that length, and from both of their ends the extreme so far.</summary>
    private static double[] Windowed(MetricPoint[] stored, HashSet<MetricPoint> kept, int reach, double none, Func<double, double, double> extreme)
    {
        int length = stored.Length, width = 2 * reach + 1;
        double At(int i) => i >= 0 && i < length && kept.Contains(stored[i]) && !double.IsNaN(stored[i].Value) ? stored[i].Value : none;
        double[] forward = new double[length + 2 * reach], backward = new double[length + 2 * reach];
        for (int i = 0; i < forward.Length; i++)
            forward[i] = i % width == 0 ? At(i - reach) : extreme(forward[i - 1], At(i - reach));
        for (int i = backward.Length - 1; i >= 0; i--)
            backward[i] = i % width == width - 1 || i == backward.Length - 1 ? At(i - reach) : extreme(backward[i + 1], At(i - reach));
        return [.. Enumerable.Range(0, length).Select(i => extreme(backward[i], forward[i + width - 1]))];
    }
}
