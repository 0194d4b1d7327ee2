using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

/// <summary>
/// Whatever befalls a training — checkpoints, kills, resumes, evaluations, cancellations, notices, stops, faults, in any order — at step s it is to the bit what a training is at step s that nothing befell.
/// </summary>
[Collection("torch")]
public sealed class TrainerStateMachineTests
{
    private const int Batches = 5;
    private const int MostSteps = 150;
    private static readonly string[] s_hooks = ["batch", "loss", "backward", "step", "epoch"];
    private static readonly ConcurrentDictionary<int, Straight> s_straight = new();

    private enum Happening
    {
        Train,
        TrainEpochs,
        Checkpoint,
        CheckpointWithin,
        Kill,
        KillWithin,
        Evaluate,
        Cancel,
        CancelWithinEvaluation,
        Notify,
        Stop,
        FailLoss,
        FailSource,
        FailCallback,
    }

    [Fact]
    public void Any_sequence_of_happenings_ends_where_a_straight_training_does() => CheckSequences(TestLength.Of(30, 500), () => new InMemory());

    [Fact]
    public void Any_sequence_of_happenings_ends_where_a_straight_training_does_from_checkpoints_on_disk() => CheckSequences(TestLength.Of(10, 150), () => new InFolder());

    private static void CheckSequences(int count, Func<ILastCheckpoint> checkpoints)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("MLOPS_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : Environment.TickCount & 0xFFFFFF;
        TestContext.Current.TestOutputHelper?.WriteLine($"MLOPS_TEST_SEED={seed}");
        Gen<Event> happening = from what in Gen.Elements(Enum.GetValues<Happening>()) from steps in Gen.Choose(1, 9) from hook in Gen.Choose(0, s_hooks.Length - 1) select new Event(what, steps, s_hooks[hook]);
        Gen<Case> cases = from k in Gen.Choose(1, 3) from length in Gen.Choose(1, 14) from events in happening.ArrayOf(length) select new Case(k, events);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(new Replay(new Rnd((ulong)seed, (ulong)((seed * 2L) + 1)), null)),
            Prop.ForAll(Arb.From(cases, Shorter), each => Check1(each, checkpoints())));

