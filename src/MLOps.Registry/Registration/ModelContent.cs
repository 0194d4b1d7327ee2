using MLOps.Tracking.Artifacts;

namespace MLOps.Registry;

/// <summary>What a version is made of: files here, a stream, files of a run, or files elsewhere.</summary>
public abstract class ModelContent
{
    private ModelContent()
    {
    }

    /// <summary>A folder with all files below it, at least one. Links in it are left out. It must not change while it is registered.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The content.</returns>
    public static ModelContent FromFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new Folder(Path.GetFullPath(folder));
    }

    /// <summary>One file that is not empty, for example <c>model.onnx</c>.</summary>
    /// <param name="file">The file; it keeps its name.</param>
    /// <returns>The content.</returns>
    public static ModelContent FromFile(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        return new LocalFile(Path.GetFullPath(file));
    }

    /// <summary>A stream that is not empty, read from where it stands to its end once.</summary>
    /// <param name="content">The stream; not disposed.</param>
    /// <param name="path">The path that its content gets below the version's folder.</param>
    /// <returns>The content.</returns>
    public static ModelContent FromStream(Stream content, ArtifactPath path)
    {
        ArgumentNullException.ThrowIfNull(content);
        return new Bytes(content, path);
    }

    /// <summary>A file or a folder among the artifacts of a run, of the tracker that the registry works with. It stays where it is.</summary>
    /// <param name="run">The run.</param>
    /// <param name="path">The artifact or the folder; null for all artifacts of the run.</param>
    /// <returns>The content.</returns>
    public static ModelContent FromRun(RunId run, ArtifactPath? path = null) => new RunArtifacts(run, path);

    /// <summary>Files elsewhere, which are not read now: the version is ready at once, and verified when it is first resolved. How MLflow registers.</summary>
    /// <param name="source">The URI: of a location that an artifact store of the registry serves, <c>runs:/…</c>, <c>models:/…</c>, whose files and facts the version shares, or any other, which cannot be resolved here. A local path is taken, too. No part of its path is <c>.</c> or <c>..</c>, plain or encoded, and it carries no password.</param>
    /// <param name="run">The run that made them; null when unknown.</param>
    /// <returns>The content.</returns>
    public static ModelContent FromUri(string source, RunId? run = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        return new Foreign(source, run);
    }

    internal sealed class Folder(string path) : ModelContent
    {
        public string Path { get; } = path;
    }

    internal sealed class LocalFile(string path) : ModelContent
    {
        public string Path { get; } = path;
    }

    internal sealed class Bytes(Stream stream, ArtifactPath path) : ModelContent
    {
        public Stream Stream { get; } = stream;

        public ArtifactPath Path { get; } = path;
    }

    internal sealed class RunArtifacts(RunId run, ArtifactPath? path) : ModelContent
    {
        public RunId Run { get; } = run;

        public ArtifactPath? Path { get; } = path;
    }

    internal sealed class Foreign(string source, RunId? run) : ModelContent
    {
        public string Source { get; } = source;

        public RunId? Run { get; } = run;
    }
}
