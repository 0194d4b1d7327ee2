using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>What most models train on: inputs, and what the model should say to them. It owns both tensors.</summary>
/// <remarks>Not safe for several threads. For more than two tensors use a tuple of tensors, or a disposable type of your own: a trainer disposes both.</remarks>
public sealed class TensorBatch : IDisposable
{
    /// <summary>Takes over two tensors.</summary>
    /// <param name="inputs">(rows, …), of any type and device.</param>
    /// <param name="targets">(rows, …), of any type and device.</param>
    public TensorBatch(Tensor inputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        (Inputs, Targets) = (inputs, targets);
    }

    /// <summary>What goes into the model.</summary>
    public Tensor Inputs { get; }

    /// <summary>What should come out.</summary>
    public Tensor Targets { get; }

    /// <summary>Both tensors: <c>var (inputs, targets) = batch</c>.</summary>
    public void Deconstruct(out Tensor inputs, out Tensor targets) => (inputs, targets) = (Inputs, Targets);

    /// <summary>A batch on a device, with tensors of its own; one that is there already shares its memory with this one. This one stays as it is.</summary>
    /// <param name="device">Where to. A copy from page-locked memory to CUDA goes on after the call has returned; CUDA uses nothing before it is there.</param>
    public TensorBatch To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Map(tensor => Own(tensor, tensor.to(device, non_blocking: device.type == DeviceType.CUDA)));
    }

    /// <summary>A batch in page-locked memory, with tensors of its own; one that is there already shares its memory with this one. This one stays as it is.</summary>
    /// <exception cref="InvalidOperationException">CUDA is not available.</exception>
    public TensorBatch PinMemory()
    {
        RequireCuda("Page-locked memory");
        return Map(tensor => Own(tensor, tensor.pin_memory()));
    }

    /// <summary>Frees both tensors.</summary>
    public void Dispose()
    {
        Inputs.Dispose();
        Targets.Dispose();
    }

    internal static void RequireCuda(string what)
    {
        if (!cuda.is_available())
            throw new InvalidOperationException($"{what} needs CUDA, and PyTorch finds no CUDA device here: reference TorchSharp-cuda-linux or TorchSharp-cuda-windows on a machine with an NVIDIA GPU and its driver, or ask torch.cuda.is_available() first.");
    }

    // TorchSharp answers with the very same object where there is nothing to do.
    private static Tensor Own(Tensor tensor, Tensor result) => ReferenceEquals(tensor, result) ? tensor.alias() : result;

    private TensorBatch Map(Func<Tensor, Tensor> move)
    {
        Tensor inputs = move(Inputs);
        try
        {
            return new(inputs, move(Targets));
        }
        catch
        {
            inputs.Dispose();
            throw;
        }
    }
}
