using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Upkeep;

/// <summary>A tracker on a store in memory, with artifacts in a folder and a clock that stands still until a test moves it.</summary>
public abstract class UpkeepTests : IDisposable
{
    protected TemporaryFolder Folder { get; } = new();

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    protected InMemoryTrackingStore Store => field ??= new InMemoryTrackingStore(Clock);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected Tracker Open(Action<TrackingBuilder>? more = null) => Tracker.Open(t =>
    {
        t.UseInMemory(Folder.Path, Store).UseTimeProvider(Clock)
            .Configure(o => (o.Capture.Source, o.Capture.Environment, o.CloseTimeout, o.ArtifactAttempts) = (false, false, TimeSpan.FromSeconds(2), 1));
        more?.Invoke(t);
    });

    /// <summary>Runs a finished run with one artifact, <c>a.txt</c> of 5 bytes, and as much as the work adds.</summary>
    protected static async Task<RunId> LogRunAsync(Tracker tracker, string experiment = "churn", Func<Run, Task>? work = null, RunOptions? options = null) =>
        await tracker.RunAsync(
            experiment,
            async run =>
            {
                run.LogMetric("loss", 0.5);
                await run.LogTextAsync("a.txt", "hello", Cancellation);
                if (work is not null)
                    await work(run);
                return run.Id;
            },
            options,
            Cancellation);

    protected static async Task DeleteAsync(Tracker tracker, params RunId[] runs)
    {
        foreach (RunId run in runs)
            await tracker.DeleteRunAsync(run, Cancellation);
    }

    protected async Task<ExperimentId> IdOfAsync(string experiment) => (await Store.FindExperimentAsync(experiment, Cancellation))!.Id;

    protected string FolderOf(RunId run) => Folder[$"mlops.artifacts/{run}"];
}
