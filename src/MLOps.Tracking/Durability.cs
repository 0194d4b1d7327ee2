namespace MLOps.Tracking;

/// <summary>What a record survives.</summary>
public enum Durability
{
    /// <summary>The end of the process at any instant. Every call that has returned has this.</summary>
    Process = 0,

    /// <summary>A power loss: the journal is on the disk.</summary>
    Disk = 1,

    /// <summary>The loss of the journal: applied and committed in the store, staged artifacts uploaded.</summary>
    Store = 2,
}
