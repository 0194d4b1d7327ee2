namespace MLOps.Tracking;

/// <summary>A place in a flow of control from which a run is the current one. It is taken before the run is there: what an async method sets does not flow to its caller.</summary>
internal sealed class RunScope(RunScope? outer)
{
    private bool _isAbandoned;

    public RunScope? Outer { get; } = outer;

    /// <summary>The run; null until it is there.</summary>
    public Run? Run { get; set; }

    /// <summary>Whether there will never be a run here any more.</summary>
    public bool IsOver => Run?.HasEnded ?? _isAbandoned;

    public void Abandon() => _isAbandoned = true;
}
