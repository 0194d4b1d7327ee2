using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// Automatic mixed precision: within a scope libtorch computes matrix products and convolutions in 16 bits and what needs more digits, like losses and softmax, in float32. The model stays in float32,
/// and so do its gradients.
/// </summary>
/// <remarks>
/// The lists of operations are libtorch's own, those of <c>torch.autocast</c> in Python. BFloat16 has the range of float32 and needs nothing more; Float16 has less, so that small gradients vanish: use it with a
/// <see cref="GradientScaler"/>. On the CPU BFloat16 is faster than float32 where the processor has instructions for it (<c>avx512_bf16</c>, <c>amx_bf16</c>), and slower elsewhere.
/// CUDA goes through the same functions and has not been run on a GPU. All members are safe for several threads: autocast is a matter of each thread.
/// </remarks>
public static class Autocast
{
    /// <summary>Whether a scope can be entered: on the CPU when this libtorch has the functions (<see cref="TorchCapabilities.Autocast"/>), on CUDA when it also sees a GPU. No other device.</summary>
    /// <exception cref="TorchUnusableException">TorchSharp can't be used here.</exception>
    public static bool IsSupported(DeviceType device)
    {
        TorchRuntime.Load();
        return WhyNot(device) is null;
    }

    /// <summary>Enters a scope on this thread. Others are not affected, so keep it on one thread: no <c>await</c> inside. End it before the backward pass, which repeats the types of the forward pass by itself.</summary>
    /// <param name="device">The device whose operations are cast: <see cref="DeviceType.CPU"/> or <see cref="DeviceType.CUDA"/>.</param>
    /// <param name="type">The type to compute in: <see cref="ScalarType.BFloat16"/> or <see cref="ScalarType.Float16"/>.</param>
    /// <returns>The scope: dispose it. Scopes can be nested; each goes back to what was before it. Casts of weights are kept until the outermost is left.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="type"/> is another type.</exception>
    /// <exception cref="NotSupportedException">There is no autocast for this device here. The message says why, and what to do instead.</exception>
    /// <exception cref="TorchUnusableException">TorchSharp can't be used here.</exception>
    public static AutocastScope Enter(DeviceType device, ScalarType type)
    {
        if (type is not (ScalarType.BFloat16 or ScalarType.Float16))
            throw new ArgumentOutOfRangeException(nameof(type), type, "Autocast computes in BFloat16 or Float16.");
        // Once per step: libtorch is loaded whenever its functions were found.
        if (AutocastFunctions.Found is null)
            TorchRuntime.Load();
        if (WhyNot(device) is { } reason)
            throw new NotSupportedException($"There is no autocast for {device} here: {reason}. Train in float32, or convert the model by module.to(ScalarType.BFloat16) and give it inputs of that type.");
        return new AutocastScope(AutocastFunctions.Found!, (sbyte)device, (sbyte)type);
    }

    /// <summary>Makes a loss function that runs in a scope, to be given to a <see cref="Trainer{TBatch}"/>.</summary>
    /// <param name="loss">The loss function of a model in float32. It must not await.</param>
    /// <param name="device">The device of the model.</param>
    /// <param name="type">The type to compute in: <see cref="ScalarType.BFloat16"/> or <see cref="ScalarType.Float16"/>, which needs a <see cref="GradientScaler"/>.</param>
    /// <returns>A function that gives what <paramref name="loss"/> gives, a loss in 16 bits as float32. The scope has ended when it returns or throws.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="type"/> is another type.</exception>
    /// <exception cref="NotSupportedException">There is no autocast for this device here. The message says why, and what to do instead.</exception>
    /// <exception cref="TorchUnusableException">TorchSharp can't be used here.</exception>
    public static Func<TBatch, Tensor> Wrap<TBatch>(Func<TBatch, Tensor> loss, DeviceType device, ScalarType type = ScalarType.BFloat16)
    {
        ArgumentNullException.ThrowIfNull(loss);
        // What can't work is said now, not at the first batch.
        Enter(device, type).Dispose();
        return batch =>
        {
            using AutocastScope scope = Enter(device, type);
            Tensor value = loss(batch);
            return value?.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? value.to(ScalarType.Float32) : value!;
        };
    }

    private static string? WhyNot(DeviceType device) =>
        device is not (DeviceType.CPU or DeviceType.CUDA) ? "it is for the CPU and CUDA"
        : AutocastFunctions.Found is null ? NativeExports.Explain(NativeExports.OfAutocast)
        : device == DeviceType.CUDA && !cuda.is_available() ? "libtorch sees no GPU"
        : null;
}
