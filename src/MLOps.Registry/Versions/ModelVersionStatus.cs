namespace MLOps.Registry;

/// <summary>Whether a version can be used. The numbers are MLflow's.</summary>
public enum ModelVersionStatus
{
    /// <summary>Its registration goes on, in a store that registers step by step. Versions that this package registers are never seen so.</summary>
    PendingRegistration = 1,

    /// <summary>Its registration failed.</summary>
    FailedRegistration = 2,

    /// <summary>It can be used.</summary>
    Ready = 3,
}
