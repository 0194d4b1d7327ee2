using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Checkpoints;

/// <summary>The system refuses bytes of a file (RLIMIT_FSIZE), which is what a full disk looks like to the writer, and a process of any user can have it.</summary>
[Collection("torch")]
[SupportedOSPlatform("linux")]
public sealed partial class FullDiskTests
{
    private const int FileSizeExceeded = 25, FileSizeLimit = 1, Limit = 64 * 1024;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_disk_that_is_full_leaves_the_checkpoints_before_and_nothing_of_the_new_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "asks for setrlimit");
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        // Small at step 3 and larger than the limit from step 6 on: the model's file is written by then, this one is refused.
        Growing growing = new();
        Checkpointing checkpointing = new(store, new() { EverySteps = 3 });
        using SmallTraining training = new(checkpointing, callbacks: [growing, new FullFrom(checkpointing)]);
        CheckpointException error;
        using (new FileSizeLimited(Limit))
            error = await Assert.ThrowsAsync<CheckpointException>(() => training.RunAsync(7));

        Assert.Contains("'step-000000003'", error.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<IOException>(error.InnerException);
        Assert.Equal(3, checkpointing.Failures);
        Assert.Equal([".lock", "step-000000003"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        await (await store.GetAsync("step-000000003", Cancellation)).VerifyAsync(Cancellation);

        // Room again: the same training goes on.
        await training.RunAsync(9);
        Assert.Equal([9, 3], (await store.FindAsync(Cancellation)).Select(checkpoint => checkpoint.Position.Step));
        await (await store.GetAsync("step-000000009", Cancellation)).VerifyAsync(Cancellation);
    }

    [Fact]
    public void A_disk_that_is_full_leaves_the_weights_that_were_there()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "asks for setrlimit");
        using TemporaryFolder folder = new();
        using Tensor small = ones(10), large = ones(Limit);
        ModelWeights.SaveSafetensors(new Dictionary<string, Tensor> { ["a"] = small }, folder["weights.safetensors"]);
        byte[] before = File.ReadAllBytes(folder["weights.safetensors"]);

        using (new FileSizeLimited(Limit))
            Assert.ThrowsAny<IOException>(() => ModelWeights.SaveSafetensors(new Dictionary<string, Tensor> { ["a"] = large }, folder["weights.safetensors"]));

        Assert.Equal(before, File.ReadAllBytes(folder["weights.safetensors"]));
        Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    private sealed class Growing : TrainerCallback
    {
        private long _step;

        public override string? StateName => "zz-growing";

        public override void OnStep(TrainingStep step) => _step = step.Trainer.Position.Step;

        public override void SaveState(TrainingState state) => state.Set("tensor", ones(_step < 6 ? 10 : 2 * Limit));
    }

    /// <summary>Waits until the first is written, so that each is judged by itself.</summary>
    private sealed class FullFrom(Checkpointing checkpointing) : TrainerCallback
    {
        public override void OnBatch(TrainingStep step)
        {
            if (step.Trainer.Position.Step == 3)
                Assert.True(SpinWait.SpinUntil(() => checkpointing.Latest is not null, TimeSpan.FromSeconds(60)));
        }
    }

    /// <summary>The soft limit of this process, and back. The signal that comes with it is ignored, as the runtime's own programs would have it: the write then fails.</summary>
    private sealed partial class FileSizeLimited : IDisposable
    {
        private readonly Limits _before;
        private readonly nint _handler;

        public FileSizeLimited(ulong bytes)
        {
            _handler = signal(FileSizeExceeded, 1);
            Assert.Equal(0, getrlimit(FileSizeLimit, out _before));
            Set(_before with { Soft = bytes });
        }

        public void Dispose()
        {
            Set(_before);
            _ = signal(FileSizeExceeded, _handler);
        }

        private static void Set(Limits limits) => Assert.Equal(0, setrlimit(FileSizeLimit, limits));

        [LibraryImport("libc")]
        private static partial nint signal(int number, nint handler);

        [LibraryImport("libc")]
        private static partial int getrlimit(int resource, out Limits limits);

        [LibraryImport("libc")]
        private static partial int setrlimit(int resource, in Limits limits);

        private readonly record struct Limits(ulong Soft, ulong Hard);
    }
}
