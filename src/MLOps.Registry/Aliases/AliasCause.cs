namespace MLOps.Registry;

/// <summary>What moved an alias.</summary>
public enum AliasCause
{
    /// <summary>Somebody set it.</summary>
    Set,

    /// <summary>A promotion was applied.</summary>
    Promotion,

    /// <summary>It was rolled back.</summary>
    Rollback,
}
