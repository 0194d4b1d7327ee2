using System.Globalization;
using Microsoft.Extensions.Logging;
using MLOps.Registry.Registration;
using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Search;

namespace MLOps.Registry;

/// <content>Registration.</content>
public sealed partial class ModelRegistry
{
    private static readonly TimeSpan s_youngestOrphan = TimeSpan.FromHours(1);

    /// <summary>Registers a version. The model is made with its first one.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="content">What the version is made of.</param>
    /// <param name="options">What is said of it; null says nothing.</param>
    /// <param name="progress">Told of an upload: after each piece of local files, once at the end of a stream; null when nobody asks.</param>
    /// <param name="cancellationToken">Ends it; nothing is registered then.</param>
    /// <returns>The version.</returns>
    /// <remarks>
    /// Files of this machine are hashed while they are sent to a new folder of the artifact store, and become a version in one transaction at the end. When that fails they are deleted;
    /// what a killed process left <see cref="PurgeFilesAsync"/> removes.
    /// </remarks>
    /// <exception cref="ArgumentException">The name, an option or a path is not legal, or the content is empty.</exception>
    /// <exception cref="InvalidOperationException">The content is a run's, and the registry works with no tracker.</exception>
    /// <exception cref="FileNotFoundException">The local file is missing.</exception>
    /// <exception cref="DirectoryNotFoundException">The local folder is missing.</exception>
    /// <exception cref="ModelNotFoundException">The source is a version of a model that is not there; or the model is not there, and must be (<see cref="RegisterOptions.ModelMustExist"/>).</exception>
    /// <exception cref="ModelVersionNotFoundException">A parent, or the version that is the source, is not there.</exception>
    /// <exception cref="RunNotFoundException">The run is not there, and must be (<see cref="RegisterOptions.AllowUnknownRun"/>).</exception>
    /// <exception cref="RunDeletedException">The run is softly deleted.</exception>
    /// <exception cref="Tracking.LoggedModels.LoggedModelNotFoundException">The source is a logged model that is not there.</exception>
    /// <exception cref="ArtifactNotFoundException">The run has no such artifact.</exception>
    /// <exception cref="ArtifactChangedException">A local file or folder changed while it was read.</exception>
    /// <exception cref="ArtifactCorruptException">A file is not what was uploaded.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be stored or read.</exception>
    /// <exception cref="Tracking.Storage.TrackingStoreException">The run cannot be read.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing is registered.</exception>
    public async Task<ModelVersion> RegisterAsync(
        string model, ModelContent content, RegisterOptions? options = null, IProgress<ArtifactProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        RegistryLimits.CheckModelName(model, nameof(model));
        ArgumentNullException.ThrowIfNull(content);
        options ??= new RegisterOptions();
        Dictionary<string, string> tags = Check(options, content);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        string actor = Actor();
        foreach (ModelVersionRef parent in options.Parents)
            await FindParentAsync(parent, cancellationToken).ConfigureAwait(false);

        // The key of a model that is yet to be made is needed now, for its folder.
        RegisteredModel? found = options.ModelMustExist ? await GetAsync(model, cancellationToken).ConfigureAwait(false) : await Store.FindModelAsync(model, cancellationToken).ConfigureAwait(false);
        Guid key = found?.Key ?? Guid.CreateVersion7(Clock.GetUtcNow());
        VersionDraft draft = await DraftAsync(key, content, options, progress, cancellationToken).ConfigureAwait(false);
        int number;
        try
        {
            number = await CommitAsync(model, key, draft, options, tags, actor, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await UndoAsync(draft).ConfigureAwait(false);
            throw;
        }

        // From here on it is registered: whoever cancels learns of it all the same.
        LogRegistered(_logger, number, model, draft.Facts.Manifest?.Files.Count ?? 0, draft.Facts.Manifest?.SizeBytes ?? 0);
        if (draft.KeptRun is { } run)
            await TagRunAsync(run).ConfigureAwait(false);
        return await GetVersionAsync(model, number, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Reads the files of a version and compares their hashes with those that were written down; a version that nobody has read before becomes verified.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The version, verified.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="ArtifactCorruptException">A file is missing or has another hash.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be read, or there are none.</exception>
    public async Task<ModelVersion> VerifyVersionAsync(string model, int number, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ModelVersion version = await GetVersionAsync(model, number, cancellationToken).ConfigureAwait(false);
        Uri location = Uri.TryCreate(version.Facts.Location, UriKind.Absolute, out Uri? uri)
            ? uri
            : throw new ArtifactStoreException($"The location '{version.Facts.Location}' of {version.Ref} is not a URI that can be read here.", isTransient: false);
        StoredFiles files = await StoredFiles.FindAsync(_artifacts.GetStore(location), location, cancellationToken).ConfigureAwait(false);
        ModelManifest manifest;
        if (version.Facts.Manifest is { } written)
        {
            await files.VerifyAsync(written, cancellationToken).ConfigureAwait(false);
            manifest = written;
        }
        else
        {
            if (files.Files.Count == 0)
                throw new ArtifactStoreException($"Nothing lies at {location}, where {version.Ref} has its files. Put them there, or delete the version.", isTransient: false);
            manifest = await files.HashAsync(_ => null, cancellationToken).ConfigureAwait(false);
        }

        return version.IsVerified
            ? version
            : await ChangeVersionAsync(model, number, (_, now) => now.IsVerified ? [] : [new RegistryEvent.VersionVerified(number, manifest)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes files below the registry's artifact root that no version names: those of deleted versions, and of registrations that were cut off.</summary>
    /// <param name="olderThan">Only those whose registration began, and whose last file was written down, at least so long ago; at least one hour. It must be longer than the longest upload takes: 1 day is a good choice.</param>
    /// <param name="cancellationToken">Ends it; what is removed by then stays so.</param>
    /// <returns>How many versions' files were removed.</returns>
    /// <remarks>The artifact root belongs to one registry: of another one's versions this one does not know. What does not lie where a registration puts it is left alone.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">It is less than one hour.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be listed or deleted.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read; nothing is removed.</exception>
    public async Task<int> PurgeFilesAsync(TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        if (olderThan < s_youngestOrphan)
            throw new ArgumentOutOfRangeException(nameof(olderThan), olderThan, $"Files that are younger than {s_youngestOrphan} may belong to a registration that goes on. Name a longer time.");
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        IArtifactStore store = _artifacts.GetStore(_artifactRoot);
        long until = (Clock.GetUtcNow() - olderThan).ToUnixTimeMilliseconds();
        Dictionary<string, long> newest = new(StringComparer.Ordinal);
        await foreach (ArtifactObject item in store.ListAsync(_artifactRoot, "", cancellationToken).ConfigureAwait(false))
        {
            if (FolderOf(item.Path) is { } folder)
                newest[folder] = Math.Max(newest.GetValueOrDefault(folder), Math.Max(TimeOf(folder[^32..]) ?? long.MaxValue, TimeOf(Path.GetFileNameWithoutExtension(item.Path)) ?? 0));
        }

        // Read after the files: of what is registered meanwhile no folder is in the list, unless a copy of a version names an old one.
        HashSet<string> named = new(StringComparer.Ordinal);
        await foreach (ModelVersion version in FindEveryVersionAsync(SearchFilter.Everything, cancellationToken).ConfigureAwait(false))
        {
            if (version.Facts.Location.StartsWith(RootPrefix, StringComparison.Ordinal) && FolderOf(version.Facts.Location[RootPrefix.Length..]) is { } folder)
                named.Add(folder);
        }

        int removed = 0;
        foreach (string orphan in newest.Where(folder => folder.Value <= until && !named.Contains(folder.Key)).Select(folder => folder.Key).Order(StringComparer.Ordinal))
        {
            await store.DeletePrefixAsync(_artifactRoot, orphan, cancellationToken).ConfigureAwait(false);
            LogPurged(_logger, orphan);
            removed++;
        }

        return removed;
    }

    private string RootPrefix => _artifactRoot.AbsoluteUri.TrimEnd('/') + "/";

    /// <summary>The folder of a registration, <c>model key/id</c>, that a path below the artifact root lies in; null when it lies in none.</summary>
    private static string? FolderOf(string path)
    {
        string[] parts = path.Split('/', 3);
        return parts.Length >= 2 && Guid.TryParseExact(parts[0], "N", out _) && TimeOf(parts[1]) is not null && parts[1].Length == 32 ? $"{parts[0]}/{parts[1]}" : null;
    }

    /// <summary>The time that a version 7 UUID carries, in ms since 1970; null for another text.</summary>
    private static long? TimeOf(string id) =>
        Guid.TryParse(id, out Guid uuid) && uuid.Version == 7 ? long.Parse(uuid.ToString("N").AsSpan(0, 12), NumberStyles.HexNumber, CultureInfo.InvariantCulture) : null;

    private static Dictionary<string, string> Check(RegisterOptions options, ModelContent content)
    {
        const int LongestLink = 2_000;
        RegistryLimits.CheckText(options.Description, RegistryLimits.DescriptionLength, "A description", nameof(options));
        RegistryLimits.CheckText(options.RunLink, LongestLink, "A link to a run", nameof(options));
        RegistryLimits.CheckText(options.LoggedModelId, LongestLink, "The id of a logged model", nameof(options));
        foreach (string key in options.Metrics.Keys)
            Limits.CheckKey(key);
        if (options.Flavor is { Name: not { Length: > 0 } })
            throw new ArgumentException("A flavor has a name, for example 'onnx'.", nameof(options));
        if (options.Signature is { } signature)
            SignatureTexts(signature);
        if (options.InputExample is { } example)
        {
            if (content is ModelContent.RunArtifacts or ModelContent.Foreign)
                throw new ArgumentException("An input example lies beside the files, and these stay where they are. Log it with the run, or register a folder, a file or a stream.", nameof(options));
            try
            {
                System.Text.Json.JsonDocument.Parse(example).Dispose();
            }
            catch (System.Text.Json.JsonException wrong)
            {
                throw new ArgumentException($"The input example is not JSON: {wrong.Message}", nameof(options), wrong);
            }
        }

        return CheckedTags(options.Tags);
    }

    private async ValueTask<ModelVersion> FindParentAsync(ModelVersionRef parent, CancellationToken cancellationToken)
    {
        if (parent is not { Model: not null, Number: > 0 })
            throw new ArgumentException($"'{parent}' names no version; its model has a name, and its number is positive.", nameof(parent));
        return await Store.FindVersionAsync(parent.Model, parent.Number, cancellationToken).ConfigureAwait(false) ?? throw new ModelVersionNotFoundException(parent.Model, parent.Number);
    }

    /// <summary>Gives a version its number, and its model if it is the first.</summary>
    private async ValueTask<int> CommitAsync(string model, Guid newKey, VersionDraft draft, RegisterOptions options, Dictionary<string, string> tags, string actor, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RegisteredModel? found = options.ModelMustExist ? await GetAsync(model, cancellationToken).ConfigureAwait(false) : await Store.FindModelAsync(model, cancellationToken).ConfigureAwait(false);
            int number = (found?.LastNumber ?? 0) + 1;

            // Before the commit: a run whose files a version names is never without the tag that keeps them.
            if (draft.KeptRun is { } run)
                await ProtectRunAsync(run, new ModelVersionRef(model, number), cancellationToken).ConfigureAwait(false);
            RegistryEvent.VersionCreated created = new(number, draft.Facts, draft.IsVerified, options.Description, tags);
            try
            {
                if (await TryCommitAsync(found?.Key ?? newKey, found?.Revision ?? 0, found is null ? [new RegistryEvent.ModelCreated(model, null, new Dictionary<string, string>(StringComparer.Ordinal)), created] : [created], actor, cancellationToken).ConfigureAwait(false))
                    return number;
            }
            catch (ModelExistsException) when (found is null)
            {
                // Somebody else has made the model since: this is its next version.
            }
        }
    }

    /// <summary>Deletes the files of a version that was not registered, and sets its run's tag right.</summary>
    private async ValueTask UndoAsync(VersionDraft draft)
    {
        try
        {
            // A store that fails may have committed before it failed; what is in doubt stays for PurgeFilesAsync.
            if (draft.Folder is { } folder && !await IsNamedAsync(draft.Facts.Source).ConfigureAwait(false))
                await DiscardAsync(folder).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            LogNotDiscarded(_logger, draft.Folder!, failure);
        }

        if (draft.KeptRun is { } run)
            await TagRunAsync(run).ConfigureAwait(false);
    }

    private async ValueTask DiscardAsync(string folder)
    {
        try
        {
            await _artifacts.GetStore(_artifactRoot).DeletePrefixAsync(_artifactRoot, folder, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            LogNotDiscarded(_logger, folder, failure);
        }
    }

    private async ValueTask<bool> IsNamedAsync(string source)
    {
        await foreach (ModelVersion _ in FindEveryVersionAsync(VersionField.Source.EqualTo(source), CancellationToken.None).ConfigureAwait(false))
            return true;
        return false;
    }

    /// <summary>Finds versions, prompts too, the first registered first: so that none that is registered meanwhile is passed over.</summary>
    private async IAsyncEnumerable<ModelVersion> FindEveryVersionAsync(SearchFilter filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (SearchFilter part in new[] { filter, filter & VersionField.Tag(RegistrySearch.PromptTag).EqualTo("true") })
        {
            await foreach (ModelVersion version in FindVersionsAsync(new ModelVersionQuery { Filter = part, OrderBy = [VersionField.CreatedAt.Ascending] }, cancellationToken).ConfigureAwait(false))
                yield return version;
        }
    }

    private async ValueTask ProtectRunAsync(RunId run, ModelVersionRef next, CancellationToken cancellationToken)
    {
        if (_tracker is null)
            return;
        IReadOnlyList<ModelVersion> versions = await Store.FindVersionsAsync(new LineageLink { RunId = run }, cancellationToken).ConfigureAwait(false);
        await _tracker.SetTagAsync(run, WellKnownTags.RegisteredModels, RegisteredModelsTag.Write([.. versions.Select(version => version.Ref), next]), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a run's tag say which versions there are. That it says too much does no harm, so that a failure is not the registration's.</summary>
    private async ValueTask TagRunAsync(RunId run)
    {
        if (_tracker is null)
            return;
        try
        {
            IReadOnlyList<ModelVersion> versions = await Store.FindVersionsAsync(new LineageLink { RunId = run }, CancellationToken.None).ConfigureAwait(false);
            if (versions.Count > 0)
                await _tracker.SetTagAsync(run, WellKnownTags.RegisteredModels, RegisteredModelsTag.Write([.. versions.Select(version => version.Ref)])).ConfigureAwait(false);
            else
                await _tracker.DeleteTagAsync(run, WellKnownTags.RegisteredModels).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            LogRunNotTagged(_logger, run, failure);
        }
    }

    [LoggerMessage(2100, LogLevel.Information, "Registered version {Number} of model {Model}: {Files} files, {Bytes} bytes")]
    private static partial void LogRegistered(ILogger logger, int number, string model, int files, long bytes);

    [LoggerMessage(2101, LogLevel.Warning, "The files {Folder} of a version that was not registered could not be deleted; PurgeFilesAsync will")]
    private static partial void LogNotDiscarded(ILogger logger, string folder, Exception exception);

    [LoggerMessage(2102, LogLevel.Warning, "The tag of run {Run} that names its registered versions could not be set right")]
    private static partial void LogRunNotTagged(ILogger logger, RunId run, Exception exception);

    [LoggerMessage(2103, LogLevel.Information, "Removed the files {Folder}, which no version names")]
    private static partial void LogPurged(ILogger logger, string folder);
}
