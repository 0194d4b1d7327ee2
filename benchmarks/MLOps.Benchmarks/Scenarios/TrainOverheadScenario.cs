using System.Diagnostics;
using MLOps.Tracking;
using MLOps.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>
/// What the trainer takes above a loop by hand: the same model, data and optimizer, a step of about 10 ms, one thread of libtorch. The trainer has progress, early stopping and
/// a run in SQLite that gets each loss and learning rate; the loop has a dispose scope and nothing else. CPU time of the whole process a step, blocks of 200 steps in turn, the median of the pairs.
/// </summary>
internal static class TrainOverheadScenario
{
    private const string Name = "train-overhead";
    private const int Batches = 16;
    private const int Inputs = 256;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int pairs = options.Trials ?? (options.Quick ? 3 : 9), steps = options.Quick ? 50 : 200;
        set_num_threads(1);
        int rows = await CalibratedRowsAsync();
        using ScratchFolder folder = options.NewFolder();
        await using var tracker = Tracker.Open(t => t.UseSqlite(folder.Database));
        await using Run run = await tracker.StartRunAsync(Name);

        manual_seed(options.Seed);
        (Tensor Inputs, Tensor Classes)[] data = Data(rows);
        using nn.Module<Tensor, Tensor> byHand = Model(), module = Model();
        using optim.Optimizer sgd = optim.SGD(byHand.parameters(), 0.01, momentum: 0.9);
        using FlatModel model = new(module);
        using TrainTorchSgd optimizer = new(model, 0.01);
        Trainer<int> trainer = new(model, optimizer, new TrainBatchNumbers(Batches), batch => Loss(module, data[batch]), new() { HoldSignals = false });
        Blocks blocks = new(steps, () => Loop(byHand, sgd, data, steps));
        trainer.Use(new EarlyStopping("val_loss")).Use(new ProgressReporting(new Discarded())).Track(run).Use(blocks);
        // The first block of both is spent on compiling.
        await trainer.RunAsync(TrainingLength.Steps((pairs + 1) * (long)steps));

        double[] trainerTimes = new double[pairs], trainerBytes = new double[pairs], loopTimes = new double[pairs], loopBytes = new double[pairs], fractions = new double[pairs];
        for (int pair = 0; pair < pairs; pair++)
        {
            (trainerTimes[pair], trainerBytes[pair]) = blocks.Trainer[pair + 1];
            // Beside the mean of the loop before and after: a processor that grows faster or slower meanwhile does so to both.
            loopTimes[pair] = (blocks.Loop[pair].Milliseconds + blocks.Loop[pair + 1].Milliseconds) / 2;
            loopBytes[pair] = (blocks.Loop[pair].Bytes + blocks.Loop[pair + 1].Bytes) / 2;
            fractions[pair] = (trainerTimes[pair] / loopTimes[pair]) - 1;
        }

