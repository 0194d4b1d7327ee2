using System.Diagnostics.CodeAnalysis;

namespace MLOps.Runtime;

/// <summary>Finds out on which cloud a program runs.</summary>
[Experimental("MLOPS0001")]
public static class SpotMetadata
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Asks the metadata services of AWS, Azure and Google Cloud at once whether they are there, each at its own address.</summary>
    /// <param name="timeProvider">The clock. Null: <see cref="TimeProvider.System"/>.</param>
    /// <param name="cancellationToken">Cancels the questions.</param>
    /// <returns>Those that answered as theirs do, for <see cref="InterruptionOptions.Metadata"/>: one on a machine of these clouds, none elsewhere. After 2 s at most.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <remarks>
    /// A service that does not answer within that time is not found, although it may answer later: where the cloud is known, name it instead. Written from documentation, not run.
    /// </remarks>
    public static Task<IReadOnlyList<ISpotMetadata>> DetectAsync(TimeProvider? timeProvider = null, CancellationToken cancellationToken = default) =>
        DetectAsync(new AwsSpotMetadata(), new AzureSpotMetadata(), new GcpSpotMetadata(), timeProvider ?? TimeProvider.System, cancellationToken);

    internal static async Task<IReadOnlyList<ISpotMetadata>> DetectAsync(AwsSpotMetadata aws, AzureSpotMetadata azure, GcpSpotMetadata gcp, TimeProvider clock, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(Patience, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        ISpotMetadata?[] found = await Task.WhenAll(
            FindAsync(aws, () => aws.ProbeAsync(clock.GetUtcNow(), either.Token)),
            FindAsync(azure, () => azure.ProbeAsync(either.Token)),
            FindAsync(gcp, () => gcp.ProbeAsync(either.Token))).ConfigureAwait(false);
        return [.. found.OfType<ISpotMetadata>()];

        async Task<ISpotMetadata?> FindAsync(ISpotMetadata metadata, Func<Task> probe)
        {
            try
            {
                await probe().ConfigureAwait(false);
                return metadata;
            }
            catch (Exception error) when (error is SpotMetadataException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // Not to be there is an answer, too.
                return null;
            }
        }
    }
}
