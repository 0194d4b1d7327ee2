using System.Runtime.CompilerServices;
using MLOps.Tracking.Journaling;

namespace MLOps.Tracking;

/// <summary>A metric of a run, looked up once: <c>Metric loss = run.Metric("loss"); loss.Log(0.31, step);</c></summary>
/// <remarks>May be used from any thread at once. Logging copies memory: no lock, no allocation, no waiting unless the journal is full and <see cref="OnFull.Wait"/> is chosen.</remarks>
public sealed class Metric
{
    private readonly Run _run;
    private readonly Journal _journal;
    private readonly SeriesKey _series;
    private long _accepted;

    internal Metric(Run run, Journal journal, string key)
    {
        _run = run;
        _journal = journal;
        _series = journal.Intern(run.Id, key);
    }

    /// <summary>The key.</summary>
    public string Key => _series.Key;

    internal long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Logs a value, now.</summary>
    /// <param name="value">The value; NaN and infinities are kept.</param>
    /// <param name="step">The step, any 64-bit integer, in any order.</param>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is closed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Log(double value, long step = 0) => Append(step, _run.NextTimestamp(), value);

    /// <summary>Logs a point that has its own time.</summary>
    /// <param name="point">The point.</param>
    /// <exception cref="ArgumentOutOfRangeException">The timestamp is negative or after the year 9999.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is closed.</exception>
    public void Log(MetricPoint point)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(point.TimestampMs, nameof(point));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(point.TimestampMs, Limits.LastTimestampMs, nameof(point));
        Append(point.Step, point.TimestampMs, point.Value);
    }

    private void Append(long step, long timestampMs, double value)
    {
        _run.ThrowIfEnded();
        if (_journal.AppendPoint(_series, step, timestampMs, value))
            Interlocked.Increment(ref _accepted);
        else
            Interlocked.Increment(ref _run.Counters.Dropped);
    }
}
