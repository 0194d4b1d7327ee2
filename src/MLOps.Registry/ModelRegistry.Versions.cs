using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry;

/// <content>Versions.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Finds a version.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The version, or null when there is none.</returns>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<ModelVersion?> FindVersionAsync(string model, int number, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        return await Store.FindVersionAsync(model, number, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets a version.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The version.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<ModelVersion> GetVersionAsync(string model, int number, CancellationToken cancellationToken = default) =>
        await FindVersionAsync(model, number, cancellationToken).ConfigureAwait(false) ?? throw await MissingAsync(model, number, cancellationToken).ConfigureAwait(false);

    /// <summary>Gets the version that an alias points to.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="alias">The alias; case counts. <c>latest</c> in any case is the version with the highest number.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The version.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="AliasNotFoundException">It has no such alias.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no version at all, and <c>latest</c> was asked for.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<ModelVersion> GetVersionAsync(string model, string alias, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(alias);
        if (alias.Equals("latest", StringComparison.OrdinalIgnoreCase))
        {
            IReadOnlyList<ModelVersion> latest = await Store.FindLatestVersionsAsync(model, cancellationToken).ConfigureAwait(false);
            return latest.MaxBy(version => version.Number) ?? throw await MissingAsync(model, 0, cancellationToken).ConfigureAwait(false);
        }

        if (await Store.FindVersionAsync(model, alias, cancellationToken).ConfigureAwait(false) is { } version)
            return version;
        await GetAsync(model, cancellationToken).ConfigureAwait(false);
        throw new AliasNotFoundException(model, alias);
    }

    /// <summary>Finds the newest version of each of MLflow's stages: the highest number.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>At most one version a stage, in the order of <see cref="ModelStage"/>.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<IReadOnlyList<ModelVersion>> FindLatestVersionsAsync(string model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        await GetAsync(model, cancellationToken).ConfigureAwait(false);
        return await Store.FindLatestVersionsAsync(model, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Describes a version.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="description">The description in Markdown; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The version.</returns>
    /// <exception cref="ArgumentException">The description is too long.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<ModelVersion> DescribeVersionAsync(string model, int number, string? description, CancellationToken cancellationToken = default)
    {
        RegistryLimits.CheckText(description, RegistryLimits.DescriptionLength, "A description", nameof(description));
        return await ChangeVersionAsync(model, number, (_, _) => [new RegistryEvent.VersionDescribed(number, description)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets a tag of a version.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="key">The key: 1 to 250 letters, digits, <c>_ - . : /</c> or spaces.</param>
    /// <param name="value">The value, at most 100,000 characters.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is set.</returns>
    /// <exception cref="ArgumentException">The key or the value is not legal.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task SetVersionTagAsync(string model, int number, string key, string value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        RegistryLimits.CheckTag(key, value);
        await ChangeVersionAsync(model, number, (_, _) => [new RegistryEvent.VersionTagSet(number, key, value)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a tag of a version; one that is not there changes nothing.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is deleted.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task DeleteVersionTagAsync(string model, int number, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        await ChangeVersionAsync(model, number, (_, version) => version.Tags.ContainsKey(key) ? [new RegistryEvent.VersionTagDeleted(number, key)] : [], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves a version to one of MLflow's stages.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="archiveOthers">Whether the other versions in that stage are moved to <see cref="ModelStage.Archived"/>, in the same transaction.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The version.</returns>
    /// <exception cref="ArgumentException">There is no such stage, or others are to be archived for another stage than Staging and Production.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="PromotionRequiredException">A policy guards the stage, or the one that a version would leave.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<ModelVersion> TransitionStageAsync(string model, int number, ModelStage stage, bool archiveOthers = false, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckReason(reason);
        if (stage is < ModelStage.None or > ModelStage.Archived)
            throw new ArgumentOutOfRangeException(nameof(stage), stage, "There is no such stage.");
        if (archiveOthers && stage is not (ModelStage.Staging or ModelStage.Production))
            throw new ArgumentException("Other versions are archived for Staging and Production alone.", nameof(archiveOthers));
        await ChangeAsync(
            model,
            async found =>
            {
                ModelVersion version = await GetVersionAsync(model, number, cancellationToken).ConfigureAwait(false);
                List<RegistryEvent> changes = await StageChangesAsync(found, version, stage, archiveOthers, reason, cancellationToken).ConfigureAwait(false);
                foreach (RegistryEvent.VersionStageChanged change in changes.Cast<RegistryEvent.VersionStageChanged>())
                {
                    foreach (ModelStage touched in new[] { change.From, change.To }.Where(touched => touched != ModelStage.None))
                        ThrowIfGuarded(found, PromotionTarget.OfStage(touched));
                }

                return changes;
            },
            cancellationToken).ConfigureAwait(false);
        return await GetVersionAsync(model, number, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a version. Its number is never given again; its files stay until <see cref="PurgeFilesAsync"/>.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="removeAliases">Whether aliases that point to it are removed with it, as MLflow does; otherwise they are in the way.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is deleted.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="ModelVersionInUseException">An alias points to it.</exception>
    /// <exception cref="PromotionRequiredException">A guarded alias points to it, or it is in a guarded stage.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task DeleteVersionAsync(string model, int number, string? reason = null, bool removeAliases = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckReason(reason);
        await ChangeAsync(
            model,
            async found =>
            {
                await GetVersionAsync(model, number, cancellationToken).ConfigureAwait(false);
                await ThrowIfGuardedInUseAsync(found, number, cancellationToken).ConfigureAwait(false);
                string[] aliases = [.. found.Aliases.Where(alias => alias.Version == number).Select(alias => alias.Name)];
                if (aliases.Length > 0 && !removeAliases)
                    throw new ModelVersionInUseException(model, number, aliases);
                return [.. aliases.Select(alias => new RegistryEvent.AliasRemoved(alias, number, reason)), new RegistryEvent.VersionDeleted(number, reason)];
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<ModelVersion> ChangeVersionAsync(string model, int number, Func<RegisteredModel, ModelVersion, IReadOnlyList<RegistryEvent>> decide, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        await ChangeAsync(
            model,
            async found => decide(found, await GetVersionAsync(model, number, cancellationToken).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false);
        return await GetVersionAsync(model, number, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What moves a version to a stage; nothing when all are where they should be.</summary>
    private async ValueTask<List<RegistryEvent>> StageChangesAsync(
        RegisteredModel model, ModelVersion version, ModelStage stage, bool archiveOthers, string? reason, CancellationToken cancellationToken)
    {
        List<RegistryEvent> changes = [];
        if (version.Stage != stage)
            changes.Add(new RegistryEvent.VersionStageChanged(version.Number, version.Stage, stage, reason));
        if (archiveOthers)
        {
            foreach (ModelVersion other in await Store.FindVersionsInStageAsync(model.Name, stage, cancellationToken).ConfigureAwait(false))
            {
                if (other.Number != version.Number)
                    changes.Add(new RegistryEvent.VersionStageChanged(other.Number, stage, ModelStage.Archived, reason));
            }
        }

        return changes;
    }

    private async ValueTask<MLOpsException> MissingAsync(string model, int number, CancellationToken cancellationToken) =>
        await Store.FindModelAsync(model, cancellationToken).ConfigureAwait(false) is null ? new ModelNotFoundException(model) : new ModelVersionNotFoundException(model, number);
}
