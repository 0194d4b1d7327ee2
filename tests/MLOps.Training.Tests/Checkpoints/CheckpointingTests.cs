using Microsoft.Extensions.Time.Testing;
using MLOps.Runtime;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;
using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Checkpoints;

[Collection("torch")]
public sealed class CheckpointingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Checkpoints_are_taken_when_they_are_due_and_reported_on_the_training_thread()
    {
        using TemporaryFolder folder = new();
        Reported reported = new();
        Checkpointing checkpointing = new(CheckpointStore.InFolder(folder.Path), new() { EverySteps = 4, EveryEpochs = 1, KeepLast = 100 });
        using SmallTraining training = new(checkpointing, callbacks: reported);

        await training.RunAsync(22);

        Assert.Equal([4, 8, 10, 12, 16, 20, 22], reported.Checkpoints.Select(checkpoint => checkpoint.Position.Step));
        Assert.Single(reported.Threads.Distinct());
        Assert.Equal(new TrainingPosition(10, 1, 0, 10), reported.Checkpoints[2].Position);
        Assert.Equal("step-000000022", checkpointing.Latest!.Name);
        Assert.All(reported.Checkpoints, checkpoint => Assert.True(Directory.Exists(checkpoint.Folder)));
        Assert.Equal(0, checkpointing.Failures);

        // Run again with a greater length, and with none at the end.
        await training.RunAsync(25);
        Assert.Equal("step-000000025", checkpointing.Latest!.Name);
    }

    [Fact]
    public async Task By_default_one_is_taken_after_each_epoch_and_three_are_kept()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using SmallTraining training = new(new Checkpointing(store));

        await training.Trainer.RunAsync(TrainingLength.Epochs(5), Cancellation);

        Assert.Equal([50, 40, 30], (await store.FindAsync(Cancellation)).Select(checkpoint => checkpoint.Position.Step));
    }

    [Fact]
    public async Task The_best_is_taken_when_it_is_measured_and_stays()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        double[] values = [0.5, 0.3, 0.4, double.NaN, 0.35, 0.3, 0.6, 0.5];
        Checkpointing Make() => new(store, new() { BestMetric = "val/loss", KeepLast = 1, AtEnd = false });
        using (SmallTraining training = new(Make(), callbacks: new Measured("val/loss", values)))
            await training.RunAsync(6);
        Assert.Equal([2], (await store.FindAsync(Cancellation)).Select(checkpoint => checkpoint.Position.Step));

        // After a resume the best so far is still the one to beat; a value of an earlier step does not count for a later checkpoint.
        using (SmallTraining training = new(new Checkpointing(store, new() { BestMetric = "val/loss", EverySteps = 7, KeepLast = 1 }), callbacks: new Measured("val/loss", [.. values[..6], 0.6])))
        {
            await training.Trainer.ResumeAsync(store, Cancellation);
            await training.RunAsync(15);
        }

        IReadOnlyList<Checkpoint> found = await store.FindAsync(Cancellation);
        Assert.Equal([15, 2], found.Select(checkpoint => checkpoint.Position.Step));
        Assert.Equal(0.3, found[1].Metrics["val/loss"]);
        Assert.Empty(found[0].Metrics);
    }

    [Fact]
    public async Task A_cancelled_and_a_stopped_training_keep_where_they_were()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using CancellationTokenSource cancel = new();
        using (SmallTraining training = new(new Checkpointing(store), callbacks: new At(7, _ => cancel.Cancel())))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => training.Trainer.RunAsync(TrainingLength.Steps(20), cancel.Token));
        Assert.Equal(7, (await store.FindLatestAsync(Cancellation))!.Position.Step);

        using (SmallTraining training = new(new Checkpointing(store), callbacks: new At(9, trainer => trainer.Stop("enough"))))
        {
            await training.Trainer.ResumeAsync(store, Cancellation);
            Assert.IsType<TrainingOutcome.Stopped>(await training.RunAsync(20));
        }

        Assert.Equal(9, (await store.FindLatestAsync(Cancellation))!.Position.Step);
    }

    [Fact]
    public async Task A_failed_training_keeps_what_it_had_and_takes_nothing_of_a_half_step()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using SmallTraining training = new(new Checkpointing(store, new() { EverySteps = 5 }), callbacks: new At(7, _ => throw new InvalidDataException("bad batch")));

        await Assert.ThrowsAsync<InvalidDataException>(() => training.RunAsync(20));

        Assert.Equal(5, (await store.FindLatestAsync(Cancellation))!.Position.Step);
    }

    [Fact]
    public async Task A_training_is_not_begun_beside_later_checkpoints()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using (SmallTraining training = new(new Checkpointing(store)))
            await training.RunAsync(5);
        using SmallTraining anew = new(new Checkpointing(store));

        CheckpointException refused = await Assert.ThrowsAsync<CheckpointException>(() => anew.RunAsync(5));

        Assert.Equal("step-000000005", refused.Checkpoint);
        Assert.Contains("ResumeAsync", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, anew.Trainer.Position.Step);
        await anew.Trainer.ResumeAsync(store, Cancellation);
        await anew.RunAsync(6);
    }

    [Fact]
    public async Task When_both_copies_wait_for_the_disk_the_training_waits_and_counts_it()
    {
        using TemporaryFolder folder = new();
        using GatedStore gate = new();
        CheckpointStore store = CheckpointStore.In(gate.Open(folder.Path));
        Checkpointing checkpointing = new(store, new() { EverySteps = 1, KeepLast = 100 });
        // At the beginning of step 3 two are being written; the third has to wait.
        using SmallTraining training = new(checkpointing, callbacks: new At(3, _ => Task.Run(gate.Release)));

        await training.RunAsync(3);

        Assert.Equal(1, checkpointing.Stalls);
        Assert.True(checkpointing.StalledFor > TimeSpan.Zero);
        Assert.Equal([3, 2, 1], (await store.FindAsync(Cancellation)).Select(checkpoint => checkpoint.Position.Step));
        foreach (Checkpoint checkpoint in await store.FindAsync(Cancellation))
            await checkpoint.VerifyAsync(Cancellation);
    }

    [Fact]
    public async Task A_store_that_fails_for_a_while_costs_only_the_checkpoints_of_that_while()
    {
        using TemporaryFolder folder = new();
        FailingStore failing = new();
        CheckpointStore store = CheckpointStore.In(failing.Open(folder.Path));
        Checkpointing checkpointing = new(store, new() { EverySteps = 2, KeepLast = 100 });
        using SmallTraining training = new(checkpointing, callbacks: [new Waits(checkpointing, 2, failed: 0), new At(3, _ => failing.Fails = true), new Waits(checkpointing, 4, failed: 1), new At(5, _ => failing.Fails = false)]);

        await training.RunAsync(7);

        Assert.Equal(1, checkpointing.Failures);
        Assert.Equal([7, 6, 2], (await store.FindAsync(Cancellation)).Select(checkpoint => checkpoint.Position.Step));
    }

    [Fact]
    public async Task The_last_one_that_can_not_be_written_is_raised_and_the_one_before_stays()
    {
        using TemporaryFolder folder = new();
        FailingStore failing = new();
        CheckpointStore store = CheckpointStore.In(failing.Open(folder.Path));
        Checkpointing checkpointing = new(store, new() { EverySteps = 5 });
        using SmallTraining training = new(checkpointing, callbacks: [new Waits(checkpointing, 5, failed: 0), new At(7, _ => failing.Fails = true)]);

        CheckpointException error = await Assert.ThrowsAsync<CheckpointException>(() => training.RunAsync(8));

        Assert.Contains("'step-000000005'", error.Message, StringComparison.Ordinal);
        Assert.IsType<ArtifactStoreException>(error.InnerException);
        Assert.Equal(2, checkpointing.Failures);
        failing.Fails = false;
        Checkpoint latest = (await store.FindLatestAsync(Cancellation))!;
        Assert.Equal(5, latest.Position.Step);
        await latest.VerifyAsync(Cancellation);
    }

    [Fact]
    public async Task A_training_that_is_to_stop_on_an_error_does()
    {
        using TemporaryFolder folder = new();
        FailingStore failing = new() { FailsWrites = true };
        Checkpointing checkpointing = new(CheckpointStore.In(failing.Open(folder.Path)), new() { EverySteps = 2, StopOnError = true });
        using SmallTraining training = new(checkpointing, callbacks: new Waits(checkpointing, 2, failed: 1));

        await Assert.ThrowsAsync<CheckpointException>(() => training.RunAsync(50));

        Assert.Equal(3, training.Trainer.Position.Step);
    }

    [Fact]
    public async Task An_interrupted_training_is_written_before_the_deadline()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        FakeTimeProvider clock = new();
        await InterruptAsync(new Checkpointing(store), clock, left: TimeSpan.FromSeconds(25));

        Checkpoint latest = (await store.FindLatestAsync(Cancellation))!;
        Assert.Equal(6, latest.Position.Step);
        await latest.VerifyAsync(Cancellation);
    }

    [Fact]
    public async Task When_no_time_is_left_the_one_before_is_kept_and_nothing_is_half_written()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        FakeTimeProvider clock = new();
        await InterruptAsync(new Checkpointing(store, new() { EverySteps = 4 }), clock, left: TimeSpan.Zero, waitAt: 4);

        Assert.Equal("step-000000004", Assert.Single(await store.FindAsync(Cancellation)).Name);
        Assert.Equal([".lock", "step-000000004"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_write_that_outlasts_the_deadline_is_given_up()
    {
        using TemporaryFolder folder = new();
        using GatedStore gate = new();
        CheckpointStore store = CheckpointStore.In(gate.Open(folder.Path));
        FakeTimeProvider clock = new();
        Task interrupted = InterruptAsync(new Checkpointing(store), clock, left: TimeSpan.FromSeconds(25));
        await gate.Reached.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        while (!interrupted.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await interrupted;
        Assert.Empty(await store.FindAsync(Cancellation));
        await gate.Cancelled.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
    }

    [Theory]
    [InlineData(0, 1, 3, 1)]
    [InlineData(1, 0, 3, 1)]
    [InlineData(1, 1, 0, 1)]
    [InlineData(1, 1, 3, 0)]
    public void Numbers_out_of_range_are_refused(long everySteps, int everyEpochs, int keepLast, long keepEvery) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Checkpointing(CheckpointStore.InFolder("x"), new() { EverySteps = everySteps, EveryEpochs = everyEpochs, KeepLast = keepLast, KeepEvery = keepEvery }));

    [Fact]
    public async Task What_a_checkpoint_can_not_keep_is_found_before_the_first_step()
    {
        using TemporaryFolder folder = new();
        using SmallTraining complex = new(new Checkpointing(CheckpointStore.InFolder(folder.Path)), callbacks: new Keeps("part", () => zeros(1, ScalarType.ComplexFloat32)));
        Assert.Contains("ComplexFloat32", (await Assert.ThrowsAsync<ArgumentException>(() => complex.RunAsync(1))).Message, StringComparison.Ordinal);
        using SmallTraining named = new(new Checkpointing(CheckpointStore.InFolder(folder.Path)), callbacks: new Keeps("../up", () => zeros(1)));
        Assert.Contains("'../up'", (await Assert.ThrowsAsync<ArgumentException>(() => named.RunAsync(1))).Message, StringComparison.Ordinal);
        Assert.Equal(0, named.Trainer.Position.Step);
    }

    [Fact]
    public async Task A_copy_holds_any_state_strided_empty_and_growing()
    {
        using CheckpointImage image = new();
        Random random = new(3);
        for (int round = 0; round < 20; round++)
        {
            Dictionary<string, Tensor> tensors = RandomTensors.Make(random);
            using Tensor grid = arange(12 + round, ScalarType.Float32), turned = grid.view(-1, 1).expand(-1, 3).t();
            tensors["turned"] = turned;
            TrainingState state = new("part"), empty = new("values");
            foreach ((string name, Tensor tensor) in tensors)
                state.Set(name.Length == 0 ? "unnamed" : name, tensor);
            empty.Set("x", 1.5);

            image.Take([state, empty]);

            Assert.Equal(["part", "values"], image.Parts.Select(part => part.Name));
            Assert.Null(image.Parts[1].File);
            CheckpointImage.ImageFile file = Assert.Single(image.Files);
            byte[] bytes = new byte[file.Bytes];
            System.Runtime.InteropServices.Marshal.Copy(file.Address, bytes, 0, bytes.Length);
            Dictionary<string, Tensor> read = await Safetensors.ReadAsync(new MemoryStream(bytes), bytes.Length, "image", Cancellation);
            RandomTensors.AssertSame(state.Tensors, read);
            tensors.Remove("turned");
            RandomTensors.Dispose(tensors.Values.Concat(read.Values));
        }
    }

    /// <summary>Trains six steps and then tells the callback of an interruption, as the trainer does after a signal.</summary>
    private static async Task InterruptAsync(Checkpointing checkpointing, FakeTimeProvider clock, TimeSpan left, long waitAt = 0)
    {
        using SmallTraining training = new(null, new() { TimeProvider = clock }, callbacks: new InterruptedAtEnd(checkpointing, Notice(clock, left), waitAt));
        await training.RunAsync(6);
    }

    private static InterruptionNotice Notice(FakeTimeProvider clock, TimeSpan left) => new() { Cause = InterruptionCause.SigTerm, NoticedAt = clock.GetUtcNow() - TimeSpan.FromSeconds(1), Deadline = clock.GetUtcNow() + left };

    /// <summary>Hands everything on, and an interruption for the end.</summary>
    private sealed class InterruptedAtEnd(Checkpointing inner, InterruptionNotice notice, long waitAt) : TrainerCallback
    {
        public override void OnStart(Trainer trainer) => inner.OnStart(trainer);

        public override void OnStep(TrainingStep step)
        {
            inner.OnStep(step);
            // So that what was taken before the end is there, whatever the machine is busy with.
            if (step.Trainer.Position.Step == waitAt)
                Assert.True(SpinWait.SpinUntil(() => inner.Latest is not null, TimeSpan.FromSeconds(60)));
        }

        public override void OnEpoch(Trainer trainer) => inner.OnEpoch(trainer);

        public override void OnEnd(Trainer trainer, TrainingOutcome outcome) => inner.OnEnd(trainer, new TrainingOutcome.Interrupted(trainer.Position, notice));
    }

    private sealed class Reported : TrainerCallback
    {
        public List<Checkpoint> Checkpoints { get; } = [];

        public List<int> Threads { get; } = [];

        public override void OnStep(TrainingStep step) => Threads.Add(Environment.CurrentManagedThreadId);

        public override void OnCheckpoint(Trainer trainer, Checkpoint checkpoint)
        {
            Checkpoints.Add(checkpoint);
            Threads.Add(Environment.CurrentManagedThreadId);
        }
    }

    private sealed class Measured(string name, double[] values) : TrainerCallback
    {
        public override void OnStep(TrainingStep step)
        {
            long taken = step.Trainer.Position.Step;
            if (taken <= values.Length)
                step.Trainer.Report(new Dictionary<string, double> { [name] = values[taken - 1] });
        }
    }

    private sealed class At(long step, Action<Trainer> act) : TrainerCallback
    {
        public override void OnStep(TrainingStep taken)
        {
            if (taken.Trainer.Position.Step == step)
                act(taken.Trainer);
        }
    }

    /// <summary>After a step, waits until its checkpoint is written or has failed.</summary>
    private sealed class Waits(Checkpointing checkpointing, long step, int failed) : TrainerCallback
    {
        public override void OnBatch(TrainingStep taken)
        {
            if (taken.Step == step)
                Assert.True(SpinWait.SpinUntil(() => failed > 0 ? checkpointing.Failures == failed : checkpointing.Latest?.Position.Step == step, TimeSpan.FromSeconds(60)));
        }
    }

    private sealed class Keeps(string name, Func<Tensor> tensor) : TrainerCallback
    {
        public override string? StateName => name;

        public override void SaveState(TrainingState state) => state.Set("tensor", tensor());
    }

    private sealed class FailingStore() : DelegatingArtifactStore(new LocalArtifactStore())
    {
        public volatile bool Fails;
        public volatile bool FailsWrites;

        public ArtifactFolder Open(string folder) => new(this, LocalArtifactStore.LocationOf(folder), TimeProvider.System);

        public override ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken) =>
            (Fails || FailsWrites) && path.EndsWith("optimizer.safetensors", StringComparison.Ordinal) ? throw new ArtifactStoreException("The store is away.", isTransient: true) : base.PutAsync(location, path, content, options, cancellationToken);
    }

    /// <summary>Takes nothing before it is released.</summary>
    private sealed class GatedStore() : DelegatingArtifactStore(new LocalArtifactStore()), IDisposable
    {
        private readonly TaskCompletionSource _released = NewSource(), _reached = NewSource(), _cancelled = NewSource();

        public Task Reached => _reached.Task;

        public Task Cancelled => _cancelled.Task;

        public ArtifactFolder Open(string folder) => new(this, LocalArtifactStore.LocationOf(folder), TimeProvider.System);

        public void Release() => _released.TrySetResult();

        public void Dispose() => Release();

        public override async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
        {
            _reached.TrySetResult();
            try
            {
                await _released.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                _cancelled.TrySetResult();
                throw;
            }

            return await base.PutAsync(location, path, content, options, cancellationToken);
        }

        private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