        Figure.Print(Name, "rows_per_batch", rows, "rows");
        Figure.Print(Name, "pairs", pairs, "pairs");
        Figure.Print(Name, "loop_cpu_ms_per_step", Median(loopTimes), "ms");
        Figure.Print(Name, "trainer_cpu_ms_per_step", Median(trainerTimes), "ms");
        Figure.Print(Name, "loop_bytes_per_step", Median(loopBytes), "bytes");
        Figure.Print(Name, "trainer_bytes_per_step", Median(trainerBytes), "bytes");
        Figure.Print(Name, "overhead_fraction", Median(fractions), "fraction");
        (double emptyMilliseconds, double emptyBytes) = await EmptyStepAsync(options);
        Figure.Print(Name, "empty_step_cpu_us", emptyMilliseconds * 1000, "us");
        Figure.Print(Name, "empty_step_bytes", emptyBytes, "bytes");
    }

    private static async Task<(double Milliseconds, double Bytes)> MeasureAsync(int steps, Func<Task> work)
    {
        Usage before = Usage.Now();
        await work();
        return Usage.Now().Since(before, steps);
    }

    /// <summary>The trainer's own share: a step without callbacks whose model is one number, forward and backward of one sum included.</summary>
    private static async Task<(double Milliseconds, double Bytes)> EmptyStepAsync(BenchmarkOptions options)
    {
        int steps = options.Quick ? 5_000 : 50_000;
        using nn.Module<Tensor, Tensor> module = nn.Linear(1, 1, hasBias: false);
        using FlatModel model = new(module);
        using NoOptimizer optimizer = new(model);
        Tensor weight = module.parameters().First();
        Trainer<int> trainer = new(model, optimizer, new TrainBatchNumbers(1000), _ => weight.sum(), new() { HoldSignals = false });
        await trainer.RunAsync(TrainingLength.Steps(steps));
        return await MeasureAsync(steps, () => trainer.RunAsync(TrainingLength.Steps(2 * steps)));
    }

    private static void Loop(nn.Module<Tensor, Tensor> module, optim.Optimizer optimizer, (Tensor Inputs, Tensor Classes)[] data, int steps)
    {
        module.train();
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor loss = Loss(module, data[step % Batches]);
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
        }
    }

    /// <summary>How many rows make a step of about 10 ms here.</summary>
    private static async Task<int> CalibratedRowsAsync()
    {
        int rows = 64;
        // Once from few rows, where the part of a step that rows do not matter to weighs much, and once more from where that led.
        for (int round = 0; round < 2; round++)
        {
            (Tensor Inputs, Tensor Classes)[] data = Data(rows);
            using nn.Module<Tensor, Tensor> module = Model();
            using optim.Optimizer sgd = optim.SGD(module.parameters(), 0.01, momentum: 0.9);
            double milliseconds = double.PositiveInfinity;
            // The least of some: the first are spent on compiling, and a busy machine only adds.
            for (int trial = 0; trial < 6; trial++)
                milliseconds = Math.Min(milliseconds, (await MeasureAsync(40, () => Task.Run(() => Loop(module, sgd, data, 40)))).Milliseconds);
            foreach ((Tensor inputs, Tensor classes) in data)
            {
                inputs.Dispose();
                classes.Dispose();
            }

            rows = Math.Clamp((int)(rows * 10 / milliseconds), 8, 4096);
        }

        return rows;
    }

    private static nn.Module<Tensor, Tensor> Model() => nn.Sequential(nn.Linear(Inputs, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10));

    private static Tensor Loss(nn.Module<Tensor, Tensor> module, (Tensor Inputs, Tensor Classes) batch) => nn.functional.cross_entropy(module.call(batch.Inputs), batch.Classes);

    private static (Tensor Inputs, Tensor Classes)[] Data(int rows) => [.. Enumerable.Range(0, Batches).Select(_ => (randn(rows, Inputs), randint(0, 10, rows)))];

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private readonly record struct Usage(TimeSpan Cpu, long Bytes)
    {
        public static Usage Now()
        {
            using Process self = Process.GetCurrentProcess();
            return new(self.TotalProcessorTime, GC.GetTotalAllocatedBytes());
        }

        public (double Milliseconds, double Bytes) Since(Usage before, int steps) => ((Cpu - before.Cpu).TotalMilliseconds / steps, (double)(Bytes - before.Bytes) / steps);
    }

    /// <summary>After each block of the trainer's steps one of the loop's, on the same thread and in the same memory.</summary>
    private sealed class Blocks(int steps, Action loop) : TrainerCallback
    {
        private Usage _begin;

        public List<(double Milliseconds, double Bytes)> Trainer { get; } = [];

        public List<(double Milliseconds, double Bytes)> Loop { get; } = [];

        public override void OnStart(Trainer trainer) => _begin = Usage.Now();

        public override void OnStep(TrainingStep step)
        {
            if (step.Trainer.Position.Step % steps != 0)
                return;
            Usage middle = Usage.Now();
            Trainer.Add(middle.Since(_begin, steps));
            loop();
            _begin = Usage.Now();
            Loop.Add(_begin.Since(middle, steps));
        }
    }

    private sealed class Discarded : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
        }
    }

    private sealed class NoOptimizer(FlatModel model) : ModelOptimizer(model, 1)
    {
        public override string Name => "none";

        public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

        public override void Step(GradientControl gradients)
        {
        }

        public override void SaveState(MLOps.Training.Checkpoints.TrainingState state)
        {
        }

        public override void LoadState(MLOps.Training.Checkpoints.TrainingState state)
        {
        }
    }
}
