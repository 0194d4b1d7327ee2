using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Data;

[Collection("torch")]
public sealed class TensorBatchTests
{
    [Fact]
    public async Task Rows_of_two_tensors_come_in_the_order_of_the_loader()
    {
        using Tensor inputs = arange(60, float32).view(20, 3), targets = arange(20, int64);
        BatchLoader<int, TensorBatch> loader = BatchLoader.FromTensors(inputs, targets, new() { BatchSize = 8, Shuffle = true, Seed = 2 });
        int[] order = RowOrder.Shuffled(20, 2, 1);

        List<TensorBatch> batches = await Reading.AllAsync(loader, epoch: 1);

        Assert.Equal(3, loader.BatchesPerEpoch);
        Assert.Equal([8, 8, 4], batches.Select(batch => batch.Inputs.shape[0]));
        Assert.Equal(order.Select(row => (long)row), batches.SelectMany(batch => batch.Targets.data<long>().ToArray()));
        Assert.Equal(order.SelectMany(row => (float[])[3 * row, 3 * row + 1, 3 * row + 2]), batches.SelectMany(batch => batch.Inputs.data<float>().ToArray()));
        batches.ForEach(batch => batch.Dispose());
    }

    [Fact]
    public async Task A_batch_of_two_tensors_is_a_copy_that_leaves_nothing_behind()
    {
        using Tensor inputs = ones(6, 2), targets = zeros(6);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;

        foreach (TensorBatch batch in await Reading.AllAsync(BatchLoader.FromTensors(inputs, targets, new() { BatchSize = 3 }), epoch: 0))
        {
            batch.Inputs.zero_().Dispose();
            batch.Dispose();
        }

        Assert.Equal(before, Tensor.TotalCount);
        Assert.Equal(12, inputs.sum().item<float>());
    }

    [Fact]
    public void Tensors_whose_rows_are_not_equally_many_are_refused()
    {
        using Tensor four = zeros(4, 2), three = zeros(3), none = tensor(1f);

        Assert.Contains("[4, 2]", Assert.Throws<ArgumentException>(() => BatchLoader.FromTensors(four, three)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => BatchLoader.FromTensors(none, none));
    }

    [Fact]
    public void A_batch_on_its_device_shares_its_memory_and_lives_on_its_own()
    {
        TensorBatch batch = new(ones(2, 2), zeros(2));

        using TensorBatch moved = batch.To(CPU);
        batch.Inputs.fill_(5);
        batch.Dispose();

        (Tensor inputs, Tensor targets) = moved;
        Assert.Equal(20, inputs.sum().item<float>());
        Assert.Equal(0, targets.sum().item<float>());
    }

    [Fact]
    public async Task A_loader_moves_its_batches_and_keeps_none()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;
        BatchLoader<int, TensorBatch> loader = Reading.Loader(SourceKind.Sequence, 9, rows => new TensorBatch(ones(rows.Count, 2, device: META), zeros(rows.Count)), new() { BatchSize = 3, Device = META });

        List<TensorBatch> batches = await Reading.AllAsync(loader, epoch: 0);

        Assert.All(batches, batch => Assert.Equal((DeviceType.META, DeviceType.META), (batch.Inputs.device_type, batch.Targets.device_type)));
        batches.ForEach(batch => batch.Dispose());
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void What_needs_CUDA_is_refused_where_there_is_none()
    {
        Assert.SkipWhen(cuda.is_available(), "CUDA is available here.");
        using Tensor inputs = zeros(2, 2), targets = zeros(2);
        using TensorBatch batch = new(inputs.alias(), targets.alias());

        Assert.Contains("TorchSharp-cuda", Assert.Throws<InvalidOperationException>(() => BatchLoader.FromTensors(inputs, targets, new() { PinMemory = true })).Message, StringComparison.Ordinal);
        Assert.Contains("cuda:0", Assert.Throws<InvalidOperationException>(() => BatchLoader.FromTensors(inputs, targets, new() { Device = new Device(DeviceType.CUDA, 0) })).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(batch.PinMemory);
    }

    [Fact]
    public async Task Page_locked_batches_are_copied_to_the_GPU()
    {
        Assert.SkipUnless(cuda.is_available(), "CUDA is not available here.");
        using Tensor inputs = arange(40, float32).view(20, 2), targets = arange(20, int64);

        List<TensorBatch> pinned = await Reading.AllAsync(BatchLoader.FromTensors(inputs, targets, new() { BatchSize = 8, PinMemory = true }), epoch: 0);
        List<TensorBatch> moved = await Reading.AllAsync(BatchLoader.FromTensors(inputs, targets, new() { BatchSize = 8, PinMemory = true, Device = CUDA }), epoch: 0);

        Assert.All(pinned, batch => Assert.True(batch.Inputs.is_pinned() && batch.Targets.is_pinned()));
        Assert.Equal(Enumerable.Range(0, 20).Select(row => (long)row), moved.SelectMany(batch => batch.Targets.cpu().data<long>().ToArray()));
        pinned.Concat(moved).ToList().ForEach(batch => batch.Dispose());
    }
}
