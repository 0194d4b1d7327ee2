using System.Collections.ObjectModel;
using Microsoft.Extensions.Logging;
using MLOps.Tracking.Artifacts;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>A checkpoint in its store: all that a training needs to go on as if it had never stopped.</summary>
/// <remarks>What its manifest says is read; its tensors are when they are asked for. May be used from any thread; what is loaded into must not be used meanwhile.</remarks>
public sealed partial class Checkpoint
{
    private const string Model = "model";
    private const int BufferSize = 1 << 20;
    private readonly CheckpointStore _store;
    private readonly CheckpointManifest? _manifest;
    private readonly CheckpointDamage? _damage;

    internal Checkpoint(CheckpointStore store, string name, CheckpointManifest? manifest, CheckpointDamage? damage)
    {
        (_store, Name, _manifest, _damage) = (store, name, manifest, damage);
        Position = manifest?.Position ?? new(CheckpointName.StepOf(name) ?? 0, 0, 0, 0);
        Differences = manifest is null ? [] : CheckpointVersions.Compare(manifest.Versions, CheckpointVersions.Read());
    }

    /// <summary>Its name in its store, <c>step-000000120</c>.</summary>
    public string Name { get; }

    /// <summary>How far the training had come. Of a damaged one only the step is known.</summary>
    public TrainingPosition Position { get; }

    /// <summary>When it was taken; the default when its manifest is damaged.</summary>
    public DateTimeOffset CreatedAt => _manifest?.CreatedAt ?? default;

    /// <summary>The run that it belongs to: that of the trainer's <see cref="RunTracking"/>, or what <see cref="CheckpointingOptions.RunId"/> said; null when there was neither.</summary>
    public string? RunId => _manifest?.RunId;

    /// <summary>What was measured at this very step, by name; what was measured before is not among it.</summary>
    public IReadOnlyDictionary<string, double> Metrics => _manifest?.Metrics ?? ReadOnlyDictionary<string, double>.Empty;

    /// <summary>The size of its tensors' files in bytes.</summary>
    public long SizeBytes => _manifest?.SizeBytes ?? 0;

    /// <summary>Its folder on this machine; null where it lies among artifacts.</summary>
    public string? Folder => _store.FolderOf(Name);

    /// <summary>
    /// How the libraries, the kind of CPU and the number of threads differ now from when it was written, one sentence each. Empty: on a CPU, a resumed training is to the last bit the one that was never
    /// stopped. Else it goes on all the same, and the last bits of its results may differ.
    /// </summary>
    public IReadOnlyList<string> Differences { get; }

    /// <summary>What is wrong with its manifest; null when it is whole. Its other files are looked at when they are loaded, or by <see cref="VerifyAsync"/>.</summary>
    public string? Damage => _damage is null ? null : $"'{_damage.File}' {_damage.Reason}";

    /// <summary>Puts a trainer where it was when the checkpoint was taken: model, optimizer, position, random numbers, and every callback that keeps state.</summary>
    /// <param name="trainer">A trainer with the same kind of model, optimizer, data, seed and callbacks, that does not run.</param>
    /// <param name="cancellationToken">Ends the reading, before anything is changed.</param>
    /// <returns>A task that ends when it is done.</returns>
    /// <exception cref="CheckpointCorruptException">A file is not what was written. Nothing was changed; <see cref="CheckpointCorruptException.Previous"/> is the checkpoint to take instead.</exception>
    /// <exception cref="CheckpointMismatchException">It belongs to another model, optimizer, seed, order of data or number of processes, or to a later version of this library.</exception>
    /// <exception cref="InvalidOperationException">The training runs.</exception>
    public async Task RestoreAsync(Trainer trainer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        CheckpointManifest manifest = await GetManifestAsync(cancellationToken).ConfigureAwait(false);
        if (manifest.WorldSize != 1)
            throw new CheckpointMismatchException("world size", $"it was written by {manifest.WorldSize} processes together, and this trainer is one alone. Load the weights alone, by LoadModelAsync.");
        List<TrainingState> states = [];
        try
        {
            foreach (CheckpointManifest.PartEntry part in manifest.Parts)
            {
                TrainingState state = new(part.Name);
                states.Add(state);
                foreach ((string name, string value) in part.Values)
                    state.Set(name, value);
                if (part.File is null)
                    continue;
                foreach ((string name, Tensor tensor) in await ReadAsync(manifest, part.File, cancellationToken).ConfigureAwait(false))
                    state.Set(name, tensor);
            }

            // In no dispose scope: what a callback makes of its state is to live on.
            trainer.LoadState(states);
        }
        finally
        {
            foreach (Tensor tensor in states.SelectMany(state => state.Tensors.Values))
                tensor.Dispose();
        }

        LogRestored(trainer.Options.Logger, Name, _store.Location, Position.Step);
        if (Differences.Count > 0)
            LogDifferent(trainer.Options.Logger, Name, string.Join("; ", Differences));
    }

