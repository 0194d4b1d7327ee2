using System.Globalization;
using MLOps.Training;
using static TorchSharp.torch;

namespace Snippets;

/// <summary>Compiled only: to run, TorchSharp needs a package with its native libraries.</summary>
internal static class TrainingData
{
    public static async Task TrainAsync(nn.Module<Tensor, Tensor> net, FlatModel model, ModelOptimizer optimizer, Tensor images, Tensor labels)
    {
        // <training-data-tensors>
        var data = BatchLoader.FromTensors(images, labels, new() { BatchSize = 64, Shuffle = true, Seed = 1 });
        var trainer = new Trainer<TensorBatch>(model, optimizer, data, batch => nn.functional.cross_entropy(net.call(batch.Inputs), batch.Targets));
        await trainer.RunAsync(TrainingLength.Epochs(10));
        // </training-data-tensors>
    }

    public static IBatchSource<TensorBatch> FromRows((float[] Features, long Label)[] rows)
    {
        // <training-data-rows>
        var data = BatchLoader.From(rows, batch => new TensorBatch(
            tensor(batch.SelectMany(row => row.Features).ToArray(), [batch.Count, 20]),
            tensor(batch.Select(row => row.Label).ToArray())), new() { BatchSize = 64, Shuffle = true });
        // </training-data-rows>
        return data;
    }

    public static IBatchSource<Tensor> FromFiles(Func<byte[], float[]> decode)
    {
        // <training-data-files>
        string[] files = [.. Directory.EnumerateFiles("images").Order(StringComparer.Ordinal)];
        var data = BatchLoader.From(files, batch => tensor(batch.SelectMany(file => decode(File.ReadAllBytes(file))).ToArray(), [batch.Count, 3, 64, 64]), new() { Shuffle = true });
        // </training-data-files>
        return data;
    }

    public static IBatchSource<Tensor> FromLines()
    {
        // <training-data-sequence>
        var data = BatchLoader.From(
            epoch => File.ReadLinesAsync("rows.csv"),
            lines => tensor(lines.SelectMany(line => line.Split(',')).Select(cell => float.Parse(cell, CultureInfo.InvariantCulture)).ToArray(), [lines.Count, 21]),
            new() { Shuffle = true, ShuffleBuffer = 50_000, DropLast = true });
        // </training-data-sequence>
        return data;
    }

    public static async Task ReadAsync(IBatchSource<TensorBatch> data)
    {
        // <training-data-read>
        await foreach (TensorBatch batch in data.ReadEpochAsync(epoch: 0, firstBatch: 0))
        {
            using (batch)
                Console.WriteLine($"{batch.Inputs.shape[0]} rows");
        }
        // </training-data-read>
    }
}
