using System.Runtime.CompilerServices;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Registry;

/// <content>The audit log.</content>
public sealed partial class ModelRegistry
{
    private const int AuditPageLength = 10_000;
    private const int AliasAttempts = 100;

    /// <summary>
    /// Verifies the audit log from its beginning to its end: that no event was changed, put in, left out, reordered or cut off, and, given checkpoints that were kept
    /// elsewhere, that the log was not rewritten as a whole. Events that are written meanwhile are not looked at.
    /// </summary>
    /// <remarks>Without a checkpoint, someone who can write the store and makes all hashes anew is not found. Whether the models are what the log says is another question: <see cref="VerifyAliasesAsync"/>.</remarks>
    /// <param name="checkpoints">Earlier checkpoints of this log, in any order; verify their signatures before with a <see cref="CheckpointVerifier"/>. Null for none.</param>
    /// <param name="progress">Told how many events have been verified, after each 10,000; may be told from another thread.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What was found. A log that is damaged is an answer, not an exception.</returns>
    /// <exception cref="NotSupportedException">The store has no audit log.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<AuditVerification> VerifyAuditAsync(IReadOnlyList<Checkpoint>? checkpoints = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        Demand(RegistryCapabilities.Audit);
        AuditHead head = await Store.GetAuditHeadAsync(cancellationToken).ConfigureAwait(false);
        var chain = new AuditChain(checkpoints, AuditHead.Empty);
        if (head.Count > 0)
            await FollowAsync(chain, head.Count, progress, cancellationToken).ConfigureAwait(false);
        if (chain.FirstBad is null && chain.Count == head.Count && await HasMoreThanItsEndAsync(head.Count, cancellationToken).ConfigureAwait(false))
            chain.Bad(head.Count + 1, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The log has events after event {head.Count}, where the store says that it ends: they were put in, or the stored end was replaced."));
        chain.End(head.Count, head.Hash.Span);
        return chain.ToVerification();
    }

    /// <summary>Compares the aliases of all models with what the audit log says of them, and finds those that were changed past the registry: by SQL, or by a backup that was restored in part.</summary>
    /// <remarks>It believes the log: verify that first. Reads the whole log. What others change meanwhile is not taken for a discrepancy.</remarks>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The aliases that differ, by model and alias; none when the store is what the log says.</returns>
    /// <exception cref="InvalidDataException">The log is damaged.</exception>
    /// <exception cref="NotSupportedException">The store has no audit log.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read, or one model changes so often that it was never seen at rest.</exception>
    public async Task<IReadOnlyList<AliasDiscrepancy>> VerifyAliasesAsync(CancellationToken cancellationToken = default)
    {
        Demand(RegistryCapabilities.Audit);
        var replay = new AliasReplay(Store);
        await replay.CatchUpAsync(cancellationToken).ConfigureAwait(false);
        HashSet<Guid> unseen = [.. replay.Models];
        List<Guid> suspects = [];
        foreach (string? filter in (string?[])[null, "tags.`mlflow.prompt.is_prompt` = 'true'"])
        {
            await foreach (RegisteredModel model in AllModelsAsync(RegisteredModelQuery.Parse(filter), cancellationToken).ConfigureAwait(false))
            {
                unseen.Remove(model.Key);
                if (replay.Compare(model.Key, model).Any())
                    suspects.Add(model.Key);
            }
        }

        List<AliasDiscrepancy> found = [];
        foreach (Guid key in suspects.Concat(unseen))
            found.AddRange(await CompareAtRestAsync(replay, key, cancellationToken).ConfigureAwait(false));
        return [.. found.OrderBy(discrepancy => discrepancy.Model, StringComparer.Ordinal).ThenBy(discrepancy => discrepancy.ModelKey).ThenBy(discrepancy => discrepancy.Alias, StringComparer.Ordinal)];
    }

