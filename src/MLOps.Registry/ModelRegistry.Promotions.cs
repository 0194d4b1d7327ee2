using Microsoft.Extensions.Logging;
using MLOps.Registry.Promotions;
using MLOps.Registry.Signatures;
using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry;

/// <content>Policies, promotions and rollback.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Guards an alias or a stage with a policy, in place of the one before. The same policy again changes nothing, so that a program may set it whenever it starts.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="target">What to guard. The alias need not be there yet; it is made by the first promotion then.</param>
    /// <param name="policy">The policy. Open promotions under another one cannot be applied any more.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is set.</returns>
    /// <remarks>Who may set and remove policies is for the host to say: the registry only writes down who did.</remarks>
    /// <exception cref="ArgumentException">Something in the policy is out of its range, a metric rule asks for nothing, a metric or tag key is not legal, or evidence is named twice.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="RegistryCapabilities.Promotion"/> or <see cref="RegistryCapabilities.AtomicCommit"/>.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task SetPolicyAsync(string model, PromotionTarget target, PromotionPolicy policy, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckTarget(target);
        PromotionPolicy checkedPolicy = PromotionPolicy.Checked(policy);
        CheckReason(reason);
        DemandPromotions();
        bool changed = false;
        await ChangeAsync(
            model,
            found =>
            {
                changed = !(found.Policies.TryGetValue(target, out PromotionPolicy? before) && before.IsSameAs(checkedPolicy));
                return changed ? new RegistryEvent.PolicySet(target, checkedPolicy, reason) : null;
            },
            cancellationToken).ConfigureAwait(false);
        if (changed)
            LogPolicySet(_logger, checkedPolicy.Name, target, model);
    }

    /// <summary>Stops guarding an alias or a stage. Open promotions to it cannot be applied any more.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="target">What was guarded.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether a policy guarded it.</returns>
    /// <exception cref="ArgumentException">The reason is too long.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="RegistryCapabilities.Promotion"/> or <see cref="RegistryCapabilities.AtomicCommit"/>.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<bool> RemovePolicyAsync(string model, PromotionTarget target, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckTarget(target);
        CheckReason(reason);
        DemandPromotions();
        PromotionPolicy? removed = null;
        await ChangeAsync(
            model,
            found => found.Policies.TryGetValue(target, out removed) ? new RegistryEvent.PolicyRemoved(target, removed.Name, reason) : null,
            cancellationToken).ConfigureAwait(false);
        if (removed is not null)
            LogPolicyRemoved(_logger, removed.Name, target, model);
        return removed is not null;
    }

    /// <summary>Proposes to promote a version. When its policy is met at once, that is when the evidence is there and no approvals are asked for, it is applied in the same transaction.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="version">The number of the version.</param>
    /// <param name="target">The alias or the stage; a policy must guard it.</param>
    /// <param name="evidence">Evidence that is there already, no name twice; null for none. More can be given with <see cref="GiveEvidenceAsync"/>.</param>
    /// <param name="reason">Why, for those who approve and for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends it; nothing is proposed then.</param>
    /// <returns>The promotion: applied, or open while <see cref="Promotion.WaitsFor"/> has something.</returns>
    /// <remarks>
    /// <para>The version's files are read and hashed, once all other rules hold: that takes as long as reading them takes. Evidence and approvals that are missing refuse nothing; all other rules do, so that nobody is asked to approve what cannot be applied.</para>
    /// <para>Applied to Staging or Production, the other versions there are archived, as by <see cref="TransitionStageAsync"/>.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">Evidence or the reason is not legal.</exception>
    /// <exception cref="InvalidOperationException">No policy guards the target.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="PromotionRefusedException">The version is there already, is not ready, breaks a rule on metrics, signature or tags, or its files are not what was registered.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be read.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="RegistryCapabilities.Promotion"/> or <see cref="RegistryCapabilities.AtomicCommit"/>.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<Promotion> ProposeAsync(string model, int version, PromotionTarget target, IReadOnlyList<Evidence>? evidence = null, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckTarget(target);
        Evidence[] given = CheckedEvidence(evidence);
        CheckReason(reason);
        DemandPromotions();
        Guid id = default;
        FilesVerdict? files = null;
        IReadOnlyList<RegistryEvent> changes = [];
        await ChangeAsync(
            model,
            async found =>
            {
                if (!found.Policies.TryGetValue(target, out PromotionPolicy? policy))
                    throw new InvalidOperationException($"No policy guards {target} of model '{model}', so there is nothing to promote under. Set one with SetPolicyAsync, or move it with {(target.AliasName is null ? nameof(TransitionStageAsync) : nameof(MoveAliasAsync))}.");
                ModelVersion candidate = await GetVersionAsync(model, version, cancellationToken).ConfigureAwait(false);
                int? champion = await ChampionAsync(found, target, cancellationToken).ConfigureAwait(false);
                files = await ThrowIfBrokenAsync(found, candidate, target, policy, champion, files, cancellationToken).ConfigureAwait(false);
                var now = DateTimeOffset.FromUnixTimeMilliseconds(Clock.GetUtcNow().ToUnixTimeMilliseconds());
                Promotion promotion = new()
                {
                    Id = id = Guid.CreateVersion7(now), ModelKey = found.Key, Version = version, Target = target, Champion = champion, ContentDigest = files.Digest, Policy = policy,
                    Reason = reason, ProposedBy = Actor(), ProposedAt = now, ExpiresAt = now + policy.ProposalLifetime, Evidence = given,
                };
                return changes = [new RegistryEvent.PromotionProposed(promotion), .. await ApplicationAsync(found, promotion, candidate, cancellationToken).ConfigureAwait(false)];
            },
            cancellationToken).ConfigureAwait(false);
        LogPromotion(changes, id, model, version, target);
        return await GetPromotionAsync(id, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Gives evidence for an open promotion, in place of earlier evidence of its name. Approvals given before do not count any more: they approved other evidence. When nothing else is waited for, the promotion is applied in the same transaction.</summary>
    /// <param name="promotion">The promotion.</param>
    /// <param name="evidence">The evidence, passed or not.</param>
    /// <param name="cancellationToken">Ends it; nothing is given then.</param>
    /// <returns>The promotion.</returns>
    /// <remarks>Evidence that would apply a promotion is refused when the version breaks a rule by now, so that nothing is lost without a word: give it again when the rule holds.</remarks>
    /// <exception cref="ArgumentException">The evidence is not legal.</exception>
    /// <exception cref="PromotionNotFoundException">There is no such promotion.</exception>
    /// <exception cref="PromotionClosedException">It was applied or rejected.</exception>
    /// <exception cref="PromotionExpiredException">Its time is over.</exception>
    /// <exception cref="PromotionStaleException">Its policy, or the version in its stage, has changed since.</exception>
    /// <exception cref="AliasConflictException">The alias has been moved since.</exception>
    /// <exception cref="ModelVersionNotFoundException">The version was deleted.</exception>
    /// <exception cref="PromotionRefusedException">It would be applied, and the version breaks a rule by now.</exception>
    /// <exception cref="ArtifactStoreException">It would be applied, and the files cannot be read.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public Task<Promotion> GiveEvidenceAsync(Guid promotion, Evidence evidence, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        evidence.Check(nameof(evidence));
        FilesVerdict? files = null;
        return ChangePromotionAsync(
            promotion,
            async (found, current, actor) =>
            {
                ModelVersion candidate = await ThrowIfOverAsync(found, current, cancellationToken).ConfigureAwait(false);
                RegistryEvent.EvidenceGiven given = new(current.Id, evidence);
                IReadOnlyList<RegistryEvent> application = await ApplicationAsync(found, current.After(given, actor, Clock.GetUtcNow()), candidate, cancellationToken).ConfigureAwait(false);
                if (application.Count > 0)
                    files = await ThrowIfBrokenAsync(found, candidate, current, files, cancellationToken).ConfigureAwait(false);
                return [given, .. application];
            },
            cancellationToken);
    }

    /// <summary>Approves a promotion as it was read. The approval that is the last to be needed applies it, in the same transaction.</summary>
    /// <param name="promotion">The promotion, as the approver read it: its <see cref="Promotion.Digest"/> says what is approved.</param>
    /// <param name="comment">What the approver says, for the audit log; null for nothing.</param>
    /// <param name="cancellationToken">Ends it; nothing is approved then.</param>
    /// <returns>The promotion: applied, or open while <see cref="Promotion.WaitsFor"/> has something.</returns>
    /// <remarks>
    /// <para>All rules are judged again, on what the transaction changes, and the files are read and hashed again. When required evidence is missing or did not pass, the approval is kept and the promotion stays open; it counts as long as the evidence stays as it is.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The comment is too long.</exception>
    /// <exception cref="PromotionNotFoundException">There is no such promotion.</exception>
    /// <exception cref="PromotionClosedException">It was applied or rejected.</exception>
    /// <exception cref="PromotionExpiredException">Its time is over.</exception>
    /// <exception cref="PromotionChangedException">Evidence was given since it was read; the exception has both digests.</exception>
    /// <exception cref="ApprovalRefusedException">Who approves has proposed it, has registered the version, or has approved it already.</exception>
    /// <exception cref="PromotionStaleException">Its policy, or the version in its stage, has changed since.</exception>
    /// <exception cref="AliasConflictException">The alias has been moved since it was proposed; the exception has both versions.</exception>
    /// <exception cref="ModelVersionNotFoundException">The version was deleted.</exception>
    /// <exception cref="PromotionRefusedException">The version breaks a rule by now, or its files are not what was registered.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be read.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public Task<Promotion> ApproveAsync(Promotion promotion, string? comment = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(promotion);
        RegistryLimits.CheckText(comment, RegistryLimits.ReasonLength, "A comment", nameof(comment));
        string digest = promotion.Digest;
        FilesVerdict? files = null;
        return ChangePromotionAsync(
            promotion.Id,
            async (found, current, actor) =>
            {
                ModelVersion candidate = await ThrowIfOverAsync(found, current, cancellationToken).ConfigureAwait(false);
                if (current.Digest != digest)
                    throw new PromotionChangedException(current.Id, digest, current.Digest);
                ApprovalRefusal? refusal =
                    actor == current.ProposedBy ? ApprovalRefusal.IsProposer
                    : actor == candidate.User ? ApprovalRefusal.IsRegistrant
                    : current.ValidApprovers.Contains(actor, StringComparer.Ordinal) ? ApprovalRefusal.HasApproved
                    : null;
                if (refusal is { } why)
                    throw new ApprovalRefusedException(current.Id, actor, why);
                files = await ThrowIfBrokenAsync(found, candidate, current, files, cancellationToken).ConfigureAwait(false);
                RegistryEvent.PromotionApproved approved = new(current.Id, digest, comment);
                return [approved, .. await ApplicationAsync(found, current.After(approved, actor, Clock.GetUtcNow()), candidate, cancellationToken).ConfigureAwait(false)];
            },
            cancellationToken);
    }

    /// <summary>Rejects an open promotion, expired or not. Anybody may, its proposer too.</summary>
    /// <param name="promotion">The promotion.</param>
    /// <param name="reason">Why; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotion, rejected.</returns>
    /// <exception cref="ArgumentException">The reason is too long.</exception>
    /// <exception cref="PromotionNotFoundException">There is no such promotion.</exception>
    /// <exception cref="PromotionClosedException">It was applied or rejected.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public Task<Promotion> RejectAsync(Guid promotion, string? reason = null, CancellationToken cancellationToken = default)
    {
        CheckReason(reason);
        return ChangePromotionAsync(
            promotion,
            (_, current, _) => current.Status == PromotionStatus.Open
                ? ValueTask.FromResult<IReadOnlyList<RegistryEvent>>([new RegistryEvent.PromotionRejected(current.Id, reason)])
                : throw new PromotionClosedException(current.Id, current.Status),
            cancellationToken);
    }

    /// <summary>Gets a promotion.</summary>
    /// <param name="promotion">The promotion.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotion.</returns>
    /// <exception cref="PromotionNotFoundException">There is none, or its model was deleted.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="RegistryCapabilities.Promotion"/>.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<Promotion> GetPromotionAsync(Guid promotion, CancellationToken cancellationToken = default)
    {
        Demand(RegistryCapabilities.Promotion);
        return await Store.FindPromotionAsync(promotion, cancellationToken).ConfigureAwait(false) ?? throw new PromotionNotFoundException(promotion);
    }

    /// <summary>Finds the promotions of a model. Whether an open one has expired <see cref="Promotion.IsExpiredAt"/> tells.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="status">Where they stand; null, the default, for all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotions, the oldest first.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="RegistryCapabilities.Promotion"/>.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<IReadOnlyList<Promotion>> FindPromotionsAsync(string model, PromotionStatus? status = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        Demand(RegistryCapabilities.Promotion);
        RegisteredModel found = await GetAsync(model, cancellationToken).ConfigureAwait(false);
        return await Store.FindPromotionsAsync(found.Key, status, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves an alias back to the version that it pointed to before. A second rollback goes back one further.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="alias">The alias; case counts.</param>
    /// <param name="expected">The version that it must point to now: the one that turned out to be wrong. Null does not ask.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends it; the alias stays where it is then.</param>
    /// <returns>The alias as it is after the move.</returns>
    /// <remarks>
    /// <para>Versions that were deleted since are skipped. The files of the version are read and hashed first, so that a rollback never leads to a damaged one.</para>
    /// <para>A guarded alias needs no approval to go back: what was there has been judged before, and going back must not wait. Open promotions to it were proposed against the version that it leaves, and cannot be applied any more.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The reason is too long, or the expected version is negative.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="AliasConflictException">It points to another version than expected; the exception has both.</exception>
    /// <exception cref="AliasNotFoundException">There is no such alias.</exception>
    /// <exception cref="NoEarlierVersionException">It pointed to no other version before, or none of them is there any more.</exception>
    /// <exception cref="ArtifactCorruptException">The files of the version are not what was registered.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be read.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<ModelAlias> RollbackAsync(string model, string alias, int? expected = null, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(alias);
        if (expected is { } number)
            ArgumentOutOfRangeException.ThrowIfNegative(number, nameof(expected));
        CheckReason(reason);
        if (expected is not null)
            Demand(RegistryCapabilities.AtomicCommit);
        RegistryEvent.AliasMoved? move = null;
        ModelAlias? moved = null;
        (Guid Model, int Version)? verified = null;
        await ChangeAsync(
            model,
            async found =>
            {
                ModelAlias? pointer = found.FindAlias(alias);
                if (expected is { } value && value != (pointer?.Version ?? 0))
                    throw new AliasConflictException(model, alias, value, pointer?.Version ?? 0);
                if (pointer is null)
                    throw new AliasNotFoundException(model, alias);
                int to = await EarlierAsync(model, pointer, cancellationToken).ConfigureAwait(false) ?? throw new NoEarlierVersionException(model, alias);
                if (verified != (found.Key, to))
                    verified = ((await VerifyVersionAsync(model, to, cancellationToken).ConfigureAwait(false)).ModelKey, to);
                move = new RegistryEvent.AliasMoved(alias, pointer.Version, to, AliasCause.Rollback, reason, Promotion: null);
                moved = ModelAlias.After(pointer, move, Actor(), Now());
                return [move];
            },
            cancellationToken).ConfigureAwait(false);
        LogRolledBack(_logger, alias, model, move!.From!.Value, move.To);
        return moved!;
    }

    /// <summary>The last version that an alias pointed to, that is still there and not where it points to now.</summary>
    private async ValueTask<int?> EarlierAsync(string model, ModelAlias alias, CancellationToken cancellationToken)
    {
        foreach (int earlier in alias.Earlier.Reverse())
        {
            if (earlier != alias.Version && await Store.FindVersionAsync(model, earlier, cancellationToken).ConfigureAwait(false) is not null)
                return earlier;
        }

        return null;
    }

    /// <summary>Changes a promotion: decides on what it and its model are, and decides again when somebody else was faster.</summary>
    private async Task<Promotion> ChangePromotionAsync(Guid id, Func<RegisteredModel, Promotion, string, ValueTask<IReadOnlyList<RegistryEvent>>> decide, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        DemandPromotions();
        string actor = Actor();
        Guid key = (await GetPromotionAsync(id, cancellationToken).ConfigureAwait(false)).ModelKey;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // The model first, by its revision: a promotion that has changed since then fails the commit.
            RegisteredModel model = await Store.FindModelAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new PromotionNotFoundException(id);
            Promotion promotion = await GetPromotionAsync(id, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<RegistryEvent> changes = await decide(model, promotion, actor).ConfigureAwait(false);
            if (!await TryCommitAsync(key, model.Revision, changes, actor, cancellationToken).ConfigureAwait(false))
                continue;

            // From here on it is done: whoever cancels learns of it all the same.
            LogPromotion(changes, id, model.Name, promotion.Version, promotion.Target);
            return await GetPromotionAsync(id, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Raises when a promotion cannot be applied any more, whoever approves it.</summary>
    /// <returns>The version that is to be promoted.</returns>
    private async ValueTask<ModelVersion> ThrowIfOverAsync(RegisteredModel model, Promotion promotion, CancellationToken cancellationToken)
    {
        if (promotion.Status != PromotionStatus.Open)
            throw new PromotionClosedException(promotion.Id, promotion.Status);
        if (promotion.IsExpiredAt(Clock.GetUtcNow()))
            throw new PromotionExpiredException(promotion.Id, promotion.ExpiresAt);
        if (!model.Policies.TryGetValue(promotion.Target, out PromotionPolicy? policy))
            throw new PromotionStaleException(promotion.Id, $"Policy '{promotion.Policy.Name}' does not guard {promotion.Target} any more.");
        if (!policy.IsSameAs(promotion.Policy))
            throw new PromotionStaleException(promotion.Id, $"The policy of {promotion.Target} has changed.");
        int? champion = await ChampionAsync(model, promotion.Target, cancellationToken).ConfigureAwait(false);
        if (champion != promotion.Champion)
            throw promotion.Target.AliasName is { } alias ? new AliasConflictException(model.Name, alias, promotion.Champion ?? 0, champion ?? 0) : new PromotionStaleException(promotion.Id, $"Another version is in {promotion.Target} by now.");
        return await GetVersionAsync(model.Name, promotion.Version, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<FilesVerdict> ThrowIfBrokenAsync(RegisteredModel model, ModelVersion candidate, Promotion promotion, FilesVerdict? known, CancellationToken cancellationToken)
    {
        FilesVerdict files = await ThrowIfBrokenAsync(model, candidate, promotion.Target, promotion.Policy, promotion.Champion, known, cancellationToken).ConfigureAwait(false);
        return files.Digest == promotion.ContentDigest
            ? files
            : throw new PromotionRefusedException(model.Name, candidate.Number, promotion.Target, promotion.Policy.Name, [$"Its files have the digest {files.Digest}; those that were proposed had {promotion.ContentDigest}."]);
    }

    /// <summary>Raises when a version breaks a rule that neither evidence nor approvals can mend. The files come last: reading them takes longest.</summary>
    private async ValueTask<FilesVerdict> ThrowIfBrokenAsync(
        RegisteredModel model, ModelVersion candidate, PromotionTarget target, PromotionPolicy policy, int? championNumber, FilesVerdict? known, CancellationToken cancellationToken)
    {
        ModelVersion? champion = championNumber is { } number ? await Store.FindVersionAsync(model.Name, number, cancellationToken).ConfigureAwait(false) : null;
        IReadOnlyList<string> failures = PromotionRules.Failures(model, candidate, target, policy, champion);
        FilesVerdict? files = null;
        if (failures.Count == 0)
        {
            files = known is not null && known.IsOf(candidate) ? known : await VerifyFilesAsync(candidate, cancellationToken).ConfigureAwait(false);
            failures = files.Failure is { } failure ? [failure] : [];
        }

        return failures.Count == 0 ? files! : throw new PromotionRefusedException(model.Name, candidate.Number, target, policy.Name, failures);
    }

    private async ValueTask<FilesVerdict> VerifyFilesAsync(ModelVersion version, CancellationToken cancellationToken)
    {
        try
        {
            ModelVersion verified = await VerifyVersionAsync(version.Model, version.Number, cancellationToken).ConfigureAwait(false);
            return new FilesVerdict(verified.ModelKey, verified.Number, verified.Facts.Manifest!.Digest, Failure: null);
        }
        catch (ArtifactCorruptException corrupt)
        {
            return new FilesVerdict(version.ModelKey, version.Number, version.Facts.Manifest?.Digest, corrupt.Message);
        }
    }

    /// <summary>What applies a promotion whose policy is met; nothing while it waits.</summary>
    private async ValueTask<IReadOnlyList<RegistryEvent>> ApplicationAsync(RegisteredModel model, Promotion promotion, ModelVersion candidate, CancellationToken cancellationToken)
    {
        if (promotion.WaitsFor.Count > 0)
            return [];
        RegistryEvent.PromotionApplied applied = new(promotion.Id);
        if (promotion.Target.AliasName is { } alias)
            return [applied, new RegistryEvent.AliasMoved(alias, promotion.Champion, promotion.Version, AliasCause.Promotion, promotion.Reason, promotion.Id)];
        ModelStage stage = promotion.Target.Stage;
        return [applied, .. await StageChangesAsync(model, candidate, stage, archiveOthers: stage != ModelStage.Archived, promotion.Reason, cancellationToken).ConfigureAwait(false)];
    }

    private void DemandPromotions()
    {
        Demand(RegistryCapabilities.AtomicCommit);
        Demand(RegistryCapabilities.Promotion);
    }

    private static void CheckTarget(PromotionTarget target)
    {
        if (target == default)
            throw new ArgumentException("A target is an alias or a stage: PromotionTarget.Alias(\"champion\").", nameof(target));
    }

    private static Evidence[] CheckedEvidence(IReadOnlyList<Evidence>? evidence)
    {
        Evidence[] given = [.. evidence ?? []];
        foreach (Evidence item in given)
        {
            ArgumentNullException.ThrowIfNull(item, nameof(evidence));
            item.Check(nameof(evidence));
        }

        return given.GroupBy(item => item.Name, StringComparer.Ordinal).FirstOrDefault(items => items.Count() > 1) is { } twice
            ? throw new ArgumentException($"Evidence '{twice.Key}' is given twice.", nameof(evidence))
            : [.. given.OrderBy(item => item.Name, StringComparer.Ordinal)];
    }

    private void LogPromotion(IReadOnlyList<RegistryEvent> changes, Guid id, string model, int version, PromotionTarget target)
    {
        if (changes.Any(change => change is RegistryEvent.PromotionApplied))
            LogPromoted(_logger, version, model, target, id);
    }

    [LoggerMessage(2200, LogLevel.Information, "Policy {Policy} guards {Target} of model {Model}")]
    private static partial void LogPolicySet(ILogger logger, string policy, PromotionTarget target, string model);

    [LoggerMessage(2201, LogLevel.Warning, "Policy {Policy} does not guard {Target} of model {Model} any more")]
    private static partial void LogPolicyRemoved(ILogger logger, string policy, PromotionTarget target, string model);

    [LoggerMessage(2202, LogLevel.Information, "Promoted version {Version} of model {Model} to {Target} by promotion {Promotion}")]
    private static partial void LogPromoted(ILogger logger, int version, string model, PromotionTarget target, Guid promotion);

    [LoggerMessage(2203, LogLevel.Warning, "Rolled back alias {Alias} of model {Model} from version {From} to {To}")]
    private static partial void LogRolledBack(ILogger logger, string alias, string model, int from, int to);

    /// <summary>What reading the files of a version told: kept while a decision is made again, for reading them takes long.</summary>
    private sealed record FilesVerdict(Guid ModelKey, int Number, string? Digest, string? Failure)
    {
        public bool IsOf(ModelVersion version) => (ModelKey, Number, Digest) == (version.ModelKey, version.Number, version.Facts.Manifest?.Digest);
    }
}
