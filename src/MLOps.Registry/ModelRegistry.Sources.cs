using System.Text;
using MLOps.Registry.Registration;
using MLOps.Registry.Signatures;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;

namespace MLOps.Registry;

/// <content>Where the files of a version come from.</content>
public sealed partial class ModelRegistry
{
    private const string NoFiles = "prompts:/";

    private async Task<VersionDraft> DraftAsync(Guid key, ModelContent content, RegisterOptions options, IProgress<ArtifactProgress>? progress, CancellationToken cancellationToken)
    {
        if (content is ModelContent.Foreign foreign)
            return await DraftForeignAsync(foreign, options, cancellationToken).ConfigureAwait(false);
        if (content is ModelContent.RunArtifacts && _tracker is null)
            throw new InvalidOperationException("Artifacts of a run are found by its tracker, and this registry works with none. Name one: r.UseTracker(tracker).");
        RunId? maker = options.RunId ?? (content as ModelContent.RunArtifacts)?.Run ?? CurrentRun;
        RunProvenance? run = await ReadRunAsync(maker, mayBeUnknown: false, cancellationToken).ConfigureAwait(false);
        return content is ModelContent.RunArtifacts artifacts
            ? await DraftOfRunAsync(artifacts, run!, options, cancellationToken).ConfigureAwait(false)
            : await UploadAsync(key, content, run, options, progress, cancellationToken).ConfigureAwait(false);
    }

    private RunId? CurrentRun => _tracker is not null && Run.Current is { } current && current.Tracker == _tracker ? current.Id : null;

    private async ValueTask<RunProvenance?> ReadRunAsync(RunId? id, bool mayBeUnknown, CancellationToken cancellationToken) =>
        id is not { } run ? null
        : await FindRunAsync(run, mayBeUnknown, cancellationToken).ConfigureAwait(false) is { } details ? await RunProvenance.ReadAsync(_tracker!, details, cancellationToken).ConfigureAwait(false)
        : new RunProvenance(run, Details: null, Code: null);

    /// <returns>The run; null without a tracker, or when the tracker does not have it and need not.</returns>
    private async ValueTask<RunDetails?> FindRunAsync(RunId run, bool mayBeUnknown, CancellationToken cancellationToken)
    {
        try
        {
            return _tracker is null ? null : await _tracker.GetRunAsync(run, cancellationToken).ConfigureAwait(false);
        }
        catch (RunNotFoundException) when (mayBeUnknown)
        {
            return null;
        }
    }

