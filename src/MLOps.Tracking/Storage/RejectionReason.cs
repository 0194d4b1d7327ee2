namespace MLOps.Tracking.Storage;

/// <summary>Why a store refused a record.</summary>
public enum RejectionReason
{
    /// <summary>The record breaks a limit or makes no sense.</summary>
    Invalid = 0,

    /// <summary>The run does not exist; perhaps its start was refused.</summary>
    UnknownRun = 1,

    /// <summary>A run with this id exists.</summary>
    RunExists = 2,

    /// <summary>The run is softly deleted (direct writes only).</summary>
    RunDeleted = 3,

    /// <summary>The run was purged for good.</summary>
    RunPurged = 4,

    /// <summary>The experiment does not exist.</summary>
    UnknownExperiment = 5,

    /// <summary>The experiment is softly deleted.</summary>
    ExperimentDeleted = 6,

    /// <summary>The param has another value already; params do not change.</summary>
    ParamChanged = 7,

    /// <summary>There is no such tag to delete.</summary>
    UnknownTag = 8,

    /// <summary>There is no such logged model, or it is deleted.</summary>
    UnknownModel = 9,
}
