using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry;

/// <content>Registered models.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Makes a registered model without versions.</summary>
    /// <param name="name">The name: 1 to 256 characters without <c>/</c> and <c>:</c>.</param>
    /// <param name="description">A description in Markdown; null for none.</param>
    /// <param name="tags">Tags to begin with; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ArgumentException">The name, the description or a tag is not legal.</exception>
    /// <exception cref="ModelExistsException">Another model has the name.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<RegisteredModel> CreateModelAsync(string name, string? description = null, IReadOnlyDictionary<string, string>? tags = null, CancellationToken cancellationToken = default)
    {
        RegistryLimits.CheckModelName(name);
        RegistryLimits.CheckText(description, RegistryLimits.DescriptionLength, "A description", nameof(description));
        Dictionary<string, string> first = CheckedTags(tags);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        var key = Guid.CreateVersion7(Clock.GetUtcNow());
        if (!await TryCommitAsync(key, revision: 0, [new RegistryEvent.ModelCreated(name, description, first)], Actor(), cancellationToken).ConfigureAwait(false))
            throw new InvalidOperationException($"Model key {key} was given twice.");
        return await Store.FindModelAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new ModelNotFoundException(name);
    }

    /// <summary>Finds a model.</summary>
    /// <param name="name">The name; case counts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model, or null when there is none.</returns>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<RegisteredModel?> FindModelAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        return await Store.FindModelAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets a model.</summary>
    /// <param name="name">The name; case counts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ModelNotFoundException">There is none.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<RegisteredModel> GetModelAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        return await GetAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives a model another name; versions, tags, aliases and the audit log stay with it.</summary>
    /// <param name="name">The name.</param>
    /// <param name="newName">The new name; the same one changes nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ArgumentException">The new name is not legal.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelExistsException">Another model has the new name.</exception>
    /// <exception cref="PromotionRequiredException">A guarded alias or stage of it is in use: who asks for it by the old name would lose it.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<RegisteredModel> RenameModelAsync(string name, string newName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        RegistryLimits.CheckModelName(newName, nameof(newName));
        RegisteredModel renamed = await ChangeAsync(
            name,
            async model =>
            {
                if (model.Name == newName)
                    return [];
                await ThrowIfGuardedInUseAsync(model, number: null, cancellationToken).ConfigureAwait(false);
                return [new RegistryEvent.ModelRenamed(model.Name, newName)];
            },
            cancellationToken).ConfigureAwait(false);

        // By its key: somebody else may have given it a third name by now.
        return await Store.FindModelAsync(renamed.Key, cancellationToken).ConfigureAwait(false) ?? throw new ModelNotFoundException(newName);
    }

    /// <summary>Describes a model.</summary>
    /// <param name="name">The name.</param>
    /// <param name="description">The description in Markdown; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ArgumentException">The description is too long.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task<RegisteredModel> DescribeModelAsync(string name, string? description, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        RegistryLimits.CheckText(description, RegistryLimits.DescriptionLength, "A description", nameof(description));
        await ChangeAsync(name, _ => new RegistryEvent.ModelDescribed(description), cancellationToken).ConfigureAwait(false);
        return await GetAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets a tag of a model.</summary>
    /// <param name="name">The name.</param>
    /// <param name="key">The key: 1 to 250 letters, digits, <c>_ - . : /</c> or spaces.</param>
    /// <param name="value">The value, at most 100,000 characters.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is set.</returns>
    /// <exception cref="ArgumentException">The key or the value is not legal.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task SetModelTagAsync(string name, string key, string value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        RegistryLimits.CheckTag(key, value);
        await ChangeAsync(name, _ => new RegistryEvent.ModelTagSet(key, value), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a tag of a model; one that is not there changes nothing.</summary>
    /// <param name="name">The name.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is deleted.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task DeleteModelTagAsync(string name, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(key);
        await ChangeAsync(name, model => model.Tags.ContainsKey(key) ? new RegistryEvent.ModelTagDeleted(key) : null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a model with its versions, aliases, tags, policies and promotions. The audit log and the files stay; <see cref="PurgeFilesAsync"/> removes files that nothing names.</summary>
    /// <param name="name">The name; free afterwards.</param>
    /// <param name="reason">Why, for the audit log; null when nobody says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is deleted.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="PromotionRequiredException">A guarded alias or stage of it is in use.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing has changed.</exception>
    public async Task DeleteModelAsync(string name, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        CheckReason(reason);
        await ChangeAsync(
            name,
            async model =>
            {
                await ThrowIfGuardedInUseAsync(model, number: null, cancellationToken).ConfigureAwait(false);
                return [new RegistryEvent.ModelDeleted(model.Name, reason)];
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Raises when a guarded alias points to a version, or a guarded stage has it: any version where none is given.</summary>
    private async ValueTask ThrowIfGuardedInUseAsync(RegisteredModel model, int? number, CancellationToken cancellationToken)
    {
        foreach (PromotionTarget target in model.Policies.Keys)
        {
            int? used = target.AliasName is { } alias
                ? model.FindAlias(alias)?.Version
                : await ChampionAsync(model, target, cancellationToken).ConfigureAwait(false);
            if (used is not null && (number is null || used == number || (target.AliasName is null && await StageOfAsync(model, number.Value, cancellationToken).ConfigureAwait(false) == target.Stage)))
                ThrowIfGuarded(model, target);
        }
    }

    private async ValueTask<ModelStage?> StageOfAsync(RegisteredModel model, int number, CancellationToken cancellationToken) =>
        (await Store.FindVersionAsync(model.Name, number, cancellationToken).ConfigureAwait(false))?.Stage;

    /// <summary>The version that a target has now: for a stage, the newest in it.</summary>
    private async ValueTask<int?> ChampionAsync(RegisteredModel model, PromotionTarget target, CancellationToken cancellationToken) =>
        target.AliasName is { } alias
            ? model.FindAlias(alias)?.Version
            : (await Store.FindLatestVersionsAsync(model.Name, cancellationToken).ConfigureAwait(false)).FirstOrDefault(version => version.Stage == target.Stage)?.Number;

    private static Dictionary<string, string> CheckedTags(IReadOnlyDictionary<string, string>? tags)
    {
        Dictionary<string, string> copy = new(StringComparer.Ordinal);
        foreach ((string key, string value) in tags ?? copy)
        {
            ArgumentNullException.ThrowIfNull(value, nameof(tags));
            RegistryLimits.CheckTag(key, value, nameof(tags));
            copy[key] = value;
        }

        return copy;
    }
}
