namespace MLOps.Tracking;

/// <summary>What became of one run's records. Points are in <see cref="Points"/> once their handle is closed; before, their metrics count them.</summary>
internal sealed class RunCounters
{
    public long Points;
    public long Records;
    public long Applied;
    public long Dropped;
    public long DroppedTold;
    public long Rejected;
    public long RejectedTold;
    public int Staged;
    public long LogLinesMissing;
    public volatile bool EndApplied;

    public void AddTo(RunCounters sum)
    {
        Interlocked.Add(ref sum.Points, Interlocked.Read(ref Points));
        Interlocked.Add(ref sum.Records, Interlocked.Read(ref Records));
        Interlocked.Add(ref sum.Applied, Interlocked.Read(ref Applied));
        Interlocked.Add(ref sum.Dropped, Interlocked.Read(ref Dropped));
        Interlocked.Add(ref sum.Rejected, Interlocked.Read(ref Rejected));
        Interlocked.Add(ref sum.RejectedTold, Interlocked.Read(ref RejectedTold));
        Interlocked.Add(ref sum.Staged, Volatile.Read(ref Staged));
        Interlocked.Add(ref sum.LogLinesMissing, Interlocked.Read(ref LogLinesMissing));
    }
}
