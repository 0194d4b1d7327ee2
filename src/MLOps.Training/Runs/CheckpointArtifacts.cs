using MLOps.Tracking;
using MLOps.Tracking.Artifacts;
using MLOps.Training.Checkpoints;

namespace MLOps.Training;

/// <summary>Checkpoints among the artifacts of a run: <c>checkpoints/step-000000120/…</c>.</summary>
internal static class CheckpointArtifacts
{
    private const string Folder = "checkpoints";

    /// <summary>Uploads the files of a checkpoint; those that lie on no disk of this machine lie in an artifact store already.</summary>
    public static async Task LogAsync(Run run, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        if (checkpoint.Folder is { } folder)
            await run.LogArtifactsAsync(folder, $"{Folder}/{checkpoint.Name}", cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes the checkpoints among the artifacts but one, unless that one still waits for its store.</summary>
    public static async Task DeleteOthersAsync(Run run, Checkpoint kept, CancellationToken cancellationToken)
    {
        if (run.Health.Staged > 0)
            return;
        ArtifactFolder artifacts = run.Tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation));
        IReadOnlyList<ArtifactFile> files = await artifacts.ListAsync(cancellationToken).ConfigureAwait(false);
        foreach (string name in files.Select(file => file.Path.Value.Split('/')).Where(path => path is [Folder, _, _, ..] && path[1] != kept.Name).Select(path => path[1]).Distinct(StringComparer.Ordinal))
            await artifacts.DeleteAsync($"{Folder}/{name}", cancellationToken).ConfigureAwait(false);
    }
}