        static IEnumerable<Case> Shorter(Case each) => each.Events.Select((_, left) => each with { Events = [.. each.Events.Where((_, at) => at != left)] });
    }

    [Theory]
    [InlineData(nameof(Happening.Kill))]
    [InlineData(nameof(Happening.KillWithin))]
    [InlineData(nameof(Happening.Cancel))]
    [InlineData(nameof(Happening.CancelWithinEvaluation))]
    [InlineData(nameof(Happening.Notify))]
    [InlineData(nameof(Happening.Stop))]
    [InlineData(nameof(Happening.FailLoss))]
    [InlineData(nameof(Happening.FailSource))]
    [InlineData(nameof(Happening.FailCallback))]
    [InlineData(nameof(Happening.CheckpointWithin))]
    public void Each_happening_at_each_place_ends_where_a_straight_training_does(string name)
    {
        Happening what = Enum.Parse<Happening>(name);
        for (int k = 1; k <= 3; k++)
        {
            foreach (string hook in s_hooks)
            {
                for (int steps = 1; steps <= 6; steps += TestLength.Of(3, 1))
                    Check1(new(k, [new(Happening.Train, 2, ""), new(Happening.Checkpoint, 0, ""), new(what, steps, hook), new(Happening.Train, 7, ""), new(what, steps, hook), new(Happening.KillWithin, steps, hook)]), new InMemory());
            }
        }
    }

    private static void Check1(Case each, ILastCheckpoint checkpoint)
    {
        using Machine machine = new(each.Accumulated, s_straight.GetOrAdd(each.Accumulated, k => new Straight(k)), checkpoint);
        foreach (Event happening in each.Events)
            machine.Do(happening);
        machine.TrainOn();
    }

    private sealed record Case(int Accumulated, Event[] Events)
    {
        public override string ToString() => $"{Accumulated} batches a step: {string.Join(", ", Events.Select(each => $"{each.What}({each.Steps}, {each.Hook})"))}";
    }

    private readonly record struct Event(Happening What, int Steps, string Hook);

    /// <summary>What a checkpoint store of one checkpoint does.</summary>
    private interface ILastCheckpoint : IDisposable
    {
        void Save(Trainer trainer);

        /// <summary>False when there is none.</summary>
        bool TryLoad(Trainer trainer);
    }

    private sealed class InMemory : ILastCheckpoint
    {
        private IReadOnlyList<TrainingState>? _states;

        public void Save(Trainer trainer) => _states = SavedStates.Copy(trainer.SaveState());

        public bool TryLoad(Trainer trainer)
        {
            if (_states is null)
                return false;
            trainer.LoadState(_states);
            return true;
        }

        public void Dispose()
        {
        }
    }

    /// <summary>As <see cref="Checkpointing"/> writes them, hashed and read back.</summary>
    private sealed class InFolder : ILastCheckpoint
    {
        private readonly TemporaryFolder _folder = new();
        private readonly CheckpointStore _store;

        public InFolder() => _store = CheckpointStore.InFolder(_folder["checkpoints"]);

        public void Save(Trainer trainer)
        {
            using CheckpointImage image = new();
            using (NewDisposeScope())
                image.Take(trainer.SaveState());
            string name = CheckpointName.Of(trainer.Position.Step);
            using IDisposable held = _store.BeginWritingAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            _store.DeleteAsync(name, CancellationToken.None).GetAwaiter().GetResult();
            _store.WriteAsync(name, image, CheckpointManifest.Of(trainer, image, trainer.Metrics, CheckpointVersions.Read(), null), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }

        public bool TryLoad(Trainer trainer) => trainer.ResumeAsync(_store).GetAwaiter().GetResult() is not null;

        public void Dispose() => _folder.Dispose();
    }

    /// <summary>What the training that nothing befalls is after each step.</summary>
    private sealed class Straight
    {
        public Straight(int accumulated)
        {
            using Subject subject = new(accumulated);
            Note(subject);
            subject.Hook = hook =>
            {
                if (hook is "step" or "epoch")
                    Note(subject);
            };
            subject.Run(TrainingLength.Steps(MostSteps));
        }

        public Dictionary<(long Step, bool IsEpochDone), Snapshot> At { get; } = [];

        private void Note(Subject subject) => At[(subject.Trainer.Position.Step, subject.Trainer.Position.Batch == 0)] = subject.Snapshot();
    }

    private sealed record Snapshot(TrainingPosition Position, float[] Parameters, float[] Average, double Best, long BestStep, int Since, string History, double Measured);

    /// <summary>A training with everything that has a state, and a last callback that lets a test in.</summary>
    private sealed class Subject : IDisposable
    {
        private readonly SmallTraining _training;
        private readonly MovingAverage _average = new();
        private readonly History _history = new();
        private readonly EarlyStopping _stopping = new("val_loss", patience: int.MaxValue, minDelta: 0.001);
        private readonly Evaluation<(Tensor Inputs, Tensor Targets)> _evaluation;

        public Subject(int accumulated)
        {
            _training = new(
                new InterruptedBatches(Batches, (_, batch, _) =>
                {
                    if (batch < Batches)
                        SourceHook?.Invoke();
                    return Task.CompletedTask;
                }),
                loss: batch =>
                {
                    Tensor loss = _training!.Loss(batch);
                    LossHook?.Invoke();
                    return loss;
                });
            _evaluation = MLOps.Training.Evaluation.Regression(
                new FixedBatches(2),
                batch =>
                {
                    EvaluationHook?.Invoke();
                    return (_training.Module.call(batch.Inputs), batch.Targets);
                },
                everySteps: 4);
            Trainer.Use(new GradientAccumulation(accumulated)).Use(_average).Use(_evaluation).Use(_stopping).Use(_history).Use(new RecordingCallback("last", []) { At = hook => Hook?.Invoke(hook) });
        }

        public Trainer<(Tensor Inputs, Tensor Targets)> Trainer => _training.Trainer;

        public Action<string>? Hook { get; set; }

        public Action? LossHook { get; set; }

        public Action? SourceHook { get; set; }

        public Action? EvaluationHook { get; set; }

        public void Run(TrainingLength length) => _training.RunAsync(length).GetAwaiter().GetResult();

        public void Run(TrainingLength length, Notice notice) => notice.RunAsync(Trainer, length).GetAwaiter().GetResult();

        public void Run(TrainingLength length, CancellationToken cancellationToken) => Trainer.RunAsync(length, cancellationToken).GetAwaiter().GetResult();

        public Snapshot Snapshot() => new(
            Trainer.Position, _training.Parameters(), _average.Values, _stopping.Best, _stopping.BestStep, _stopping.ReportsSinceBest, _history.Text,
            _evaluation.Measure(_training.Module, SmallTraining.Token)["val_mean_squared_error"]);

        public void Dispose()
        {
            _average.Dispose();
            _training.Dispose();
        }
    }

    private sealed class Machine(int accumulated, Straight straight, ILastCheckpoint checkpoint) : IDisposable
    {
        private Subject _subject = new(accumulated);

        public void Do(Event happening)
        {
            long target = _subject.Trainer.Position.Step + happening.Steps;
            if (target > MostSteps)
                return;
            TrainingLength length = TrainingLength.Steps(target);
            bool isCut = true;
            switch (happening.What)
            {
                case Happening.Train:
                    _subject.Run(length);
                    isCut = false;
                    break;
                case Happening.TrainEpochs:
                    int epochs = _subject.Trainer.Position.Epoch + 1 + (happening.Steps / 5);
                    if (epochs * ((Batches + accumulated - 1) / accumulated) > MostSteps)
                        return;
                    _subject.Run(TrainingLength.Epochs(epochs));
                    isCut = false;
                    break;
                case Happening.Checkpoint:
                    checkpoint.Save(_subject.Trainer);
                    break;
                case Happening.CheckpointWithin:
                    At(happening, () => checkpoint.Save(_subject.Trainer), isOnlyBetweenSteps: true);
                    _subject.Run(length);
                    isCut = false;
                    break;
                case Happening.Kill:
                    Restart();
                    break;
                case Happening.KillWithin:
                    At(happening, () => throw new FormatException("killed"));
                    Expect<FormatException>(() => _subject.Run(length));
                    Restart();
                    break;
                case Happening.Evaluate:
                    break;
                case Happening.Cancel:
                {
                    using CancellationTokenSource cancelling = new();
                    At(happening, cancelling.Cancel);
                    Expect<OperationCanceledException>(() => _subject.Run(length, cancelling.Token));
                    break;
                }

                case Happening.CancelWithinEvaluation:
                {
                    using CancellationTokenSource cancelling = new();
                    _subject.EvaluationHook = cancelling.Cancel;
                    Expect<OperationCanceledException>(() => _subject.Run(length, cancelling.Token));
                    break;
                }

                case Happening.Notify:
                {
                    using Notice notice = new();
                    At(happening, notice.Give);
                    _subject.Run(length, notice);
                    break;
                }

                case Happening.Stop:
                    At(happening, () => _subject.Trainer.Stop("a test wants it"));
                    _subject.Run(length);
                    isCut = false;
                    break;
                case Happening.FailLoss:
                    _subject.LossHook = After(happening.Steps, () => throw new FormatException("loss"));
                    Expect<BatchFailedException>(() => _subject.Run(length));
                    break;
                case Happening.FailSource:
                    _subject.SourceHook = After(happening.Steps, () => throw new FormatException("source"));
                    Expect<BatchFailedException>(() => _subject.Run(length));
                    break;
                case Happening.FailCallback:
                    At(happening, () => throw new FormatException("callback"));
                    Expect<FormatException>(() => _subject.Run(length));
                    break;
            }

            (_subject.Hook, _subject.LossHook, _subject.SourceHook, _subject.EvaluationHook) = (null, null, null, null);
            Compare(isCut);
        }

        public void TrainOn()
        {
            long steps = Math.Min(MostSteps, _subject.Trainer.Position.Step + 11);
            _subject.Run(TrainingLength.Steps(steps));
            Compare(isCut: false);
            Assert.Equal(steps, _subject.Trainer.Position.Step);
        }

        public void Dispose()
        {
            _subject.Dispose();
            checkpoint.Dispose();
        }

        /// <summary>Drops all objects, as a killed process does, and goes on from what was saved.</summary>
        private void Restart()
        {
            _subject.Dispose();
            _subject = new(accumulated);
            if (!checkpoint.TryLoad(_subject.Trainer))
                Assert.Equal(default, _subject.Trainer.Position);
        }

        private void Compare(bool isCut)
        {
            Snapshot actual = _subject.Snapshot();
            TrainingPosition position = actual.Position;
            Snapshot expected = straight.At[(position.Step, position.Batch == 0)];
            Assert.Equal(expected.Position, position);
            Assert.Equal(expected.Parameters, actual.Parameters);
            // The average begins with the first run.
            if (position.Step > 0)
                Assert.Equal(expected.Average, actual.Average);
            Assert.Equal(expected.Measured, actual.Measured);

            // An evaluation that was cut short is made when the training goes on: until then what follows from it lacks.
            if (!isCut || actual.History == expected.History)
                Assert.Equal((expected.History, expected.Best, expected.BestStep, expected.Since), (actual.History, actual.Best, actual.BestStep, actual.Since));
            else
                Assert.StartsWith(actual.History, expected.History, StringComparison.Ordinal);
        }

        /// <summary>Does something at a hook in the last step of a run, once.</summary>
        private void At(Event happening, Action action, bool isOnlyBetweenSteps = false)
        {
            string hook = isOnlyBetweenSteps && happening.Hook is not "epoch" ? "step" : happening.Hook;
            int left = hook == "epoch" ? 1 : (happening.Steps + 1) / 2;
            _subject.Hook = at =>
            {
                if (at == hook && --left == 0)
                    action();
            };
        }

        private static Action After(int calls, Action action)
        {
            int left = calls;
            return () =>
            {
                if (--left == 0)
                    action();
            };
        }

        /// <summary>What may be thrown, where the happening fell within the run.</summary>
        private static void Expect<TException>(Action run)
            where TException : Exception
        {
            try
            {
                run();
            }
            catch (TException)
            {
            }
        }
    }

    /// <summary>An average of the parameters over the steps, as anyone could write it.</summary>
    private sealed class MovingAverage : TrainerCallback, IDisposable
    {
        private Tensor? _average;

        public override string StateName => "average";

        public float[] Values => _average is null ? [] : MemoryMarshal.Cast<byte, float>(_average.bytes).ToArray();

        public override void OnStart(Trainer trainer) => _average ??= trainer.Model.Buffers[0].Parameters.detach().clone();

        public override void OnStep(TrainingStep step)
        {
            using IDisposable noGrad = no_grad();
            _average!.lerp_(step.Trainer.Model.Buffers[0].Parameters, 0.1);
        }

        public override void SaveState(TrainingState state)
        {
            if (_average is not null)
                state.Set("average", _average);
        }

        public override void LoadState(TrainingState state)
        {
            if (state.Tensors.TryGetValue("average", out Tensor? saved))
                _average = saved.clone();
        }

        public void Dispose() => _average?.Dispose();
    }

    /// <summary>Which evaluation said what, at which step.</summary>
    private sealed class History : TrainerCallback
    {
        public override string StateName => "history";

        public string Text { get; private set; } = "";

        public override void SaveState(TrainingState state) => state.Set("text", Text);

        public override void LoadState(TrainingState state) => Text = state.GetText("text");

        public override void OnMetrics(Trainer trainer, IReadOnlyDictionary<string, double> metrics) =>
            Text += string.Create(CultureInfo.InvariantCulture, $"{trainer.Position.Step} {metrics["val_loss"]:R} {metrics["val_r2_score"]:R};");
    }
}
