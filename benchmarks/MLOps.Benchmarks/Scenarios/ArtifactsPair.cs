using System.Diagnostics;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>The times of ours and of the bare client, measured one after the other, in an order that alternates so that a slow moment hits both.</summary>
internal sealed class ArtifactsPair
{
    private readonly List<double> _ours = [], _bare = [];

    /// <summary>The least in seconds: what else the machine does only adds to it.</summary>
    public double Ours => _ours.Min();

    /// <summary>The least in seconds.</summary>
    public double Bare => _bare.Min();

    /// <summary>How fast ours is, in those of the bare client.</summary>
    public double Ratio => Bare / Ours;

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
