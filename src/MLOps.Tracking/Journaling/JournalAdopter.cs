using Microsoft.Extensions.Logging;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Journaling;

/// <summary>Brings what ended processes left in their journals into the store, and marks the runs that they left open as killed.</summary>
internal sealed partial class JournalAdopter(
    JournalRoot root, ITrackingStore store, BatchSender sender, RejectedRecords rejected, Func<Uri, ArtifactFolder> openArtifacts, TimeProvider clock, ILogger logger)
{
    /// <summary>Adopts every journal whose owner is gone.</summary>
    /// <param name="onStoreError">Told when the store refuses; the journal waits for the next time.</param>
    /// <param name="cancellationToken">Stops between batches; what is left is adopted next time.</param>
    /// <returns>A task that ends when all are in the store.</returns>
    public async ValueTask AdoptAsync(Action<Exception>? onStoreError, CancellationToken cancellationToken)
    {
        foreach (DeadJournal journal in root.TakeDead(clock))
        {
            using (journal)
                await AdoptAsync(journal, onStoreError, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask AdoptAsync(DeadJournal journal, Action<Exception>? onStoreError, CancellationToken cancellationToken)
    {
        Guid id = journal.Owner.Journal;
        long cursor = await store.GetCursorAsync(id, cancellationToken).ConfigureAwait(false), records = 0;
        var batch = new BatchBuilder();
        foreach (long position in journal.ReadBatches(cursor, batch))
        {
            records += position - cursor;
            await sender.SendAsync(batch, journal.Owner, position, onApplied: null, onStoreError, cancellationToken).ConfigureAwait(false);
            batch.Clear();
            cursor = position;
        }

        if (!journal.Damage.IsNone)
        {
            rejected.Write(id, [new RejectedRecord { At = clock.GetUtcNow(), Reason = "Damaged", Message = journal.Damage.ToString() }]);
            LogDamaged(logger, id, journal.Damage.ToString());
        }

        await store.SyncAsync(cancellationToken).ConfigureAwait(false);
        // In this order: without segments, a second adoption after a crash here finds nothing to apply twice.
        journal.DeleteSegments();
        IReadOnlyList<RunId> killed = await store.CloseJournalAsync(id, cancellationToken).ConfigureAwait(false);
        LogAdopted(logger, id, journal.Owner.ProcessId, journal.Owner.Host, records, killed.Count);
        var staged = new StagedArtifacts(journal.Folder, id, store, rejected, openArtifacts, clock, logger);
        staged.CompleteAll();
        if (await staged.UploadAsync(left: null, cancellationToken).ConfigureAwait(false))
            journal.DeleteFolder();
    }

    [LoggerMessage(1050, LogLevel.Information, "Journal {Journal} of ended process {ProcessId} on {Host} adopted: {Slots} slots applied, {Killed} runs marked killed")]
    private static partial void LogAdopted(ILogger logger, Guid journal, int processId, string host, long slots, int killed);

    [LoggerMessage(1051, LogLevel.Warning, "Journal {Journal} was damaged: {Damage}. All other records were kept")]
    private static partial void LogDamaged(ILogger logger, Guid journal, string damage);
}