    /// <summary>Stores files of this machine in a new folder.</summary>
    private async Task<VersionDraft> UploadAsync(Guid key, ModelContent content, RunProvenance? run, RegisterOptions options, IProgress<ArtifactProgress>? progress, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        string folder = $"{key:N}/{id:N}";
        Uri location = new(RootPrefix + folder);
        try
        {
            ArtifactFolder target = _artifacts.Open(location);
            List<ArtifactFile> files = [.. await UploadAsync(target, content, options.InputExample is not null, progress, cancellationToken).ConfigureAwait(false)];
            StoredFiles stored = await StoredFiles.FindAsync(_artifacts.GetStore(location), location, (ArtifactPath?)null, cancellationToken).ConfigureAwait(false);
            VersionFacts facts = await FactsAsync(location.AbsoluteUri, location.AbsoluteUri, stored, run, options, cancellationToken).ConfigureAwait(false);
            if (options.InputExample is { } example)
                files.Add(await WriteAsync(MLmodelFile.InputExample, Encoding.UTF8.GetBytes(example)).ConfigureAwait(false));
            if (!files.Exists(file => file.Path.Value == MLmodelFile.Name))
                files.Add(await WriteAsync(MLmodelFile.Name, MLmodelFile.Write(location, id, now, run?.Id, facts.Flavors, SignatureTexts(facts.Signature), options.InputExample is not null, files.Sum(file => file.SizeBytes))).ConfigureAwait(false));
            ModelManifest manifest = new() { Files = [.. files.Select(file => new ModelFile(file.Path.Value, file.SizeBytes, file.Sha256!)).OrderBy(file => file.Path, StringComparer.Ordinal)] };
            await ThrowUnlessStoredAsync(target, manifest, cancellationToken).ConfigureAwait(false);
            return new VersionDraft(facts with { Manifest = manifest }, IsVerified: true, folder);

            async Task<ArtifactFile> WriteAsync(ArtifactPath path, byte[] bytes)
            {
                using MemoryStream written = new(bytes);
                return await target.UploadAsync(path, written, options: null, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await DiscardAsync(folder).ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<IReadOnlyList<ArtifactFile>> UploadAsync(ArtifactFolder target, ModelContent content, bool addsExample, IProgress<ArtifactProgress>? progress, CancellationToken cancellationToken)
    {
        if (content is ModelContent.Bytes { Stream: var stream, Path: var path })
        {
            ThrowIfTaken(path);
            ArtifactFile file = await target.UploadAsync(path, stream, options: null, cancellationToken).ConfigureAwait(false);
            ThrowIfEmpty(file.SizeBytes, $"The stream of '{path}'");
            progress?.Report(new ArtifactProgress(1, 1, file.SizeBytes, file.SizeBytes));
            return [file];
        }

        if (content is ModelContent.LocalFile { Path: var local })
        {
            // A link is followed: it was named. It keeps its own name.
            string source = File.ResolveLinkTarget(local, returnFinalTarget: true)?.FullName ?? local;
            ArtifactPath name = new(System.IO.Path.GetFileName(local));
            ThrowIfTaken(name);
            ThrowIfEmpty(new FileInfo(source).Length, $"'{local}'");
            return await target.UploadFilesAsync([new ArtifactUpload(name, source)], options: null, progress, cancellationToken).ConfigureAwait(false);
        }

        string folder = ((ModelContent.Folder)content).Path;
        List<(ArtifactUpload Upload, long Length, DateTime Written)> before = Look();
        if (before.Count == 0)
            throw new ArgumentException($"There is no file in '{folder}' or below. A version has at least one; links are left out.", nameof(content));
        foreach ((ArtifactUpload upload, _, _) in before)
            ThrowIfTaken(upload.Path);
        IReadOnlyList<ArtifactFile> files = await target.UploadFilesAsync([.. before.Select(file => file.Upload)], options: null, progress, cancellationToken).ConfigureAwait(false);
        List<(ArtifactUpload Upload, long Length, DateTime Written)> after = Look();
        if (!before.SequenceEqual(after))
        {
            ArtifactUpload changed = before.Except(after).Concat(after.Except(before)).First().Upload;
            throw new ArtifactChangedException(changed.Path.Value, changed.SourceFile);
        }

        return files;

        List<(ArtifactUpload Upload, long Length, DateTime Written)> Look() =>
            [.. ArtifactUpload.FromFolder(folder).Select(upload => (upload, new FileInfo(upload.SourceFile).Length, File.GetLastWriteTimeUtc(upload.SourceFile)))];

        void ThrowIfTaken(ArtifactPath path)
        {
            if (addsExample && path.Value.Equals(MLmodelFile.InputExample, StringComparison.OrdinalIgnoreCase))
                throw new ArgumentException($"The content has a file '{path}' already, so that {nameof(RegisterOptions.InputExample)} has no place. Give one of both.", nameof(content));
        }

        void ThrowIfEmpty(long length, string what)
        {
            if (length == 0)
                throw new ArgumentException($"{what} is empty; a model is not.", nameof(content));
        }
    }

    /// <summary>Compares what the store lists with what was hashed on the way there.</summary>
    private static async ValueTask ThrowUnlessStoredAsync(ArtifactFolder target, ModelManifest manifest, CancellationToken cancellationToken)
    {
        Dictionary<string, ArtifactFile> there = (await target.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(file => file.Path.Value, StringComparer.Ordinal);
        foreach (ModelFile sent in manifest.Files)
        {
            if (!there.Remove(sent.Path, out ArtifactFile? stored))
                throw new ArtifactCorruptException(target.Location, sent.Path, "it is gone.", innerException: null);
            if (stored.SizeBytes != sent.SizeBytes || stored.Sha256 != sent.Sha256)
                throw new ArtifactCorruptException(target.Location, sent.Path, "the store lists another one.", innerException: null);
        }

        if (there.Count > 0)
            throw new ArtifactCorruptException(target.Location, there.Keys.First(), "somebody else put it there.", innerException: null);
    }

    private async Task<VersionDraft> DraftOfRunAsync(ModelContent.RunArtifacts content, RunProvenance maker, RegisterOptions options, CancellationToken cancellationToken)
    {
        Tracker tracker = _tracker!;
        RunInfo run = (content.Run == maker.Id ? maker : (await ReadRunAsync(content.Run, mayBeUnknown: false, cancellationToken).ConfigureAwait(false))!).Details!.Info;

        // Artifacts that were logged while their store was away lie beside the journal until it takes them.
        if (tracker.Health.Staged > 0)
            await tracker.FlushAsync(Durability.Store, cancellationToken).ConfigureAwait(false);
        Uri root = new(run.ArtifactLocation);
        StoredFiles files = await StoredFiles.FindAsync(_artifacts.GetStore(root), root, content.Path, cancellationToken).ConfigureAwait(false);
        if (files.Files.Count == 0)
        {
            throw content.Path is { } missing
                ? new ArtifactNotFoundException(root, missing.Value)
                : new ArgumentException($"Run '{run.Id}' has no artifacts. Log the model first.", nameof(content));
        }

        Dictionary<string, string?> known = (await tracker.OpenArtifacts(run).ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(file => file.Path.Value, file => file.Sha256, StringComparer.Ordinal);
        ModelManifest manifest = await files.HashAsync(file => known.GetValueOrDefault(files.ObjectPath(file.Path)), cancellationToken).ConfigureAwait(false);
        string source = content.Path is { } path ? $"runs:/{run.Id}/{path}" : run.ArtifactLocation;
        return new VersionDraft(await FactsAsync(source, LocationBelow(run.ArtifactLocation, content.Path?.Value), files, maker, options, cancellationToken).ConfigureAwait(false) with { Manifest = manifest }, IsVerified: true, Folder: null);
    }

    private async Task<VersionDraft> DraftForeignAsync(ModelContent.Foreign content, RegisterOptions options, CancellationToken cancellationToken)
    {
        string source = content.Source, location;
        RunId? given = options.RunId ?? content.Run;
        if (source.StartsWith("runs:/", StringComparison.Ordinal))
        {
            ModelUri uri = ModelUri.Parse(source);
            RunDetails? named = await FindRunAsync(uri.RunId!.Value, options.AllowUnknownRun, cancellationToken).ConfigureAwait(false);
            location = named is null ? source : LocationBelow(named.Info.ArtifactLocation, uri.Path);
            given ??= uri.RunId;
        }
        else if (source.StartsWith("models:/", StringComparison.Ordinal) && !ForeignSource.IsLoggedModel(source))
        {
            return await DraftCopyAsync(source, await GetNamedAsync(ModelUri.Parse(source), cancellationToken).ConfigureAwait(false), given, options, cancellationToken).ConfigureAwait(false);
        }
        else if (await FindLoggedModelAsync(source, cancellationToken).ConfigureAwait(false) is { } logged)
        {
            location = logged.ArtifactLocation;
            given ??= logged.SourceRunId;
            options = options with { LoggedModelId = options.LoggedModelId ?? logged.Id.Value };
        }
        else
        {
            // A prompt is a text in a tag. What stands for its source was never checked to be its own, so it leads nowhere.
            location = options.Tags.ContainsKey(RegistrySearch.PromptTag) && ForeignSource.IsLocal(source) ? NoFiles : ForeignSource.LocationOf(source);
        }

        RunProvenance? run = await ReadRunAsync(given ?? CurrentRun, options.AllowUnknownRun, cancellationToken).ConfigureAwait(false);
        VersionFacts facts = await FactsAsync(source, location, files: null, run, options, cancellationToken).ConfigureAwait(false);
        return new VersionDraft(facts, IsVerified: false, Folder: null) { KeptRun = run?.Details?.Info.Id };
    }

    /// <summary>The logged model that a source names; null for another source, an id of elsewhere, or where the tracker's store has no logged models: the version then lies where the source says, which cannot be read here.</summary>
    private async ValueTask<LoggedModel?> FindLoggedModelAsync(string source, CancellationToken cancellationToken)
    {
        if (!ForeignSource.IsLoggedModel(source) || !LoggedModelId.TryParse(source["models:/".Length..], out LoggedModelId id) || _tracker is not { Store: var store } || !store.Capabilities.HasFlag(StoreCapabilities.LoggedModels))
            return null;
        return await store.FindLoggedModelAsync(id, cancellationToken).ConfigureAwait(false) is { Lifecycle: Lifecycle.Active } model ? model : throw new LoggedModelNotFoundException(id);
    }

    /// <summary>A version with the files, and what is known of them, of another one, which becomes its parent.</summary>
    private async Task<VersionDraft> DraftCopyAsync(string source, ModelVersion copied, RunId? given, RegisterOptions options, CancellationToken cancellationToken)
    {
        VersionFacts facts = copied.Facts;
        RunId? kept = null;
        (IReadOnlyList<ModelVersionRef> Refs, IReadOnlyList<Guid> Keys) parents = await FindParentsAsync(options.Parents.Prepend(copied.Ref), cancellationToken).ConfigureAwait(false);
        if (given is not null)
        {
            RunProvenance? run = await ReadRunAsync(given, options.AllowUnknownRun, cancellationToken).ConfigureAwait(false);
            VersionFacts own = await FactsAsync(source, facts.Location, files: null, run, options, cancellationToken).ConfigureAwait(false);
            facts = facts with { RunId = own.RunId, Metrics = own.Metrics, Params = own.Params, Datasets = own.Datasets, Code = own.Code };
            kept = run?.Details?.Info.Id;
        }
        else if (facts.RunId is { } maker)
        {
            // The version that is copied may name a run of elsewhere.
            kept = (await FindRunAsync(maker, mayBeUnknown: true, cancellationToken).ConfigureAwait(false))?.Info.Id;
        }

        return new VersionDraft(
            facts with
            {
                Source = source,
                Flavors = options.Flavor is { } flavor ? [flavor] : facts.Flavors,
                Signature = options.Signature ?? facts.Signature,
                RunLink = options.RunLink ?? facts.RunLink,
                LoggedModelId = options.LoggedModelId ?? facts.LoggedModelId,
                Metrics = With(facts.Metrics, options.Metrics),
                Parents = parents.Refs,
                ParentKeys = parents.Keys,
            },
            copied.IsVerified,
            Folder: null)
        {
            KeptRun = kept,
        };
    }

    private async ValueTask<ModelVersion> GetNamedAsync(ModelUri uri, CancellationToken cancellationToken)
    {
        if (uri.Number is { } number)
            return await GetVersionAsync(uri.Model!, number, cancellationToken).ConfigureAwait(false);
        if (uri.Stage is not { } stage)
            return await GetVersionAsync(uri.Model!, uri.Alias ?? "latest", cancellationToken).ConfigureAwait(false);
        return (await FindLatestVersionsAsync(uri.Model!, cancellationToken).ConfigureAwait(false)).FirstOrDefault(version => version.Stage == stage) ?? throw new ModelVersionNotFoundException(uri.Model!, 0);
    }

    private async ValueTask<VersionFacts> FactsAsync(string source, string location, StoredFiles? files, RunProvenance? run, RegisterOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<ModelFlavor> flavors = options.Flavor is { } flavor ? [flavor] : files is null ? [] : await FlavorProbe.GuessAsync(files, cancellationToken).ConfigureAwait(false);
        (IReadOnlyList<ModelVersionRef> Refs, IReadOnlyList<Guid> Keys) parents = await FindParentsAsync(options.Parents, cancellationToken).ConfigureAwait(false);
        return new VersionFacts
        {
            Source = source,
            Location = location,
            Flavors = flavors,
            Signature = options.Signature ?? (files is null ? null : await InferSignatureAsync(files, flavors, cancellationToken).ConfigureAwait(false)),
            RunId = run?.Id,
            RunLink = options.RunLink,
            LoggedModelId = options.LoggedModelId,
            Metrics = With(run?.Details?.Metrics.ToDictionary(metric => metric.Key, metric => metric.Value.Value, StringComparer.Ordinal), options.Metrics),
            Params = run?.Details?.Params ?? System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty,
            Datasets = run?.Details?.Datasets ?? [],
            Code = run?.Code,
            Parents = parents.Refs,
            ParentKeys = parents.Keys,
        };
    }

    private async ValueTask<(IReadOnlyList<ModelVersionRef> Refs, IReadOnlyList<Guid> Keys)> FindParentsAsync(IEnumerable<ModelVersionRef> parents, CancellationToken cancellationToken)
    {
        List<ModelVersionRef> refs = [.. parents.Distinct()];
        List<Guid> keys = [];
        foreach (ModelVersionRef parent in refs)
            keys.Add((await FindParentAsync(parent, cancellationToken).ConfigureAwait(false)).ModelKey);
        return (refs, keys);
    }

    private static Dictionary<string, double> With(IReadOnlyDictionary<string, double>? metrics, IReadOnlyDictionary<string, double> winning)
    {
        Dictionary<string, double> all = new(metrics ?? winning, StringComparer.Ordinal);
        foreach ((string key, double value) in winning)
            all[key] = value;
        return all;
    }

    private static string LocationBelow(string location, string? path) =>
        path is null ? location : $"{location.TrimEnd('/')}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}";

    /// <summary>Reads the signature from an ONNX file, where the version has one.</summary>
    private static async ValueTask<ModelSignature?> InferSignatureAsync(StoredFiles files, IReadOnlyList<ModelFlavor> flavors, CancellationToken cancellationToken)
    {
        string? data = flavors.FirstOrDefault(flavor => flavor.Name == "onnx")?.Properties.GetValueOrDefault("data");
        if (data is null || files.Files.FirstOrDefault(file => file.Path == data) is not { } model)
            return null;
        Stream content = await files.OpenAsync(model, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            // It reads while it parses, which may wait for a network.
            return await Task.Run(() => OnnxSignature.TryRead(content), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The sides of a signature, each as the JSON text that MLflow writes; null for none.</summary>
    private static (string? Inputs, string? Outputs, string? Params)? SignatureTexts(ModelSignature? signature) => signature is null ? null : MLflowSignature.Write(signature);
}
