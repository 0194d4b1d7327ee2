using System.Diagnostics;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>The times of ours and of the bare client, measured one after the other, in an order that alternates so that a slow moment hits both.</summary>
internal sealed class ArtifactsPair
{
    private readonly List<double> _ours = [], _bare = [];

    /// <summary>The median in seconds.</summary>
    public double Ours => Median(_ours);

    /// <summary>The median in seconds.</summary>
    public double Bare => Median(_bare);

    /// <summary>How fast ours is, in those of the bare client.</summary>
    public double Ratio => Bare / Ours;

    public static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Measures both; a trial below 0 is not counted.</summary>
    public async Task MeasureAsync(int trial, Func<Task> ours, Func<Task> bare, Action? cleanUp = null, Action? prepare = null)
    {
        (Func<Task>, List<double>)[] both = [(ours, _ours), (bare, _bare)];
        if (trial % 2 != 0)
            Array.Reverse(both);
        foreach ((Func<Task> act, List<double> times) in both)
        {
            prepare?.Invoke();
            GC.Collect();
            long start = Stopwatch.GetTimestamp();
            await act();
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            cleanUp?.Invoke();
            if (trial >= 0)
                times.Add(seconds);
        }
    }
}
