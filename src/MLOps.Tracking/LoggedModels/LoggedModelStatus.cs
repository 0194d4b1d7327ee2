namespace MLOps.Tracking.LoggedModels;

/// <summary>How far a logged model is; numbers and names are MLflow's.</summary>
public enum LoggedModelStatus
{
    /// <summary>Not said.</summary>
    Unspecified = 0,

    /// <summary>Made; its files are still being uploaded.</summary>
    Pending = 1,

    /// <summary>Whole.</summary>
    Ready = 2,

    /// <summary>Its files could not be uploaded.</summary>
    UploadFailed = 3,
}
