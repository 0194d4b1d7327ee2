namespace MLOps.Registry.Contract.Linearizability;

/// <summary>Judges whether a concurrent history could have been a sequence: whether each call can be given one moment between its beginning and its end, so that all results fit.</summary>
/// <remarks>Source: Wing and Gong (1993), Testing and verifying concurrent objects; with the states that are known to lead nowhere remembered, as Lowe (2017) does.</remarks>
public static class LinearizabilityChecker
{
    /// <summary>The most calls of a history.</summary>
    public const int MostCalls = 64;

    /// <summary>Judges a history of calls that have all ended.</summary>
    /// <typeparam name="TState">What the calls read and change.</typeparam>
    /// <param name="calls">The calls, at most <see cref="MostCalls"/>, in any order.</param>
    /// <param name="initial">The state before.</param>
    /// <returns>Whether there is such a sequence.</returns>
    public static bool IsLinearizable<TState>(IReadOnlyList<HistoryCall<TState>> calls, TState initial)
        where TState : struct, IEquatable<TState>
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(calls.Count, MostCalls);
        ulong all = calls.Count == MostCalls ? ulong.MaxValue : (1UL << calls.Count) - 1;
        HashSet<(ulong Done, TState State)> seen = [(0, initial)];
        Stack<(ulong Done, TState State)> open = new([(0UL, initial)]);
        while (open.TryPop(out (ulong Done, TState State) place))
        {
            if (place.Done == all)
                return true;

            // A call that began after another one had ended cannot come before it.
            long firstEnd = Pending(place.Done).Min(i => calls[i].Returned);
            foreach (int next in Pending(place.Done).Where(i => calls[i].Invoked < firstEnd))
            {
                if (calls[next].Apply(place.State) is { } after && seen.Add((place.Done | (1UL << next), after)))
                    open.Push((place.Done | (1UL << next), after));
            }
        }

        return false;

        IEnumerable<int> Pending(ulong done) => Enumerable.Range(0, calls.Count).Where(i => (done & (1UL << i)) == 0);
    }
}
