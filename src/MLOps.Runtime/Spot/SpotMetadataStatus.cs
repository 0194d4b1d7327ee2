namespace MLOps.Runtime;

/// <summary>How a metadata service has answered so far.</summary>
/// <remarks>A snapshot, immutable.</remarks>
public sealed record SpotMetadataStatus
{
    internal SpotMetadataStatus()
    {
    }

    /// <summary>The service's <see cref="ISpotMetadata.Name"/>.</summary>
    public required string Name { get; init; }

    /// <summary>How many questions were answered, or failed.</summary>
    public long Polls { get; init; }

    /// <summary>How many of them failed: refused, timed out, or not understood. All of them where the service is not there.</summary>
    public long FailedPolls { get; init; }

    /// <summary>When the last answer came that was understood; null when none has.</summary>
    public DateTimeOffset? LastAnswerAt { get; init; }

    /// <summary>What made the last failed question fail; null when none has. It stays when later ones are answered.</summary>
    public Exception? LastError { get; init; }
}