    /// <summary>Loads the weights alone into a module, which may be a changed one.</summary>
    /// <param name="module">The module, on any device.</param>
    /// <param name="strict">Whether names, shapes and types must all fit; else what fits is loaded. True by default.</param>
    /// <param name="cancellationToken">Ends the reading, before anything is changed.</param>
    /// <returns>What became of each entry.</returns>
    /// <exception cref="CheckpointCorruptException">The file is not what was written. Nothing was changed.</exception>
    /// <exception cref="CheckpointMismatchException">The weights do not fit and <paramref name="strict"/> is true. Nothing was changed.</exception>
    public async Task<LoadReport> LoadModelAsync(nn.Module module, bool strict = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(module);
        CheckpointManifest manifest = await GetManifestAsync(cancellationToken).ConfigureAwait(false);
        string file = manifest.Parts.FirstOrDefault(part => part.Name == Model)?.File
            ?? throw new CheckpointMismatchException(Model, "it has no weights.");
        return ModelWeights.Load(module, await ReadAsync(manifest, file, cancellationToken).ConfigureAwait(false), strict);
    }

    /// <summary>Reads all its files and compares them with the hashes that were written down.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>A task that ends when all are as they were written.</returns>
    /// <exception cref="CheckpointCorruptException">One is not.</exception>
    public async Task VerifyAsync(CancellationToken cancellationToken = default)
    {
        if (await FindDamageAsync(cancellationToken).ConfigureAwait(false) is { } damage)
            throw await CorruptAsync(damage, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Its name and step.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => Name;

    private async ValueTask<CheckpointManifest> GetManifestAsync(CancellationToken cancellationToken)
    {
        if (_manifest is null)
            throw await CorruptAsync(_damage!, cancellationToken).ConfigureAwait(false);
        if (_manifest.Format > CheckpointManifest.CurrentFormat)
            throw new CheckpointMismatchException("format", $"it is {_manifest.Format}, and this version of MLOps.Training reads up to {CheckpointManifest.CurrentFormat}. Update the package.");
        return _manifest;
    }

    /// <summary>Reads the tensors of a file, and gives them only if it is what was written.</summary>
    private async ValueTask<Dictionary<string, Tensor>> ReadAsync(CheckpointManifest manifest, string name, CancellationToken cancellationToken)
    {
        Dictionary<string, Tensor>? tensors = null;
        CheckpointDamage? damage;
        if (manifest.Files.FirstOrDefault(file => file.Name == name) is not { } entry || !CheckpointName.IsFile(name))
            damage = new(CheckpointManifest.FileName, $"tells no size and hash of '{name}'.");
        else if (await _store.OpenAsync(Name, name, cancellationToken).ConfigureAwait(false) is not { } opened)
            damage = new(name, "is missing.", entry.Sha256);
        else
            (tensors, damage) = await ReadAsync(entry, opened.Content, opened.Bytes, cancellationToken).ConfigureAwait(false);

        return damage is null ? tensors! : throw await CorruptAsync(damage, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<(Dictionary<string, Tensor>? Tensors, CheckpointDamage? Damage)> ReadAsync(CheckpointManifest.FileEntry entry, Stream content, long bytes, CancellationToken cancellationToken)
    {
        Exception? unreadable = null;
        HashingStream hashed = new(content);
        await using (hashed.ConfigureAwait(false))
        {
            if (bytes == entry.Bytes)
            {
                try
                {
                    Dictionary<string, Tensor> tensors = await Safetensors.ReadAsync(hashed, bytes, entry.Name, cancellationToken).ConfigureAwait(false);
                    if (hashed.GetSha256() == entry.Sha256)
                        return (tensors, null);
                    foreach (Tensor tensor in tensors.Values)
                        tensor.Dispose();
                }
                catch (Exception error) when (error is ModelFileException or ArtifactCorruptException)
                {
                    unreadable = error;
                }
            }
        }

        CheckpointDamage? damage = await FindDamageAsync(entry, cancellationToken).ConfigureAwait(false);
        return (null, (damage ?? new(entry.Name, "has the right hash and is no safetensors file that can be read.", entry.Sha256, entry.Sha256)) with { Cause = unreadable });
    }

    /// <summary>What is wrong with it; null when all files are as they were written.</summary>
    private async ValueTask<CheckpointDamage?> FindDamageAsync(CancellationToken cancellationToken)
    {
        if (_manifest is null)
            return _damage;
        foreach (CheckpointManifest.FileEntry entry in _manifest.Files)
        {
            if (await FindDamageAsync(entry, cancellationToken).ConfigureAwait(false) is { } damage)
                return damage;
        }

        return null;
    }

    private async ValueTask<CheckpointDamage?> FindDamageAsync(CheckpointManifest.FileEntry entry, CancellationToken cancellationToken)
    {
        if (!CheckpointName.IsFile(entry.Name))
            return new(CheckpointManifest.FileName, $"names a file '{entry.Name}' that can't be one of a checkpoint.");
        if (await _store.OpenAsync(Name, entry.Name, cancellationToken).ConfigureAwait(false) is not { } file)
            return new(entry.Name, "is missing.", entry.Sha256);
        HashingStream hashed = new(file.Content);
        await using (hashed.ConfigureAwait(false))
        {
            Exception? cause = null;
            try
            {
                byte[] buffer = new byte[BufferSize];
                while (await hashed.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) > 0)
                {
                }
            }
            catch (ArtifactCorruptException error)
            {
                cause = error;
            }

            string actual = hashed.GetSha256();
            if (hashed.Bytes != entry.Bytes)
                return new(entry.Name, $"has {hashed.Bytes} bytes where {entry.Bytes} were written (SHA-256 {actual}, written {entry.Sha256}).", entry.Sha256, actual, cause);
            return actual == entry.Sha256 ? null : new(entry.Name, $"was changed: its SHA-256 is {actual}, {entry.Sha256} was written.", entry.Sha256, actual, cause);
        }
    }

    private async ValueTask<CheckpointCorruptException> CorruptAsync(CheckpointDamage damage, CancellationToken cancellationToken)
    {
        foreach (Checkpoint older in await _store.FindAsync(cancellationToken).ConfigureAwait(false))
        {
            if (older.Position.Step < Position.Step && await older.FindDamageAsync(cancellationToken).ConfigureAwait(false) is null)
                return new(Name, _store.Location, damage, older.Name);
        }

        return new(Name, _store.Location, damage, null);
    }

    [LoggerMessage(4200, LogLevel.Information, "Went on from checkpoint {Checkpoint} in {Location} at step {Step}")]
    private static partial void LogRestored(ILogger logger, string checkpoint, string location, long step);

    [LoggerMessage(4201, LogLevel.Warning, "Checkpoint {Checkpoint} was written under other conditions, so that the same bits as without a stop are not promised: {Differences}")]
    private static partial void LogDifferent(ILogger logger, string checkpoint, string differences);
}
