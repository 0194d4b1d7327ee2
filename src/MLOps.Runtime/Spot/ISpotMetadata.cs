namespace MLOps.Runtime;

/// <summary>A service that knows whether the machine is about to be taken away: the metadata service of a cloud, or one of your own.</summary>
/// <remarks>
/// <see cref="AwsSpotMetadata"/>, <see cref="AzureSpotMetadata"/> and <see cref="GcpSpotMetadata"/> are there; implement this for another cloud or a scheduler. Each object is given to one
/// <see cref="InterruptionNotices"/> only, which asks one question at a time.
/// </remarks>
public interface ISpotMetadata
{
    /// <summary>A short name for logs: <c>AWS</c>.</summary>
    string Name { get; }

    /// <summary>Asks whether this machine is about to be stopped.</summary>
    /// <param name="now">The time of the question, for <see cref="InterruptionNotice.NoticedAt"/> and where only a span is known.</param>
    /// <param name="cancellationToken">Cancelled when the answer takes longer than <see cref="InterruptionOptions.PollTimeout"/>, or when nobody waits for it any more. It must be heeded: disposal waits.</param>
    /// <returns>
    /// The notice with the earliest deadline; null when nothing is announced. The same announcement may be answered again and again: what is not earlier than what is known is passed over.
    /// </returns>
    /// <exception cref="Exception">The service could not be asked, or its answer not understood. Whatever is thrown is counted and kept in <see cref="SpotMetadataStatus"/>; the question is asked again later.</exception>
    ValueTask<InterruptionNotice?> FindNoticeAsync(DateTimeOffset now, CancellationToken cancellationToken);
}