    /// <summary>Signs how the audit log ends now. Keep the checkpoint where whoever can write the store cannot change it: in another system's log, in a repository, on paper.</summary>
    /// <remarks>It signs what the store says and verifies nothing. Call <see cref="VerifyAuditAsync"/> with the last checkpoint before, so that no rewritten log is signed.</remarks>
    /// <param name="signer">Has the key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The checkpoint, named as <see cref="RegistryOptions.Origin"/>.</returns>
    /// <exception cref="ArgumentException">The signer's name is not legal.</exception>
    /// <exception cref="InvalidOperationException">The signer gave no signature.</exception>
    /// <exception cref="NotSupportedException">The store has no audit log.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<Checkpoint> CreateCheckpointAsync(ICheckpointSigner signer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(signer);
        Demand(RegistryCapabilities.Audit);
        AuditHead head = await Store.GetAuditHeadAsync(cancellationToken).ConfigureAwait(false);
        return await Checkpoint.SignAsync(Origin, head, signer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the audit log as JSON lines that <see cref="AuditExport.VerifyAsync"/> verifies without a store. Events that are damaged are written as they are kept, marked as damaged.</summary>
    /// <param name="destination">Where to; not closed. It has a whole number of lines at any time that the work ends, also when it is cancelled.</param>
    /// <param name="after">The place to begin after; 0 for the beginning. With the <see cref="AuditHead.Count"/> that the last export ended with, it goes on where that ended.</param>
    /// <param name="cancellationToken">Ends the work after the lines that are being written.</param>
    /// <returns>The end of the log when the export began, which is also the last event that was written.</returns>
    /// <exception cref="NotSupportedException">The store has no audit log.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<AuditHead> ExportAuditAsync(Stream destination, long after = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        Demand(RegistryCapabilities.Audit);
        AuditHead head = await Store.GetAuditHeadAsync(cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> previous = AuditHead.Empty.Hash;
        if (after > 0)
            previous = (await Store.ReadAuditAsync(after - 1, 1, cancellationToken).ConfigureAwait(false)) is [var before] && before.Sequence == after ? before.Hash : previous;
        var writer = new AuditExportWriter(destination, previous);
        await foreach (AuditRecord record in RecordsAsync(Store.ReadAuditAsync, after, cancellationToken).ConfigureAwait(false))
        {
            if (record.Sequence > head.Count)
                break;
            await writer.WriteAsync(record, cancellationToken).ConfigureAwait(false);
        }

        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        return head;
    }

    /// <summary>Reads events of the audit log, in order, page by page: those that are written meanwhile as well, up to the end that it comes to.</summary>
    /// <param name="model">Only events of the models that have this name or ever had it, deleted ones included; their events under other names too. Null for all models.</param>
    /// <param name="after">The place to begin after; 0 for the beginning.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The events; none for a name that no model ever had.</returns>
    /// <exception cref="InvalidDataException">An event is damaged.</exception>
    /// <exception cref="NotSupportedException">The store has no audit log.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public IAsyncEnumerable<AuditEvent> FindAuditEventsAsync(string? model = null, long after = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        Demand(RegistryCapabilities.Audit);
        return model is null ? ReadAsync(RecordsAsync(Store.ReadAuditAsync, after, cancellationToken), cancellationToken) : EventsOfAsync(model, after, cancellationToken);
    }

    /// <summary>Gets what an alias pointed to, from the beginning on. The deletion of the model ends it as a removal does.</summary>
    /// <param name="model">The model's name. Where several models had it one after the other, the one that has it now, else the one that had it last; a model's history includes the time before it was renamed.</param>
    /// <param name="alias">The alias; case counts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The moves and removals, the oldest first; none when the model never had the alias.</returns>
    /// <exception cref="ModelNotFoundException">No model ever had the name.</exception>
    /// <exception cref="InvalidDataException">An event is damaged.</exception>
    /// <exception cref="NotSupportedException">The store has no audit log.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<IReadOnlyList<AliasChange>> GetAliasHistoryAsync(string model, string alias, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(alias);
        Demand(RegistryCapabilities.Audit);
        if (await Store.FindModelKeysAsync(model, cancellationToken).ConfigureAwait(false) is not [var key, ..])
            throw new ModelNotFoundException(model);
        List<AliasChange> history = [];
        await foreach (AuditRecord record in RecordsOfAsync(key, 0, cancellationToken).ConfigureAwait(false))
        {
            if ((record.IsOf("alias."u8) || record.IsOf("model.deleted"u8)) && ChangeOf(record.Read(), alias, history.LastOrDefault()?.To) is { } change)
                history.Add(change);
        }

