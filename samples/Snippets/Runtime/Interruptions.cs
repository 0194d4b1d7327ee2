// The dialects of the clouds are written from documentation.
#pragma warning disable MLOPS0001
using MLOps.Runtime;

namespace Snippets.Runtime;

internal static class Interruptions
{
    public static async Task<int> TrainAsync()
    {
        // <interruptions>
        await using var notices = InterruptionNotices.Start();

        for (int step = 0; step < 1_000 && !notices.Token.IsCancellationRequested; step++)
            TrainOneStep(step);

        if (notices.Current is not { } notice)
            return 0;
        Save(before: notice.Deadline);
        return notice.ExitCode;                          // 143 after SIGTERM: interrupted, not failed
        // </interruptions>
    }

    /// <summary>Not run: it asks an address that means the machine of whoever runs it.</summary>
    public static async Task SpotAsync()
    {
        // <interruptions-spot>
        await using var notices = InterruptionNotices.Start(new InterruptionOptions
        {
            GracePeriod = TimeSpan.FromSeconds(50),      // terminationGracePeriodSeconds: 60
            Metadata = [new AwsSpotMetadata()],
            OnNotice = notice => Console.WriteLine($"{notice.Cause} {notice.Detail}: done by {notice.Deadline:u}"),
        });
        // </interruptions-spot>
        // <interruptions-health>
        foreach (SpotMetadataStatus service in notices.Metadata)
            Console.WriteLine($"{service.Name}: {service.FailedPolls} of {service.Polls} questions failed, last by {service.LastError?.Message}");
        // </interruptions-health>
    }

    /// <summary>Not run, for the same reason.</summary>
    public static async Task DetectAsync()
    {
        // <interruptions-detect>
        var options = new InterruptionOptions { Metadata = await SpotMetadata.DetectAsync() };
        // </interruptions-detect>
        _ = options;
    }

    // <interruptions-own>
    private sealed class QueueMetadata(string noticeFile) : ISpotMetadata
    {
        public string Name => "queue";

        public ValueTask<InterruptionNotice?> FindNoticeAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
            ValueTask.FromResult(File.Exists(noticeFile)
                ? new InterruptionNotice { Cause = new InterruptionCause("Drain"), NoticedAt = now, Deadline = File.GetLastWriteTimeUtc(noticeFile).AddMinutes(5) }
                : null);
    }
    // </interruptions-own>

    public static async Task OwnAsync()
    {
        string file = Path.GetTempFileName();
        await using var notices = InterruptionNotices.Start(new InterruptionOptions { Metadata = [new QueueMetadata(file)] });
        await Task.Delay(Timeout.Infinite, notices.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        File.Delete(file);
    }

    private static void TrainOneStep(int step) => _ = step;

    private static void Save(DateTimeOffset before) => Console.WriteLine($"saved before {before:u}");
}
