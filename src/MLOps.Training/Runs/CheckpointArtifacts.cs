using MLOps.Tracking;
using MLOps.Tracking.Artifacts;
using MLOps.Training.Checkpoints;

namespace MLOps.Training;

/// <summary>Checkpoints among the artifacts of a run, <c>checkpoints/step-000000120/…</c>, as <see cref="CheckpointStore.In"/> reads them.</summary>
internal static class CheckpointArtifacts
{
    private const string Folder = "checkpoints";

    /// <summary>Uploads the files of a checkpoint, its manifest last. Those that lie on no disk of this machine lie in an artifact store already.</summary>
    public static async Task LogAsync(Run run, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        if (checkpoint.Folder is not { } folder)
            return;
        foreach (string file in Directory.GetFiles(folder).OrderBy(file => Path.GetFileName(file) == CheckpointManifest.FileName))
            await run.LogArtifactAsync(file, $"{Folder}/{checkpoint.Name}/{Path.GetFileName(file)}", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The best value of a metric among the checkpoints that were logged; null when none was measured.</summary>
    public static async Task<double?> FindBestAsync(Run run, string metric, MetricDirection direction, CancellationToken cancellationToken)
    {
        double? best = null;
        foreach (Checkpoint logged in await CheckpointStore.In(Open(run), Folder).FindAsync(cancellationToken).ConfigureAwait(false))
        {
            if (logged.Metrics.TryGetValue(metric, out double value) && Retention.IsBetter(value, best, direction))
                best = value;
        }

        return best;
    }

    /// <summary>Deletes the checkpoints among the artifacts but one, unless that one still waits for its store.</summary>
    public static async Task DeleteOthersAsync(Run run, Checkpoint kept, CancellationToken cancellationToken)
    {
        if (kept.Folder is null || run.Health.Staged > 0)
            return;
        ArtifactFolder artifacts = Open(run);
        CheckpointStore logged = CheckpointStore.In(artifacts, Folder);
        IEnumerable<string[]> paths = (await artifacts.ListAsync(cancellationToken).ConfigureAwait(false)).Select(file => file.Path.Value.Split('/'));
        foreach (string name in paths.Where(path => path is [Folder, _, _]).Select(path => path[1]).Where(name => CheckpointName.StepOf(name) is not null && name != kept.Name).Distinct(StringComparer.Ordinal))
            await logged.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
    }

    private static ArtifactFolder Open(Run run) => run.Tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation));
}
