namespace MLOps.RealServers;

/// <summary>Where the flow of one direction, counted over all connections, is to be cut. Safe for threads.</summary>
internal sealed class CutPlan
{
    private readonly Lock _lock = new();

    // By the place of the cut in the flow; the value says how far it is to the next, or null for a single cut.
    private readonly PriorityQueue<Func<long>?, long> _cuts = new();

    private long _passed;

    /// <summary>Plans a single cut.</summary>
    public void Add(long afterBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(afterBytes);
        lock (_lock)
            _cuts.Enqueue(null, checked(_passed + afterBytes));
    }

    /// <summary>Plans a cut, and another after each of them.</summary>
    public void AddEvery(Func<long> nextGap)
    {
        ArgumentNullException.ThrowIfNull(nextGap);
        lock (_lock)
            AddNext(nextGap);
    }

    /// <summary>Forgets what has not happened yet.</summary>
    public void Clear()
    {
        lock (_lock)
            _cuts.Clear();
    }

    /// <summary>Lets bytes pass up to the next cut.</summary>
    /// <param name="bytes">How many have come, at least 1.</param>
    /// <param name="isCut">Whether the connection ends behind those that pass.</param>
    /// <returns>How many pass.</returns>
    public int Pass(int bytes, out bool isCut)
    {
        lock (_lock)
        {
            isCut = _cuts.TryPeek(out Func<long>? nextGap, out long place) && place <= _passed + bytes;
            if (!isCut)
            {
                _passed += bytes;
                return bytes;
            }
            int passing = (int)(place - _passed);
            _passed = place;
            _cuts.Dequeue();
            if (nextGap is not null)
                AddNext(nextGap);
            return passing;
        }
    }

    private void AddNext(Func<long> nextGap)
    {
        long gap = nextGap();
        ArgumentOutOfRangeException.ThrowIfNegative(gap, nameof(nextGap));
        _cuts.Enqueue(nextGap, checked(_passed + gap));
    }
}
