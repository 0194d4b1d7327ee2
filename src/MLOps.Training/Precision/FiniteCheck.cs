using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Whether numbers are finite, found on their device without waiting for it.</summary>
internal static class FiniteCheck
{
    /// <summary>
    /// The L2 norm of all gradients of a step, divided as the optimizer will divide them: 0-d float32 on the device of the first buffer. NaN or infinite when one of them is; infinite too when the sum of
    /// squares is beyond float32. Computed in one pass per buffer when no callback has, and left in <see cref="GradientControl.Norm"/> for those that come after.
    /// </summary>
    public static Tensor NormOf(TrainingStep step)
    {
        GradientControl gradients = step.Gradients;
        if (gradients.Norm is { } known)
            return known;

        IReadOnlyList<FlatBuffer> buffers = step.Trainer.Model.Buffers;
        // In 16 bits the sum of squares would be beyond the type's range soon.
        Tensor[] norms =
        [
            .. buffers.Select(buffer => linalg.vector_norm(buffer.Dtype is ScalarType.Float32 or ScalarType.Float64 ? buffer.Gradients : buffer.Gradients.to(ScalarType.Float32)).to(ScalarType.Float32, buffers[0].Device)),
        ];
        Tensor norm = norms.Length == 1 ? norms[0] : linalg.vector_norm(stack(norms));
        return gradients.Norm = gradients.Divisor is { } divisor ? norm / divisor : norm;
    }

    /// <summary>1 when a 0-d tensor is NaN or infinite, else 0: 0-d float32.</summary>
    public static Tensor IsNotFinite(Tensor value) => value.isfinite().logical_not().to(ScalarType.Float32);
}
