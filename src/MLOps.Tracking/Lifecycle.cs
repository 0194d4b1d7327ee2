namespace MLOps.Tracking;

/// <summary>Whether an experiment or a run is in use or softly deleted.</summary>
public enum Lifecycle
{
    /// <summary>In use.</summary>
    Active = 0,

    /// <summary>Softly deleted: hidden from lists, restorable until purged.</summary>
    Deleted = 1,
}
