using MLOps.Tracking.Artifacts;

namespace MLOps.Training.Checkpoints;

/// <summary>Checkpoints among the artifacts of a run.</summary>
internal sealed class ArtifactCheckpoints(ArtifactFolder artifacts, ArtifactPath under) : CheckpointStore($"{artifacts.Location}/{under}")
{
    internal override async ValueTask<IDisposable> BeginWritingAsync(CancellationToken cancellationToken)
    {
        HashSet<string> whole = new(await FindNamesAsync(cancellationToken).ConfigureAwait(false), StringComparer.Ordinal);
        foreach (string name in (await FindFilesAsync(cancellationToken).ConfigureAwait(false)).Select(file => file.Name).Distinct(StringComparer.Ordinal).Where(name => !whole.Contains(name)).ToList())
            await artifacts.DeleteAsync($"{under}/{name}", cancellationToken).ConfigureAwait(false);
        return new MemoryStream(0);
    }

    internal override async ValueTask<CheckpointManifest> WriteAsync(string name, CheckpointImage image, CheckpointManifest manifest, CancellationToken cancellationToken)
    {
        if ((await FindNamesAsync(cancellationToken).ConfigureAwait(false)).Contains(name, StringComparer.Ordinal))
            throw new IOException($"There is a checkpoint '{name}' in '{Location}' already: it is left as it is.");
        List<CheckpointManifest.FileEntry> files = [];
        foreach (CheckpointImage.ImageFile file in image.Files)
        {
            using UnmanagedMemoryStream content = Open(file);
            ArtifactFile uploaded = await artifacts.UploadAsync(PathOf(name, file.Name), content, cancellationToken: cancellationToken).ConfigureAwait(false);
            files.Add(new() { Name = file.Name, Bytes = file.Bytes, Sha256 = uploaded.Sha256! });
        }

        manifest = manifest with { Files = files };
        using MemoryStream bytes = new(manifest.ToBytes());
        await artifacts.UploadAsync(PathOf(name, CheckpointManifest.FileName), bytes, cancellationToken: cancellationToken).ConfigureAwait(false);
        return manifest;
    }

    internal override async ValueTask<(Stream Content, long Bytes)?> OpenAsync(string name, string file, CancellationToken cancellationToken)
    {
        try
        {
            ArtifactContent content = await artifacts.OpenContentAsync(PathOf(name, file), default, cancellationToken).ConfigureAwait(false);
            return (content.Stream, content.Artifact.SizeBytes);
        }
        catch (ArtifactNotFoundException)
        {
            return null;
        }
    }

    internal override async ValueTask<IReadOnlyList<string>> FindNamesAsync(CancellationToken cancellationToken) =>
        [.. (await FindFilesAsync(cancellationToken).ConfigureAwait(false)).Where(file => file.File == CheckpointManifest.FileName).Select(file => file.Name)];

    internal override string? FolderOf(string name) => null;

    private protected override async ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        // The manifest first: without it the rest is no checkpoint.
        int manifests = await artifacts.DeleteAsync(PathOf(name, CheckpointManifest.FileName), cancellationToken).ConfigureAwait(false);
        return manifests + await artifacts.DeleteAsync($"{under}/{name}", CancellationToken.None).ConfigureAwait(false) > 0;
    }

    private static unsafe UnmanagedMemoryStream Open(CheckpointImage.ImageFile file) => new((byte*)file.Address, file.Bytes);

    private ArtifactPath PathOf(string name, string file) => $"{under}/{name}/{file}";

    private async ValueTask<List<(string Name, string File)>> FindFilesAsync(CancellationToken cancellationToken)
    {
        string prefix = under + "/";
        List<(string Name, string File)> files = [];
        foreach (ArtifactFile file in await artifacts.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (file.Path.Value.StartsWith(prefix, StringComparison.Ordinal) && file.Path.Value[prefix.Length..].Split('/') is [var name, var last] && CheckpointName.StepOf(name) is not null)
                files.Add((name, last));
        }

        return files;
    }
}
