using FsCheck;
using FsCheck.Fluent;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Callbacks;

[Collection("torch")]
public sealed class GradientAccumulationTests
{
    [Theory]
    [InlineData(12, 4)]
    [InlineData(10, 4)]
    [InlineData(7, 3)]
    [InlineData(5, 8)]
    [InlineData(3, 1)]
    public async Task Its_gradients_are_those_of_one_large_batch(int batches, int k)
    {
        using SmallTraining accumulated = new(new FixedBatches(batches), module: Plain());
        using SmallTraining large = new(new LargeBatches(batches, k), module: Plain());
        accumulated.Trainer.Use(new GradientAccumulation(k));

        TrainingOutcome outcome = await accumulated.RunAsync(TrainingLength.Epochs(4));
        await large.RunAsync(TrainingLength.Epochs(4));

        Assert.Equal(new TrainingPosition(4 * ((batches + k - 1) / k), 4, 0, 4 * batches), outcome.Position);
        AssertNear(large.Parameters(), accumulated.Parameters());
    }

    [Fact]
    public async Task One_batch_a_step_changes_no_bit()
    {
        using SmallTraining accumulated = new(), plain = new();
        accumulated.Trainer.Use(new GradientAccumulation(1));
        await accumulated.RunAsync(TrainingLength.Epochs(2));
        await plain.RunAsync(TrainingLength.Epochs(2));
        Assert.Equal(plain.Parameters(), accumulated.Parameters());
    }

    [Fact]
    public void Any_number_of_batches_and_any_cut_resume_bitwise()
    {
        int seed = Environment.TickCount & 0xFFFF;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Gen<(int Batches, int K, int Cut)> cases = from batches in Gen.Choose(1, 9) from k in Gen.Choose(1, 5) from cut in Gen.Choose(1, 3 * ((batches + k - 1) / k)) select (batches, k, cut);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(15, 300)).WithReplay(new Replay(new Rnd((ulong)seed, (ulong)((seed * 2) + 1)), null)),
            Prop.ForAll(Arb.From(cases), each =>
            {
                int steps = 3 * ((each.Batches + each.K - 1) / each.K);
                using SmallTraining straight = Make(), first = Make(), second = Make();
                Run(straight, steps);
                Run(first, each.Cut);
                second.Trainer.LoadState(SavedStates.Copy(first.Trainer.SaveState()));
                Run(second, steps);
                return straight.Parameters().AsSpan().SequenceEqual(second.Parameters()) && straight.Trainer.Position == second.Trainer.Position;

                SmallTraining Make()
                {
                    SmallTraining training = new(new FixedBatches(each.Batches));
                    training.Trainer.Use(new GradientAccumulation(each.K));
                    return training;
                }
            }));

        static void Run(SmallTraining training, int steps) => training.RunAsync(TrainingLength.Steps(steps)).GetAwaiter().GetResult();
    }

    [Fact]
    public async Task What_clips_after_it_is_told_of_a_shorter_group()
    {
        List<float?> divisors = [];
        using SmallTraining training = new(new FixedBatches(5));
        training.Trainer.Use(new GradientAccumulation(4)).Use(new DelegatingCallback { Backward = step => divisors.Add(step.Gradients.Divisor?.item<float>()) });
        await training.RunAsync(TrainingLength.Epochs(1));
        Assert.Equal([null, null, null, null, 0.25f], divisors);
    }

    [Fact]
    public void Fewer_than_one_batch_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new GradientAccumulation(0));

    // A random mask is drawn for the rows of a batch in turn: with dropout a large batch is no sum of small ones.
    private static nn.Module<Tensor, Tensor> Plain()
    {
        manual_seed(5);
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1));
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 * Math.Max(0.01, Math.Abs(expected[i])), $"[{i}]: {expected[i]}, {actual[i]}");
    }

    /// <summary>The rows of k batches of <see cref="FixedBatches"/> in one.</summary>
    private sealed class LargeBatches(int batches, int k) : IBatchSource<(Tensor Inputs, Tensor Targets)>
    {
        private readonly FixedBatches _inner = new(batches);

        public long? BatchesPerEpoch => (batches + k - 1) / k;

        public IReadOnlyDictionary<string, string> Description => _inner.Description;

        public async IAsyncEnumerable<(Tensor Inputs, Tensor Targets)> ReadEpochAsync(int epoch, long firstBatch, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            List<(Tensor Inputs, Tensor Targets)> group = [];
            await foreach ((Tensor Inputs, Tensor Targets) batch in _inner.ReadEpochAsync(epoch, firstBatch * k, cancellationToken))
            {
                group.Add(batch);
                if (group.Count < k)
                    continue;
                yield return Join(group);
                group = [];
            }

            if (group.Count > 0)
                yield return Join(group);
        }

        private static (Tensor Inputs, Tensor Targets) Join(List<(Tensor Inputs, Tensor Targets)> group) =>
            (cat([.. group.Select(batch => batch.Inputs)]), cat([.. group.Select(batch => batch.Targets)]));
    }
}
