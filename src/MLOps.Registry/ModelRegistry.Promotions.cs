using Microsoft.Extensions.Logging;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry;

/// <content>Policies, promotions and rollback.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Guards an alias or a stage with a policy, in place of the one before. From then on only a promotion or a rollback moves it, and what it names cannot be deleted or renamed away.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="target">What to guard; it need not be there yet.</param>
    /// <param name="policy">The policy. Open promotions under another one cannot be applied any more.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is guarded.</returns>
    /// <exception cref="ArgumentException">The policy cannot be met or a part of it is out of its range; the message says which.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="NotSupportedException">The store keeps no policies.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task SetPolicyAsync(string model, PromotionTarget target, PromotionPolicy policy, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckTarget(target);
        PolicyRules.Check(policy, nameof(policy));
        CheckReason(reason);
        Demand(RegistryCapabilities.Promotion);
        await ChangeAsync(model, _ => new RegistryEvent.PolicySet(target, policy, reason), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops guarding an alias or a stage. Open promotions to it cannot be applied any more.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="target">What is guarded.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was guarded.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<bool> RemovePolicyAsync(string model, PromotionTarget target, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckTarget(target);
        CheckReason(reason);
        Demand(RegistryCapabilities.Promotion);
        bool removed = false;
        await ChangeAsync(
            model,
            found =>
            {
                removed = found.Policies.TryGetValue(target, out PromotionPolicy? policy);
                return removed ? new RegistryEvent.PolicyRemoved(target, policy!.Name, reason) : null;
            },
            cancellationToken).ConfigureAwait(false);
        return removed;
    }

    /// <summary>Proposes to promote a version. Its files are verified and the policy's rules on metrics, signature and tags judged first. A promotion that lacks nothing is applied at once, in the same transaction; otherwise it waits for evidence and approvals.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="version">The version's number.</param>
    /// <param name="target">Where to promote it: what a policy guards.</param>
    /// <param name="evidence">Evidence to begin with; null for none.</param>
    /// <param name="reason">Why; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotion, applied or open.</returns>
    /// <exception cref="ArgumentException">Evidence is not legal, or given twice; or the target has this version already.</exception>
    /// <exception cref="InvalidOperationException">No policy guards the target.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="PromotionRefusedException">The version breaks rules; the exception lists them. Files that do not hash are among them.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be read.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<Promotion> ProposeAsync(
        string model, int version, PromotionTarget target, IReadOnlyList<Evidence>? evidence = null, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckTarget(target);
        CheckReason(reason);
        Demand(RegistryCapabilities.Promotion | RegistryCapabilities.AtomicCommit);
        Evidence[] given = [.. (evidence ?? []).OrderBy(item => item?.Name, StringComparer.Ordinal)];
        foreach (Evidence item in given)
            PolicyRules.Check(item, nameof(evidence));
        if (given.DistinctBy(item => item.Name, StringComparer.Ordinal).Count() < given.Length)
            throw new ArgumentException("Evidence of one name is given twice.", nameof(evidence));

        RegisteredModel before = await GetAsync(model, cancellationToken).ConfigureAwait(false);
        string? content = await VerifyFilesAsync(before, version, target, PolicyOf(before, target), cancellationToken).ConfigureAwait(false);
        string actor = Actor();
        Promotion? promotion = null;
        await ChangeAsync(
            model,
            async found =>
            {
                PromotionPolicy policy = PolicyOf(found, target);
                (ModelVersion candidate, ModelVersion? champion) = await JudgeAsync(found, version, target, policy, content, cancellationToken).ConfigureAwait(false);
                if (champion?.Number == version)
                    throw new ArgumentException($"{target} of model '{model}' has version {version} already.", nameof(version));
                DateTimeOffset now = Clock.GetUtcNow();
                promotion = new Promotion
                {
                    Id = Guid.CreateVersion7(now), ModelKey = found.Key, Version = version, Target = target, Champion = champion?.Number, ContentDigest = content, Policy = policy,
                    Reason = reason, ProposedBy = actor, ProposedAt = Floor(now), ExpiresAt = Floor(now) + policy.ProposalLifetime, Evidence = given,
                };
                List<RegistryEvent> changes = [new RegistryEvent.PromotionProposed(promotion)];
                if (PolicyRules.IsComplete(promotion))
                    changes.AddRange(await ApplyAsync(found, candidate, promotion, cancellationToken).ConfigureAwait(false));
                return changes;
            },
            cancellationToken).ConfigureAwait(false);
        return await ReadAsync(promotion!.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives evidence for an open promotion, in place of earlier evidence of its name. Approvals given before were given to other evidence and do not count any more. Where no approval is needed and this was the last that was missing, the promotion is applied in the same transaction.</summary>
    /// <param name="promotion">The promotion.</param>
    /// <param name="evidence">The evidence.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotion.</returns>
    /// <exception cref="ArgumentException">The evidence is not legal.</exception>
    /// <exception cref="PromotionNotFoundException">There is no such promotion.</exception>
    /// <exception cref="PromotionClosedException">It is closed or has expired, its policy was replaced or its target moved.</exception>
    /// <exception cref="PromotionRefusedException">It would be applied, and the version breaks rules by now.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public Task<Promotion> GiveEvidenceAsync(Guid promotion, Evidence evidence, CancellationToken cancellationToken = default)
    {
        PolicyRules.Check(evidence, nameof(evidence));
        return AdvanceAsync(promotion, (open, _) => open.Evidence.Contains(evidence) ? null : new RegistryEvent.EvidenceGiven(open.Id, evidence), cancellationToken);
    }

    /// <summary>Approves a promotion as it was read. When nothing is missing any more, it is applied in the same transaction. While evidence is missing or has failed, the approval is kept and the promotion stays open.</summary>
    /// <param name="promotion">The promotion, as the approver has read it: its <see cref="Promotion.Digest"/> must be what it is now.</param>
    /// <param name="comment">What the approver says, at most 5,000 characters; null for nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotion.</returns>
    /// <exception cref="ArgumentException">The comment is too long.</exception>
    /// <exception cref="PromotionNotFoundException">There is no such promotion.</exception>
    /// <exception cref="PromotionChangedException">Evidence was given since it was read; the exception has both digests.</exception>
    /// <exception cref="ApproverRefusedException">The actor proposed it, registered the version, or has approved it already.</exception>
    /// <exception cref="PromotionClosedException">It is closed or has expired, its policy was replaced or its target moved.</exception>
    /// <exception cref="PromotionRefusedException">The version breaks rules by now; files that do not hash are among them. The approval is not kept.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be read.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public Task<Promotion> ApproveAsync(Promotion promotion, string? comment = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(promotion);
        RegistryLimits.CheckText(comment, RegistryLimits.ReasonLength, "A comment", nameof(comment));
        string read = promotion.Digest, actor = Actor();
        return AdvanceAsync(
            promotion.Id,
            (open, version) =>
            {
                if (open.Digest != read)
                    throw new PromotionChangedException(open.Id, read, open.Digest);
                if (open.ProposedBy == actor)
                    throw new ApproverRefusedException(open.Id, actor, "they proposed it. Somebody else must approve it.");
                if (version.User == actor)
                    throw new ApproverRefusedException(open.Id, actor, "they registered the version. Somebody else must approve it.");
                if (open.ValidApprovers.Contains(actor, StringComparer.Ordinal))
                    throw new ApproverRefusedException(open.Id, actor, "they have approved it already. Somebody else must, too.");
                return new RegistryEvent.PromotionApproved(open.Id, open.Digest, comment);
            },
            cancellationToken);
    }

    /// <summary>Rejects an open promotion, also one that has expired or cannot be applied any more.</summary>
    /// <param name="promotion">The promotion.</param>
    /// <param name="reason">Why; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotion.</returns>
    /// <exception cref="PromotionNotFoundException">There is no such promotion.</exception>
    /// <exception cref="PromotionClosedException">It was applied or rejected before.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<Promotion> RejectAsync(Guid promotion, string? reason = null, CancellationToken cancellationToken = default)
    {
        CheckReason(reason);
        RegisteredModel model = await ModelOfAsync(promotion, cancellationToken).ConfigureAwait(false);
        await ChangeAsync(
            model.Name,
            async _ =>
            {
                ThrowIfClosed(await ReadAsync(promotion, cancellationToken).ConfigureAwait(false));
                return [new RegistryEvent.PromotionRejected(promotion, reason)];
            },
            cancellationToken).ConfigureAwait(false);
        return await ReadAsync(promotion, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets a promotion.</summary>
    /// <param name="promotion">The promotion.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotion.</returns>
    /// <exception cref="PromotionNotFoundException">There is no such promotion.</exception>
    /// <exception cref="NotSupportedException">The store keeps no promotions.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<Promotion> GetPromotionAsync(Guid promotion, CancellationToken cancellationToken = default)
    {
        Demand(RegistryCapabilities.Promotion);
        return await ReadAsync(promotion, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds the promotions of a model.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="status">Where they stand; null for all. Those whose time is over are among the open ones.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotions, the oldest first.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="NotSupportedException">The store keeps no promotions.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<IReadOnlyList<Promotion>> FindPromotionsAsync(string model, PromotionStatus? status = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        Demand(RegistryCapabilities.Promotion);
        RegisteredModel found = await GetAsync(model, cancellationToken).ConfigureAwait(false);
        return await Store.FindPromotionsAsync(found.Key, status, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves an alias back to the version that it pointed to before; a second call goes back one more. Deleted versions are passed over. Also an alias that a policy guards can be rolled back, without approvals: what was there before has been approved, and trouble does not wait.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="alias">The alias.</param>
    /// <param name="expected">The version that it must point to now; null does not ask.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The alias as it is after the move.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="AliasNotFoundException">It has no such alias.</exception>
    /// <exception cref="AliasConflictException">It points to another version than expected.</exception>
    /// <exception cref="NoEarlierVersionException">It has pointed to no other version before that is still there.</exception>
    /// <exception cref="ArtifactCorruptException">The files of the earlier version are not what was registered.</exception>
    /// <exception cref="ArtifactStoreException">They cannot be read.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<ModelAlias> RollbackAsync(string model, string alias, int? expected = null, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(alias);
        CheckReason(reason);
        Demand(RegistryCapabilities.AtomicCommit);
        int verified = 0;
        while (true)
        {
            // Files are read outside the decision; it holds if it is for the version whose files were read.
            int earlier = (await EarlierAsync(await GetAsync(model, cancellationToken).ConfigureAwait(false), alias, expected, cancellationToken).ConfigureAwait(false)).Number;
            if (earlier != verified)
                await VerifyVersionAsync(model, earlier, cancellationToken).ConfigureAwait(false);
            verified = earlier;
            bool moved = false;
            await ChangeAsync(
                model,
                async found =>
                {
                    (int now, int to) = (found.FindAlias(alias)?.Version ?? 0, (await EarlierAsync(found, alias, expected, cancellationToken).ConfigureAwait(false)).Number);
                    moved = to == verified;
                    return moved ? [new RegistryEvent.AliasMoved(alias, now, to, AliasCause.Rollback, reason, Promotion: null)] : [];
                },
                cancellationToken).ConfigureAwait(false);
            if (moved)
            {
                ModelAlias after = (await GetAsync(model, cancellationToken).ConfigureAwait(false)).FindAlias(alias) ?? throw new AliasNotFoundException(model, alias);
                LogRolledBack(_logger, alias, model, verified, reason);
                return after;
            }
        }
    }

    private static void CheckTarget(PromotionTarget target)
    {
        if (target == default)
            throw new ArgumentException("default is no target; make one with PromotionTarget.Alias or PromotionTarget.OfStage.", nameof(target));
    }

    private static DateTimeOffset Floor(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    private static PromotionPolicy PolicyOf(RegisteredModel model, PromotionTarget target) =>
        model.Policies.TryGetValue(target, out PromotionPolicy? policy)
            ? policy
            : throw new InvalidOperationException($"No policy guards {target} of model '{model.Name}'. Set one with SetPolicyAsync, or move it with {(target.AliasName is null ? nameof(TransitionStageAsync) : nameof(MoveAliasAsync))}.");

    private static void ThrowIfClosed(Promotion promotion)
    {
        if (promotion.Status == PromotionStatus.Applied)
            throw new PromotionClosedException(promotion.Id, PromotionClosedReason.Applied, $"'{promotion.ClosedBy}' applied it on {promotion.ClosedAt:u}.");
        if (promotion.Status == PromotionStatus.Rejected)
            throw new PromotionClosedException(promotion.Id, PromotionClosedReason.Rejected, $"'{promotion.ClosedBy}' rejected it on {promotion.ClosedAt:u}.");
    }

    private async ValueTask<Promotion> ReadAsync(Guid promotion, CancellationToken cancellationToken) =>
        await Store.FindPromotionAsync(promotion, cancellationToken).ConfigureAwait(false) ?? throw new PromotionNotFoundException(promotion);

    private async ValueTask<RegisteredModel> ModelOfAsync(Guid promotion, CancellationToken cancellationToken)
    {
        Demand(RegistryCapabilities.Promotion | RegistryCapabilities.AtomicCommit);
        Promotion found = await ReadAsync(promotion, cancellationToken).ConfigureAwait(false);
        return await Store.FindModelAsync(found.ModelKey, cancellationToken).ConfigureAwait(false) ?? throw new PromotionNotFoundException(promotion);
    }

    /// <summary>Changes an open promotion, and applies it when nothing is missing then.</summary>
    private async Task<Promotion> AdvanceAsync(Guid id, Func<Promotion, ModelVersion, RegistryEvent?> decide, CancellationToken cancellationToken)
    {
        RegisteredModel before = await ModelOfAsync(id, cancellationToken).ConfigureAwait(false);
        string actor = Actor();
        string? content = null;
        bool isVerified = false;
        while (true)
        {
            bool needsFiles = false;
            Promotion? last = null;
            await ChangeAsync(
                before.Name,
                async found =>
                {
                    needsFiles = false;
                    Promotion promotion = last = await ReadAsync(id, cancellationToken).ConfigureAwait(false);
                    await ThrowIfStaleAsync(found, promotion, cancellationToken).ConfigureAwait(false);
                    ModelVersion version = await GetVersionAsync(found.Name, promotion.Version, cancellationToken).ConfigureAwait(false);
                    if (decide(promotion, version) is not { } change)
                        return [];
                    Promotion after = promotion.After(change, actor, Clock.GetUtcNow());
                    bool isLast = PolicyRules.IsComplete(after);
                    if ((isLast || change is RegistryEvent.PromotionApproved) && !isVerified)
                    {
                        needsFiles = true;
                        return [];
                    }

                    if (change is RegistryEvent.PromotionApproved || isLast)
                        await JudgeAsync(found, promotion.Version, promotion.Target, promotion.Policy, content, cancellationToken).ConfigureAwait(false);
                    return isLast ? [change, .. await ApplyAsync(found, version, after, cancellationToken).ConfigureAwait(false)] : [change];
                },
                cancellationToken).ConfigureAwait(false);
            if (!needsFiles)
                return await ReadAsync(id, cancellationToken).ConfigureAwait(false);

            // Files are read outside the decision, which is made again then.
            content = await VerifyFilesAsync(before, last!.Version, last.Target, last.Policy, cancellationToken).ConfigureAwait(false);
            isVerified = true;
        }
    }

    private async ValueTask ThrowIfStaleAsync(RegisteredModel model, Promotion promotion, CancellationToken cancellationToken)
    {
        ThrowIfClosed(promotion);
        if (promotion.IsExpiredAt(Clock.GetUtcNow()))
            throw new PromotionClosedException(promotion.Id, PromotionClosedReason.Expired, $"it expired on {promotion.ExpiresAt:u}.");
        if (!model.Policies.TryGetValue(promotion.Target, out PromotionPolicy? policy) || !RegistryJson.Write(policy).AsSpan().SequenceEqual(RegistryJson.Write(promotion.Policy)))
            throw new PromotionClosedException(promotion.Id, PromotionClosedReason.PolicyChanged, $"policy '{promotion.Policy.Name}' guards {promotion.Target} no longer as it was.");
        int? champion = await ChampionAsync(model, promotion.Target, cancellationToken).ConfigureAwait(false);
        if (champion != promotion.Champion)
            throw new PromotionClosedException(promotion.Id, PromotionClosedReason.TargetMoved, $"{promotion.Target} has {Describe(champion)} by now, not {Describe(promotion.Champion)}.");

        static string Describe(int? version) => version is { } number ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"version {number}") : "no version";
    }

    /// <summary>The version and the one that is there now, when the version breaks no rule.</summary>
    private async ValueTask<(ModelVersion Version, ModelVersion? Champion)> JudgeAsync(
        RegisteredModel model, int number, PromotionTarget target, PromotionPolicy policy, string? content, CancellationToken cancellationToken)
    {
        ModelVersion version = await GetVersionAsync(model.Name, number, cancellationToken).ConfigureAwait(false);
        ModelVersion? champion = await ChampionAsync(model, target, cancellationToken).ConfigureAwait(false) is { } now ? await GetVersionAsync(model.Name, now, cancellationToken).ConfigureAwait(false) : null;
        List<string> failures = [.. PolicyRules.Failures(policy, version, champion)];
        if (version.Status != ModelVersionStatus.Ready)
            failures.Add($"Its status is {version.Status}.");
        if (version.Facts.Manifest?.Digest != content)
            failures.Add("Its files are others than those that were verified.");
        return failures.Count == 0 ? (version, champion) : throw new PromotionRefusedException(version.Ref, target, policy.Name, failures);
    }

    /// <summary>Verifies the files of a version.</summary>
    /// <returns>The digest of their content.</returns>
    private async ValueTask<string?> VerifyFilesAsync(RegisteredModel model, int number, PromotionTarget target, PromotionPolicy policy, CancellationToken cancellationToken)
    {
        try
        {
            return (await VerifyVersionAsync(model.Name, number, cancellationToken).ConfigureAwait(false)).Facts.Manifest?.Digest;
        }
        catch (ArtifactCorruptException damage)
        {
            throw new PromotionRefusedException(new ModelVersionRef(model.Name, number), target, policy.Name, [$"Its files are not what was registered: {damage.Message}"]);
        }
    }

    private async ValueTask<IReadOnlyList<RegistryEvent>> ApplyAsync(RegisteredModel model, ModelVersion version, Promotion promotion, CancellationToken cancellationToken)
    {
        LogApplying(_logger, promotion.Id, version.Ref, promotion.Target);
        RegistryEvent applied = new RegistryEvent.PromotionApplied(promotion.Id);
        return promotion.Target.AliasName is { } alias
            ? [applied, new RegistryEvent.AliasMoved(alias, promotion.Champion, promotion.Version, AliasCause.Promotion, promotion.Reason, promotion.Id)]
            : [applied, .. await StageChangesAsync(model, version, promotion.Target.Stage, promotion.Target.Stage != ModelStage.Archived, promotion.Reason, cancellationToken).ConfigureAwait(false)];
    }

    private async ValueTask<ModelVersion> EarlierAsync(RegisteredModel model, string alias, int? expected, CancellationToken cancellationToken)
    {
        ModelAlias? now = model.FindAlias(alias);
        if (expected is { } value && value != (now?.Version ?? 0))
            throw new AliasConflictException(model.Name, alias, value, now?.Version ?? 0);
        if (now is null)
            throw new AliasNotFoundException(model.Name, alias);
        foreach (int number in now.Earlier.Reverse())
        {
            if (number != now.Version && await Store.FindVersionAsync(model.Name, number, cancellationToken).ConfigureAwait(false) is { } version)
                return version;
        }

        throw new NoEarlierVersionException(model.Name, alias);
    }

    [LoggerMessage(2200, LogLevel.Debug, "Promotion {Promotion} lacks nothing: {Version} goes to {Target}")]
    private static partial void LogApplying(ILogger logger, Guid promotion, ModelVersionRef version, PromotionTarget target);

    [LoggerMessage(2201, LogLevel.Warning, "Rolled alias {Alias} of model {Model} back to version {Version}: {Reason}")]
    private static partial void LogRolledBack(ILogger logger, string alias, string model, int version, string? reason);
}
