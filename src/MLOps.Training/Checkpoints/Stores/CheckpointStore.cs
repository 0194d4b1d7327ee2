using MLOps.Tracking.Artifacts;

namespace MLOps.Training.Checkpoints;

/// <summary>
/// Where checkpoints lie: a folder on this machine, or a folder among the artifacts of a run. Each is a folder of its own, <c>step-000000120</c>, with <c>manifest.json</c> and one safetensors file for each
/// part of the training that has tensors: <c>model.safetensors</c>, <c>optimizer.safetensors</c>, <c>trainer.safetensors</c> and those of callbacks.
/// </summary>
/// <remarks>
/// A checkpoint is there whole or not at all, whenever its writer is killed or its disk is full. Reading is safe from any thread and process; one training writes at a time.
/// What the store of artifacts raises, every method raises.
/// </remarks>
public abstract class CheckpointStore
{
    private protected CheckpointStore(string location) => Location = location;

    /// <summary>Where it is, for messages: a path, or the address of the artifacts.</summary>
    public string Location { get; }

    /// <summary>
    /// Checkpoints in a local folder, each written into a folder beside its own, synced to the disk and renamed. What killed writers left (<c>.writing-…</c>) is removed when the next training begins,
    /// which holds <c>.lock</c> while it runs so that no other writes here.
    /// </summary>
    /// <param name="path">The folder; made when the first training begins.</param>
    public static CheckpointStore InFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new FolderCheckpoints(Path.GetFullPath(path));
    }

    /// <summary>
    /// Checkpoints among the artifacts of a run, in whatever store these are. The manifest is uploaded last and makes a checkpoint one: what has none is not listed, and is removed when the next training
    /// begins. See that only one training at a time writes there: artifact stores have no lock.
    /// </summary>
    /// <param name="folder">The artifacts.</param>
    /// <param name="under">The folder among them.</param>
    public static CheckpointStore In(ArtifactFolder folder, string under = "checkpoints")
    {
        ArgumentNullException.ThrowIfNull(folder);
        return new ArtifactCheckpoints(folder, new ArtifactPath(under));
    }

    /// <summary>Finds all checkpoints, by reading their manifests.</summary>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>The greatest step first. One whose manifest is damaged is among them: <see cref="Checkpoint.Damage"/> says so.</returns>
    public async Task<IReadOnlyList<Checkpoint>> FindAsync(CancellationToken cancellationToken = default)
    {
        List<Checkpoint> found = [];
        foreach (string name in await FindNamesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await ReadAsync(name, cancellationToken).ConfigureAwait(false) is { } checkpoint)
                found.Add(checkpoint);
        }

        return [.. found.OrderByDescending(checkpoint => checkpoint.Position.Step)];
    }

    /// <summary>The checkpoint of the greatest step.</summary>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>Null when there is none. It may be damaged: then loading it raises <see cref="CheckpointCorruptException"/>, which names the one before.</returns>
    public async Task<Checkpoint?> FindLatestAsync(CancellationToken cancellationToken = default)
    {
        foreach (string name in (await FindNamesAsync(cancellationToken).ConfigureAwait(false)).OrderByDescending(CheckpointName.StepOf))
        {
            if (await ReadAsync(name, cancellationToken).ConfigureAwait(false) is { } checkpoint)
                return checkpoint;
        }

        return null;
    }

    /// <summary>A checkpoint by its name.</summary>
    /// <param name="name">Its name, <c>step-000000120</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The checkpoint.</returns>
    /// <exception cref="ArgumentException">That is no checkpoint's name.</exception>
    /// <exception cref="CheckpointException">There is no such checkpoint.</exception>
    public async Task<Checkpoint> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        CheckpointName.Check(name);
        return await ReadAsync(name, cancellationToken).ConfigureAwait(false)
            ?? throw new CheckpointException($"There is no checkpoint '{name}' in '{Location}': retention has removed it, or it was never written. FindAsync lists those that are there.", name);
    }

    /// <summary>Deletes a checkpoint. Killed midway, it leaves none that looks like one.</summary>
    /// <param name="name">Its name, <c>step-000000120</c>.</param>
    /// <param name="cancellationToken">Ends it before it begins.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ArgumentException">That is no checkpoint's name.</exception>
    /// <exception cref="IOException">The file system refuses.</exception>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellationToken = default)
    {
        CheckpointName.Check(name);
        return await RemoveAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes room for a training that writes: nobody else does until what is returned is disposed, and what killed ones left is removed.</summary>
    /// <exception cref="CheckpointException">Another training writes here.</exception>
    internal abstract ValueTask<IDisposable> BeginWritingAsync(CancellationToken cancellationToken);

    /// <summary>Writes a checkpoint whole, or leaves nothing.</summary>
    internal abstract ValueTask<CheckpointManifest> WriteAsync(string name, CheckpointImage image, CheckpointManifest manifest, CancellationToken cancellationToken);

    /// <summary>Opens a file of a checkpoint; null when there is none.</summary>
    internal abstract ValueTask<(Stream Content, long Bytes)?> OpenAsync(string name, string file, CancellationToken cancellationToken);

    internal abstract ValueTask<IReadOnlyList<string>> FindNamesAsync(CancellationToken cancellationToken);

    internal abstract string? FolderOf(string name);

    private protected abstract ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken);

    private async ValueTask<Checkpoint?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        if (await OpenAsync(name, CheckpointManifest.FileName, cancellationToken).ConfigureAwait(false) is not { } file)
        {
            // Deleted between our two looks, or never there? Else its manifest is gone.
            return (await FindNamesAsync(cancellationToken).ConfigureAwait(false)).Contains(name, StringComparer.Ordinal)
                ? new Checkpoint(this, name, null, new(CheckpointManifest.FileName, "is missing."))
                : null;
        }

        await using (file.Content.ConfigureAwait(false))
        {
            using MemoryStream bytes = new();
            await file.Content.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
            (CheckpointManifest? manifest, CheckpointDamage? damage) = CheckpointManifest.Parse(bytes.ToArray());
            if (manifest is not null && CheckpointName.Of(manifest.Step) != name)
                damage = new(CheckpointManifest.FileName, $"is that of step {manifest.Step}: the folder was renamed.");
            return new Checkpoint(this, name, damage is null ? manifest : null, damage);
        }
    }
}
