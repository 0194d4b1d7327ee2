using System.Globalization;
using MLOps.Training.Checkpoints;

namespace MLOps.Training.Tests.Processes;

/// <summary>Trainings that lose their process.</summary>
[Collection("torch")]
public sealed class KilledTrainingTests
{
    private const int Steps = 400;
    private const int Every = 7;

    [Fact]
    public async Task A_training_that_is_killed_and_resumed_ends_with_the_bits_of_one_that_was_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SIGKILL and the native library are Linux's here.");
        int seed = int.TryParse(Environment.GetEnvironmentVariable("MLOPS_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : Environment.TickCount & 0xFFFFFF;
        TestContext.Current.TestOutputHelper?.WriteLine($"MLOPS_TEST_SEED={seed}");
        Random random = new(seed);
        using TemporaryFolder folder = new();
        string straight;
        using (TrainingProcess process = TrainingProcess.Start(folder["straight"], Steps, Every))
        {
            (int exitCode, straight) = await process.FinishAsync();
            Assert.Equal(0, exitCode);
            Assert.StartsWith("done ", straight, StringComparison.Ordinal);
            Assert.Equal("began", process.Lines[0]);
        }

        int trials = TestLength.Of(4, 50), kills = 0, resumed = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            string place = folder[string.Create(CultureInfo.InvariantCulture, $"trial-{trial}")];
            for (int victims = random.Next(1, 3); victims > 0; victims--)
            {
                using TrainingProcess victim = TrainingProcess.Start(place, Steps, Every);
                if (!await victim.ReadUntilAsync(random.Next(1, Steps)))
                    break;
                await victim.KillAsync();
                kills++;
            }

            using TrainingProcess last = TrainingProcess.Start(place, Steps, Every);
            (int exitCode, string end) = await last.FinishAsync();
            Assert.Equal((0, straight), (exitCode, end));
            resumed += last.Lines[0].StartsWith("went on", StringComparison.Ordinal) ? 1 : 0;
            Assert.All(await CheckpointStore.InFolder(place).FindAsync(TestContext.Current.CancellationToken), checkpoint => Assert.Null(checkpoint.Damage));
            Directory.Delete(place, recursive: true);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{trials} trainings, {kills} kills, {resumed} went on from a checkpoint: {trials} equal");
        Assert.True(kills >= trials / 2 && resumed > 0, $"{kills} kills and {resumed} resumes prove too little");
    }

    [Theory]
    [InlineData(15)]
    [InlineData(2)]
    [InlineData(10)]
    public async Task A_signal_ends_a_training_with_a_checkpoint_of_its_last_step(int signal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Numbers of signals are Linux's here.");
        Assert.SkipWhen(signal == 2 && TrainingProcess.IgnoresInterrupts, "These tests were started with SIGINT ignored.");
        using TemporaryFolder folder = new();
        long step;
        using (TrainingProcess process = TrainingProcess.Start(folder["run"], 100_000, 1_000_000))
        {
            Assert.True(await process.ReadUntilAsync(20));
            process.Signal(signal);
            (int exitCode, string last) = await process.FinishAsync();
            Assert.Equal(128 + signal, exitCode);
            Assert.StartsWith("ended Interrupted at ", last, StringComparison.Ordinal);
            step = long.Parse(last.AsSpan("ended Interrupted at ".Length), CultureInfo.InvariantCulture);
            Assert.Equal($"step {step}", process.Lines[^2]);
        }

        Checkpoint? checkpoint = await CheckpointStore.InFolder(folder["run"]).FindLatestAsync(TestContext.Current.CancellationToken);
        Assert.Equal(step, checkpoint?.Position.Step);
    }
}
