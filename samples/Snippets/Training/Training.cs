using System.Runtime.CompilerServices;
using MLOps.Tracking;
using TorchSharp;
using static TorchSharp.torch;

namespace Snippets.Training;

// Within the namespace: "Evaluation" is the name of a page's snippets, too.
using MLOps.Training;
using MLOps.Training.Checkpoints;

/// <summary>The code of docs/concepts/training.md. Running it takes a native library, which samples/TrainDigits has and this program has not.</summary>
internal static class Training
{
    public static async Task<int> StartAsync(nn.Module<Tensor, Tensor> net, Tensor inputs, Tensor labels, Run run)
    {
        // <training-start>
        using FlatModel model = new(net);
        using FlatAdamW optimizer = new(model, new() { LearningRate = 3e-3 });
        var data = BatchLoader.FromTensors(inputs, labels, new() { BatchSize = 64, Shuffle = true });
        CheckpointStore checkpoints = CheckpointStore.InFolder("checkpoints");

        Trainer<TensorBatch> trainer = new(model, optimizer, data, batch => nn.functional.cross_entropy(net.call(batch.Inputs), batch.Targets), new() { Seed = 42 });
        trainer.Use(LearningRateSchedule.Cosine(10_000)).Use(new ClipGradients(maxNorm: 1)).Track(run).Use(new Checkpointing(checkpoints));
        await trainer.ResumeAsync(checkpoints);          // goes on where a killed process was, to the last bit
        TrainingOutcome outcome = await trainer.RunAsync(TrainingLength.Steps(10_000));
        return outcome.ExitCode;                         // 143 after SIGTERM, with a checkpoint of the last step
        // </training-start>
    }

    // <training-run>
    public static async Task<int> TrainAsync(nn.Module<Tensor, Tensor> net, ModelOptimizer optimizer, IBatchSource<(Tensor X, Tensor Y)> train, IBatchSource<(Tensor X, Tensor Y)> test)
    {
        Trainer<(Tensor X, Tensor Y)> trainer = new(optimizer.Model, optimizer, train, batch => nn.functional.cross_entropy(net.call(batch.X), batch.Y), new() { Seed = 42 });
        trainer
            .Use(new GradientAccumulation(4))
            .Use(Evaluation.Classification(test, batch => (net.call(batch.X), batch.Y)))
            .Use(new EarlyStopping("val_loss", patience: 5))
            .Use(new ProgressReporting(new Lines()));

        TrainingOutcome outcome = await trainer.RunAsync(TrainingLength.Epochs(50));
        return outcome.ExitCode;
    }
    // </training-run>

    public static void Judge(TrainingOutcome outcome)
    {
        // <training-outcome>
        string sentence = outcome switch
        {
            TrainingOutcome.Completed => "trained to the end",
            TrainingOutcome.Stopped stopped => stopped.Reason,
            TrainingOutcome.Interrupted interrupted => $"step {interrupted.Position.Step}: {interrupted.Cause.Cause}",
            _ => "Cancelled and Failed are for callbacks: RunAsync throws",
        };
        // </training-outcome>
        Console.WriteLine(sentence);
    }

    public static Evaluation<(Tensor X, Tensor Y)> EvaluateOtherwise(nn.Module<Tensor, Tensor> net, IBatchSource<(Tensor X, Tensor Y)> test)
    {
        // <training-evaluate>
        Evaluation<(Tensor X, Tensor Y)> topFive = new(test, new TopFive(net), prefix: "test_", everyEpochs: 0, everySteps: 500);
        IReadOnlyDictionary<string, double> now = topFive.Measure(net);
        // </training-evaluate>
        Console.WriteLine(now["test_top_5"]);
        return topFive;
    }

    // <training-evaluator>
    private sealed class TopFive(nn.Module<Tensor, Tensor> net) : IEvaluator<(Tensor X, Tensor Y)>
    {
        private long _rows, _right;

        public void Reset() => (_rows, _right) = (0, 0);

        public void Add((Tensor X, Tensor Y) batch)
        {
            (_, Tensor best) = net.call(batch.X).topk(5);
            _right += best.eq(batch.Y.unsqueeze(1)).any(1).sum().item<long>();
            _rows += batch.Y.shape[0];
        }

        public IReadOnlyDictionary<string, double> GetResults() => new Dictionary<string, double> { ["top_5"] = (double)_right / _rows };
    }
    // </training-evaluator>

    // <training-progress>
    private sealed class Lines : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress p) =>
            Console.WriteLine($"epoch {p.Position.Epoch}, step {p.Position.Step}: loss {p.Loss:F4}, {p.BatchesPerSecond:F0} batches/s, {p.Remaining:hh\\:mm\\:ss} to go");
    }
    // </training-progress>

    // <training-callback>
    /// <summary>A moving average of the weights, kept beside the model.</summary>
    private sealed class Average(double decay) : TrainerCallback, IDisposable
    {
        private List<Tensor>? _average;

        public override string StateName => "average";

        public override void OnStart(Trainer trainer) =>
            _average ??= [.. trainer.Model.Buffers.Select(buffer => buffer.Parameters.detach().clone())];

        public override void OnStep(TrainingStep step)
        {
            using var noGrad = no_grad();
            for (int i = 0; i < _average!.Count; i++)
                _average[i].lerp_(step.Trainer.Model.Buffers[i].Parameters, 1 - decay);
        }

        public override void SaveState(TrainingState state)
        {
            for (int i = 0; i < _average?.Count; i++)
                state.Set($"buffer.{i}", _average[i]);
        }

        public override void LoadState(TrainingState state) =>
            _average = [.. state.Tensors.Values.Select(tensor => tensor.clone())];

        public void Dispose() => _average?.ForEach(tensor => tensor.Dispose());
    }
    // </training-callback>

    // <training-source>
    private sealed class Rows(Tensor x, Tensor y, int rowsPerBatch) : IBatchSource<(Tensor X, Tensor Y)>
    {
        public long? BatchesPerEpoch => (x.shape[0] + rowsPerBatch - 1) / rowsPerBatch;

        public IReadOnlyDictionary<string, string> Description => new Dictionary<string, string> { ["rows_per_batch"] = $"{rowsPerBatch}" };

        public async IAsyncEnumerable<(Tensor X, Tensor Y)> ReadEpochAsync(int epoch, long firstBatch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.CompletedTask;
            for (long row = firstBatch * rowsPerBatch; row < x.shape[0]; row += rowsPerBatch)
            {
                long rows = Math.Min(rowsPerBatch, x.shape[0] - row);
                yield return (x.narrow(0, row, rows), y.narrow(0, row, rows));
            }
        }
    }
    // </training-source>
}
