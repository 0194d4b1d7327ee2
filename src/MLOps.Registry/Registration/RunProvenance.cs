using System.Text.Json;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Registration;

/// <summary>What a version takes from the run that made it.</summary>
/// <param name="Id">The run.</param>
/// <param name="Details">The run as its tracker has it; null without a tracker.</param>
/// <param name="Code">The code that it ran; null when unknown.</param>
internal sealed record RunProvenance(RunId Id, RunDetails? Details, CodeState? Code)
{
    private const string EnvironmentFile = "environment.json";
    private const long LongestReport = 16 << 20;

    /// <summary>Reads a run.</summary>
    /// <exception cref="RunDeletedException">It is deleted.</exception>
    public static async ValueTask<RunProvenance> ReadAsync(Tracker tracker, RunDetails run, CancellationToken cancellationToken)
    {
        RunId id = run.Info.Id;
        if (run.Info.Lifecycle == Lifecycle.Deleted)
            throw new RunDeletedException(id);
        string? Tag(string key) => run.Tags.GetValueOrDefault(key);
        string? program = Tag("mlflow.source.name");
        if (program is not null && await ProgramVersionAsync(tracker, run, cancellationToken).ConfigureAwait(false) is { } version)
            program += " " + version;
        CodeState code = new(
            Tag("mlflow.source.git.commit"),
            Tag("mlflow.source.git.repoURL"),
            Tag("mlflow.source.git.branch"),
            Tag("mlops.git.dirty") switch { "true" => true, "false" => false, _ => null },
            program);
        return new RunProvenance(id, run, code == new CodeState(null, null, null, null, null) ? null : code);
    }

    /// <summary>The program's version, which the tags lack; null when the run did not write its environment down, or that cannot be read: a version is not refused for it.</summary>
    private static async ValueTask<string?> ProgramVersionAsync(Tracker tracker, RunDetails run, CancellationToken cancellationToken)
    {
        try
        {
            Uri location = new(run.Info.ArtifactLocation);
            IArtifactStore store = tracker.ArtifactStores.GetStore(location);
            if (await store.FindAsync(location, EnvironmentFile, cancellationToken).ConfigureAwait(false) is not { SizeBytes: <= LongestReport })
                return null;
            ArtifactContent content = await store.OpenReadAsync(location, EnvironmentFile, default, cancellationToken).ConfigureAwait(false);
            await using (content.ConfigureAwait(false))
            {
                using JsonDocument report = await JsonDocument.ParseAsync(content.Stream, default, cancellationToken).ConfigureAwait(false);
                return report.RootElement is { ValueKind: JsonValueKind.Object } root
                    && root.TryGetProperty("program", out JsonElement program) && program.ValueKind == JsonValueKind.Object
                    && program.TryGetProperty("version", out JsonElement version) && version.ValueKind == JsonValueKind.String ? version.GetString() : null;
            }
        }
        catch (Exception e) when (e is ArtifactStoreException or ArtifactNotFoundException or ArtifactCorruptException or JsonException or UriFormatException)
        {
            return null;
        }
    }
}
