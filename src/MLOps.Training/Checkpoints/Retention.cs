using MLOps.Tracking;

namespace MLOps.Training.Checkpoints;

/// <summary>Which checkpoints are no longer needed.</summary>
internal static class Retention
{
    /// <summary>A checkpoint as retention sees it.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Step">Its step.</param>
    /// <param name="Metric">The value of the metric that decides, where it was measured at this step; else null.</param>
    internal readonly record struct Entry(string Name, long Step, double? Metric);

    /// <summary>
    /// What may go. There stay: the newest <paramref name="keepLast"/>, the best, and of every <paramref name="keepEvery"/> steps the first checkpoint that was taken in them, which is the one at their
    /// multiple if there is one. A checkpoint that stays for the last reason stays for good: later ones have greater steps.
    /// </summary>
    /// <param name="checkpoints">Whole ones only, in any order.</param>
    /// <param name="keepLast">At least 1.</param>
    /// <param name="keepEvery">Null for none.</param>
    /// <param name="better">Which values are better.</param>
    public static IReadOnlyList<string> FindExpired(IReadOnlyCollection<Entry> checkpoints, int keepLast, long? keepEvery, MetricDirection better)
    {
        List<Entry> sorted = [.. checkpoints.OrderBy(checkpoint => checkpoint.Step)];
        HashSet<string> kept = [.. sorted.TakeLast(keepLast).Select(checkpoint => checkpoint.Name)];
        if (FindBest(sorted, better) is { } best)
            kept.Add(best.Name);
        if (keepEvery is { } every)
        {
            long last = 0;
            foreach (Entry checkpoint in sorted)
            {
                if (checkpoint.Step / every > last)
                    kept.Add(checkpoint.Name);
                last = checkpoint.Step / every;
            }
        }

        return [.. sorted.Select(checkpoint => checkpoint.Name).Where(name => !kept.Contains(name))];
    }

    /// <summary>The best; of equal ones the first. NaN is never best.</summary>
    public static Entry? FindBest(IEnumerable<Entry> checkpoints, MetricDirection better)
    {
        Entry? best = null;
        foreach (Entry checkpoint in checkpoints.OrderBy(checkpoint => checkpoint.Step))
        {
            if (checkpoint.Metric is { } value && IsBetter(value, best?.Metric, better))
                best = checkpoint;
        }

        return best;
    }

    /// <summary>Whether a value beats the best so far.</summary>
    public static bool IsBetter(double value, double? best, MetricDirection better) =>
        !double.IsNaN(value) && (best is not { } before || (better == MetricDirection.Higher ? value > before : value < before));
}
