using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using MLOps.Training.Checkpoints;

namespace MLOps.Training.Tests.Runs;

public sealed class CheckpointUploadsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_one_is_uploaded_in_order()
    {
        ConcurrentQueue<string> uploaded = [];
        CheckpointUploads uploads = new(every: true, (checkpoint, _) => Enqueue(uploaded, checkpoint), NullLogger.Instance);
        for (int i = 0; i < 20; i++)
            uploads.Add(At(i));
        await uploads.FinishAsync(Token);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => At(i).Name), uploaded);
    }

    [Fact]
    public async Task One_that_still_waits_is_passed_over_for_a_newer_one_and_nothing_waits_for_the_upload()
    {
        ConcurrentQueue<string> uploaded = [];
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously), going = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CheckpointUploads uploads = new(
            every: false,
            async (checkpoint, _) =>
            {
                begun.TrySetResult();
                await going.Task;
                uploaded.Enqueue(checkpoint.Name);
            },
            NullLogger.Instance);
        uploads.Add(At(0));
        await begun.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        for (int i = 1; i < 10; i++)
            uploads.Add(At(i));
        going.SetResult();
        await uploads.FinishAsync(Token);
        Assert.Equal([At(0).Name, At(9).Name], uploaded);
    }

    [Fact]
    public async Task A_failure_is_thrown_at_the_end()
    {
        CheckpointUploads uploads = new(every: true, (checkpoint, _) => checkpoint.Position.Step == 1 ? throw new InvalidDataException("one") : Task.CompletedTask, NullLogger.Instance);
        for (int i = 0; i < 3; i++)
            uploads.Add(At(i));
        Assert.Equal("one", (await Assert.ThrowsAsync<InvalidDataException>(() => uploads.FinishAsync(Token))).Message);
        await uploads.FinishAsync(Token);
    }

    [Fact]
    public async Task A_failure_that_a_newer_checkpoint_made_up_for_is_no_failure()
    {
        CheckpointUploads uploads = new(every: false, (checkpoint, _) => checkpoint.Position.Step == 0 ? throw new InvalidDataException("none") : Task.CompletedTask, NullLogger.Instance);
        uploads.Add(At(0));
        await Assert.ThrowsAsync<InvalidDataException>(() => uploads.FinishAsync(Token));
        uploads.Add(At(0));
        uploads.Add(At(1));
        await uploads.FinishAsync(Token);
    }

    [Fact]
    public async Task One_that_retention_removed_is_passed_over()
    {
        CheckpointUploads uploads = new(every: true, (_, _) => throw new DirectoryNotFoundException(), NullLogger.Instance);
        uploads.Add(At(0));
        await uploads.FinishAsync(Token);
    }

    [Fact]
    public async Task What_takes_too_long_is_given_up()
    {
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously), cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CheckpointUploads uploads = new(
            every: true,
            async (_, cancellationToken) =>
            {
                begun.SetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }
                finally
                {
                    cancelled.SetResult();
                }
            },
            NullLogger.Instance);
        uploads.Add(At(0));
        await begun.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => uploads.FinishAsync(new CancellationToken(canceled: true)));
        await cancelled.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
    }

    private static Checkpoint At(long step) => new(CheckpointStore.InFolder("nowhere"), CheckpointName.Of(step), null, null);

    private static Task Enqueue(ConcurrentQueue<string> uploaded, Checkpoint checkpoint)
    {
        uploaded.Enqueue(checkpoint.Name);
        return Task.CompletedTask;
    }
}
