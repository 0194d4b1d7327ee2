using TorchSharp;
using static TorchSharp.torch;

namespace Snippets.Training;

using MLOps.Training;

/// <summary>The code of docs/concepts/optimizers.md and docs/concepts/precision.md.</summary>
internal static class Optimizers
{
    public static void Use(nn.Module<Tensor, Tensor> net, IBatchSource<TensorBatch> data)
    {
        // <optimizers-groups>
        using FlatModel model = new(net, FlatModel.ExcludeFromDecay);
        AdamWOptions options = new() { LearningRate = 3e-4, WeightDecay = 0.1, Groups = { ["no-decay"] = new() { WeightDecay = 0 } } };
        using FlatAdamW optimizer = new(model, options);
        // </optimizers-groups>

        Trainer<TensorBatch> trainer = new(model, optimizer, data, batch => net.call(batch.Inputs).mean());
        // <optimizers-callbacks>
        using ExponentialMovingAverage average = new(model, decay: 0.999);
        trainer
            .Use(new GradientAccumulation(4))
            .Use(new ClipGradients(maxNorm: 1))
            .Use(LearningRateSchedule.Cosine(100_000).WithWarmUp(2_000))
            .Use(average)
            .Use(Evaluation.Classification(data, batch => (net.call(batch.Inputs), batch.Targets), within: average.Swap));
        // </optimizers-callbacks>
    }

    public static void Adapt(nn.Module<Tensor, Tensor> net)
    {
        // <optimizers-torch>
        using FlatModel model = new(net);
        using TorchOptimizer optimizer = new(model, optim.RMSProp(net.parameters(), lr: 1e-3));
        // </optimizers-torch>
    }

    public static Trainer<TensorBatch> Mix(nn.Module<Tensor, Tensor> net, FlatModel model, ModelOptimizer optimizer, IBatchSource<TensorBatch> data)
    {
        // <precision-autocast>
        Func<TensorBatch, Tensor> loss = batch => nn.functional.cross_entropy(net.call(batch.Inputs), batch.Targets);
        if (Autocast.IsSupported(DeviceType.CPU))
            loss = Autocast.Wrap(loss, DeviceType.CPU, ScalarType.BFloat16);
        Trainer<TensorBatch> trainer = new(model, optimizer, data, loss, new() { Seed = 42 });
        // </precision-autocast>

        // <precision-scaler>
        trainer.Use(new GradientScaler()).Use(new ClipGradients(maxNorm: 1));
        // </precision-scaler>

        // <precision-anomalies>
        trainer.Use(new AnomalyDetection(AnomalyAction.Skip, anomaly => Console.Error.WriteLine(anomaly)));
        // </precision-anomalies>
        return trainer;
    }

    public static void Check()
    {
        // <precision-check>
        TorchRuntimeReport runtime = TorchRuntime.Check();
        Console.WriteLine(runtime.Summary);
        runtime.ThrowIfUnusable();
        TorchRuntime.UseDeterministicAlgorithms();
        // </precision-check>
    }
}