        return history;
    }

    /// <summary>Finds what an alias pointed to at a time: what served under the name then, whichever model had the name.</summary>
    /// <param name="model">The model's name at that time; it may have been renamed or deleted since, and another model may have the name now.</param>
    /// <param name="alias">The alias; case counts.</param>
    /// <param name="at">The time, to the millisecond; what happened in that millisecond has happened.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The move that made the alias point where it did: <see cref="AliasChange.To"/> served. Null when there was no such model or alias then.</returns>
    /// <exception cref="InvalidDataException">An event is damaged.</exception>
    /// <exception cref="NotSupportedException">The store has no audit log.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<AliasChange?> FindAliasAtAsync(string model, string alias, DateTimeOffset at, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(alias);
        Demand(RegistryCapabilities.Audit);
        foreach (Guid key in await Store.FindModelKeysAsync(model, cancellationToken).ConfigureAwait(false))
        {
            string? name = null;
            AliasChange? served = null;
            await foreach (AuditRecord record in RecordsOfAsync(key, 0, cancellationToken).ConfigureAwait(false))
            {
                if (record.Milliseconds > at.ToUnixTimeMilliseconds())
                    break;
                if (!record.IsOf("alias."u8) && !record.IsOf("model."u8))
                    continue;
                AuditEvent change = record.Read();
                name = change.Change switch { RegistryEvent.ModelCreated created => created.Name, RegistryEvent.ModelRenamed renamed => renamed.To, RegistryEvent.ModelDeleted => null, _ => name };
                served = ChangeOf(change, alias, served?.To) ?? served;
            }

            if (name == model)
                return served?.To is null ? null : served;
        }

        return null;
    }

    /// <summary>Lets the chain take the log up to a place, reading the next page while it hashes this one.</summary>
    private async ValueTask FollowAsync(AuditChain chain, long count, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        Task<IReadOnlyList<AuditRecord>> next = ReadAsync(0);
        try
        {
            while (true)
            {
                IReadOnlyList<AuditRecord> page = await next.ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                bool isLast = page.Count < AuditPageLength || page[^1].Sequence >= count;
                if (!isLast)
                    next = ReadAsync(page[^1].Sequence);
                for (int i = 0; i < page.Count && chain.Count < count; i++)
                {
                    if (!chain.Take(page[i]))
                        return;
                }

                progress?.Report(chain.Count);
                if (isLast)
                    return;
            }
        }
        finally
        {
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Task<IReadOnlyList<AuditRecord>> ReadAsync(long after) => Task.Run(() => Store.ReadAuditAsync(after, AuditPageLength, cancellationToken).AsTask(), cancellationToken);
    }

    private async ValueTask<bool> HasMoreThanItsEndAsync(long count, CancellationToken cancellationToken) =>
        (await Store.ReadAuditAsync(count, 1, cancellationToken).ConfigureAwait(false)).Count > 0
        && (await Store.GetAuditHeadAsync(cancellationToken).ConfigureAwait(false)).Count <= count;

    /// <summary>Compares a model with the log at a moment when neither changes.</summary>
    private async ValueTask<IReadOnlyList<AliasDiscrepancy>> CompareAtRestAsync(AliasReplay replay, Guid key, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < AliasAttempts; attempt++)
        {
            RegisteredModel? before = await Store.FindModelAsync(key, cancellationToken).ConfigureAwait(false);
            await replay.CatchUpAsync(cancellationToken).ConfigureAwait(false);
            RegisteredModel? after = await Store.FindModelAsync(key, cancellationToken).ConfigureAwait(false);
            if (before?.Revision == after?.Revision)
                return [.. replay.Compare(key, after)];
        }

        throw new RegistryStoreException($"Model {key} changed whenever its aliases were compared with the audit log. Verify the aliases again when less is going on.", isTransient: true);
    }

    private async IAsyncEnumerable<RegisteredModel> AllModelsAsync(RegisteredModelQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new PageRequest();
        Page<RegisteredModel> page;
        do
        {
            page = await Store.FindModelsAsync(query, request, cancellationToken).ConfigureAwait(false);
            foreach (RegisteredModel model in page.Items)
                yield return model;
            request = request with { Token = page.NextToken };
        }
        while (page.NextToken is not null);
    }

    private IAsyncEnumerable<AuditRecord> RecordsOfAsync(Guid key, long after, CancellationToken cancellationToken) =>
        RecordsAsync((place, most, cancel) => Store.ReadAuditAsync(key, null, place, most, cancel), after, cancellationToken);

    private static async IAsyncEnumerable<AuditRecord> RecordsAsync(Func<long, int, CancellationToken, ValueTask<IReadOnlyList<AuditRecord>>> read, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int Most = 1000;
        IReadOnlyList<AuditRecord> page;
        do
        {
            page = await read(after, Most, cancellationToken).ConfigureAwait(false);
            foreach (AuditRecord record in page)
                yield return record;
            after = page is [.., var last] ? last.Sequence : after;
        }
        while (page.Count == Most);
    }

    private static async IAsyncEnumerable<AuditEvent> ReadAsync(IAsyncEnumerable<AuditRecord> records, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (AuditRecord record in records.WithCancellation(cancellationToken).ConfigureAwait(false))
            yield return record.Read();
    }

    /// <summary>The events of all models that ever had a name, merged by their places.</summary>
    private async IAsyncEnumerable<AuditEvent> EventsOfAsync(string model, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = new PriorityQueue<IAsyncEnumerator<AuditRecord>, long>();
        List<IAsyncEnumerator<AuditRecord>> all = [];
        try
        {
            foreach (Guid key in await Store.FindModelKeysAsync(model, cancellationToken).ConfigureAwait(false))
            {
                all.Add(RecordsOfAsync(key, after, cancellationToken).GetAsyncEnumerator(cancellationToken));
                if (await all[^1].MoveNextAsync().ConfigureAwait(false))
                    next.Enqueue(all[^1], all[^1].Current.Sequence);
            }

            while (next.TryDequeue(out IAsyncEnumerator<AuditRecord>? first, out _))
            {
                yield return first.Current.Read();
                if (await first.MoveNextAsync().ConfigureAwait(false))
                    next.Enqueue(first, first.Current.Sequence);
            }
        }
        finally
        {
            foreach (IAsyncEnumerator<AuditRecord> records in all)
                await records.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What an event did to an alias; null when nothing.</summary>
    private static AliasChange? ChangeOf(AuditEvent change, string alias, int? pointsTo) => change.Change switch
    {
        RegistryEvent.AliasMoved moved when moved.Alias == alias => new AliasChange { Sequence = change.Sequence, At = change.At, Actor = change.Actor, From = moved.From, To = moved.To, Cause = moved.Cause, Reason = moved.Reason, Promotion = moved.Promotion },
        RegistryEvent.AliasRemoved removed when removed.Alias == alias => new AliasChange { Sequence = change.Sequence, At = change.At, Actor = change.Actor, From = removed.From, Reason = removed.Reason },
        RegistryEvent.ModelDeleted deleted when pointsTo is not null => new AliasChange { Sequence = change.Sequence, At = change.At, Actor = change.Actor, From = pointsTo, Reason = deleted.Reason },
        _ => null,
    };
}
