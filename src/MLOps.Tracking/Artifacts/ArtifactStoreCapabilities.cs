namespace MLOps.Tracking.Artifacts;

/// <summary>What an artifact store can do beyond the core that every one does. What is absent raises <see cref="NotSupportedException"/> that names it.</summary>
[Flags]
public enum ArtifactStoreCapabilities
{
    /// <summary>The core alone.</summary>
    None = 0,

    /// <summary>An object can be put only if there is none: of several writers at once one wins (<see cref="ArtifactPutOptions.CreateOnly"/>).</summary>
    CreateOnly = 1,

    /// <summary>Objects are copied inside the store, without a download (<see cref="IArtifactStore.CopyAsync"/>).</summary>
    Copy = 2,

    /// <summary>A link can be made by which anybody who has it downloads one object for a while (<see cref="IArtifactStore.GetDownloadLinkAsync"/>).</summary>
    DownloadLinks = 4,

    /// <summary>An upload that was cut off or killed can be taken up where it stopped (<see cref="ArtifactPutOptions.Resume"/>). Where this is absent the option is no error: the upload begins anew.</summary>
    ResumableUploads = 8,
}
