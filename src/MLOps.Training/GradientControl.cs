using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// What is to happen to the gradients of a step while the optimizer reads them: divided, or left alone and the step skipped. Everything stays on the device, so that nothing waits for it.
/// </summary>
/// <remarks>Its tensors are 0-d float32 on the device of the model's first buffer and live as long as the step.</remarks>
public sealed class GradientControl
{
    /// <summary>What the optimizer divides gradients by; null for 1. 0-d float32.</summary>
    public Tensor? Divisor { get; private set; }

    /// <summary>1 when the optimizer is to skip this step, else 0; null when nothing has looked. 0-d float32.</summary>
    public Tensor? Skip { get; private set; }

    /// <summary>The norm of the gradients as the optimizer will see them before clipping, where a callback has computed it; else null. 0-d float32.</summary>
    public Tensor? Norm { get; set; }

    /// <summary>Divides the gradients by <paramref name="divisor"/> as well.</summary>
    /// <param name="divisor">0-d float32, greater than 0.</param>
    public void DivideBy(Tensor divisor)
    {
        ArgumentNullException.ThrowIfNull(divisor);
        Divisor = Divisor is null ? divisor : Divisor * divisor;
    }

    /// <summary>Skips the step when <paramref name="condition"/> is 1, or when an earlier condition was.</summary>
    /// <param name="condition">0-d float32, 0 or 1.</param>
    public void SkipWhen(Tensor condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        Skip = Skip is null ? condition : maximum(Skip, condition);
    }

    internal void Clear() => (Divisor, Skip, Norm) = (null, null, null);
}
