using System.Diagnostics;
using Microsoft.Extensions.Logging;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Journaling;

/// <summary>A disk that is really full: a small tmpfs, which only root may mount.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly bool _mounted;

    public FullDiskTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Mounting a small disk needs root.");
        _mounted = Run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", _folder.Path) == 0;
        Assert.SkipUnless(_mounted, "This machine does not let root mount a tmpfs.");
    }

    [Fact]
    public async Task A_full_disk_drops_points_and_counts_them_and_the_program_goes_on_when_there_is_space()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var memory = new InMemoryTrackingStore();
        var store = new FlakyStore(memory) { Error = new TrackingStoreException("away", isTransient: true) };
        string ballast = _folder.Write("ballast", "");
        await using Tracker tracker = Tracker.Open(t => t
            .UseStore(_ => store, new StorePlaces { JournalFolder = _folder["mlops.journal"], ArtifactRoot = _folder["mlops.artifacts"] })
            .Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false)));
        await using Run run = await tracker.StartRunAsync("full", cancellationToken: cancellation);
        await File.WriteAllBytesAsync(ballast, new byte[1 << 20], cancellation);

        Metric loss = run.Metric("loss");
        long logged = 0;
        while (run.Health.Dropped < 1000)
        {
            for (int i = 0; i < 1000; i++)
                loss.Log(logged, logged++);
        }

        run.LogParam("still", "accepted");
        RunHealth full = run.Health;
        Assert.False(full.IsHealthy);
        Assert.NotNull(full.Full);

        store.Error = null;
        File.Delete(ballast);
        await run.FlushAsync(Durability.Store, cancellation);
        // Space is back: the next points are kept, and the gap is written down.
        while (run.Health.Full is not null)
            await Task.Yield();
        loss.Log(-1, logged);
        await run.EndAsync(cancellationToken: cancellation);
        RunDetails details = await tracker.GetRunAsync(run.Id, cancellation);
        Assert.Equal(-1, details.Metrics["loss"].Value);
        Assert.Equal("accepted", details.Params["still"]);
        long dropped = run.Health.Dropped;
        Assert.Equal(dropped.ToString(System.Globalization.CultureInfo.InvariantCulture), details.Tags[WellKnownTags.PointsDropped]);
        Assert.Equal(logged + 1 - dropped, (await tracker.GetSeriesAsync(run.Id, "loss", cancellation)).Points.Count);
    }

    [Fact]
    public async Task A_log_on_a_full_disk_says_where_how_much_is_missing_and_goes_on_when_there_is_space()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var artifacts = new TemporaryFolder();
        await using Tracker tracker = Tracker.Open(t => t
            .UseStore(_ => new InMemoryTrackingStore(), new StorePlaces { JournalFolder = _folder["mlops.journal"], ArtifactRoot = artifacts.Path })
            .Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false)));
        using var provider = new RunLoggerProvider(new RunLogOptions { MaxBytes = 256 << 10 });
        ILogger logger = provider.CreateLogger("C");
        Run run = await tracker.StartRunAsync("full", cancellationToken: cancellation);
        logger.LogInformation("first");
        // Else the journal's keeper would take, or give back, space beside it.
        Assert.True(tracker.Journal.EnsureSpare());
        string ballast = FillDisk();

        // What is accepted until then lies in the page that the first line began.
        int logged = 1, missed = 0;
        for (; missed < 1000; logged++)
        {
            logger.LogInformation("line {I} {Text}", logged, new string('x', 100));
            missed = (int)run.Health.LogLinesMissing;
        }

        Assert.False(run.Health.IsHealthy);
        string log = Assert.Single(Directory.GetFiles(Path.Combine(tracker.Journal.Folder, "staged"), "*.bin"));
        // It says so even if the process is killed now.
        Assert.Matches($@"\n--- {missed} lines \(\d+ bytes\) are missing here: the disk was full or refused ---\n\0*$", await File.ReadAllTextAsync(log, cancellation));

        File.Delete(ballast);
        do
        {
            missed = (int)run.Health.LogLinesMissing;
            logger.LogInformation("after {I}", logged++);
        }
        while (run.Health.LogLinesMissing > missed);
        await run.EndAsync(cancellationToken: cancellation);
        using var reader = new StreamReader(await tracker.OpenArtifacts(new Uri(run.ArtifactLocation)).OpenReadAsync("logs/run.log", cancellation));
        string[] lines = (await reader.ReadToEndAsync(cancellation)).TrimEnd('\n').Split('\n');
        Assert.EndsWith("first", lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"--- {missed} lines (", lines[^2], StringComparison.Ordinal);
        Assert.EndsWith($"after {logged - 1}", lines[^1], StringComparison.Ordinal);
        Assert.Equal(logged, missed + lines.Length - 1);
    }

    [Fact]
    public void A_disk_that_is_full_from_the_start_is_a_clear_error_and_leaves_nothing()
    {
        File.WriteAllBytes(_folder["ballast"], new byte[6 << 20]);
        JournalException error = Assert.Throws<JournalException>(() => Tracker.Open(t => t.UseInMemory(_folder.Path)));
        Assert.Contains("free space", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder["mlops.journal"]));
    }

    public void Dispose()
    {
        if (_mounted)
            Run("umount", "--lazy", _folder.Path);
        _folder.Dispose();
    }

    private string FillDisk()
    {
        string ballast = _folder["ballast"];
        using var file = new FileStream(ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
                file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            return ballast;
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
