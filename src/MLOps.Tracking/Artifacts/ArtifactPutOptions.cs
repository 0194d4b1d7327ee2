namespace MLOps.Tracking.Artifacts;

/// <summary>How an object is put. <c>default</c> replaces what is there and promises nothing of the content.</summary>
public readonly record struct ArtifactPutOptions
{
    /// <summary>Puts the object only if there is none of that path; else <see cref="ArtifactExistsException"/>. Asks for <see cref="ArtifactStoreCapabilities.CreateOnly"/>. Default false.</summary>
    public bool CreateOnly { get; init; }

    /// <summary>
    /// Takes up an upload of the same path and content that was cut off or killed, and keeps the parts of this one if it is cut off, so that another call can take it up. Parts are compared by their hashes before they are trusted.
    /// A cancelled upload is cleaned up all the same. A store without <see cref="ArtifactStoreCapabilities.ResumableUploads"/> begins anew. Default false.
    /// </summary>
    public bool Resume { get; init; }

    /// <summary>How many bytes the content has from where it stands, if that is known: sizes of parts and buffers follow it. Content that turns out longer or shorter is put all the same. Null, the default, when it is not known.</summary>
    public long? SizeBytes { get; init; }
}
