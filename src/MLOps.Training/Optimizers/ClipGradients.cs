using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// Bounds the norm of all gradients together, and skips a step whose gradients are not finite. One pass over the gradients, which are only read: the optimizer divides as it goes, and nothing
/// waits for the device.
/// </summary>
/// <remarks>
/// <para>With the norm n over all parameters after the divisor that is set already (a gradient scaler's), the gradients are divided by max((n + 1e-6) / maxNorm, 1): the coefficient
/// min(maxNorm / (n + 1e-6), 1) of <c>torch.nn.utils.clip_grad_norm_</c>, turned round. Source: Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent neural networks.</para>
/// <para>The norm is computed in float32 (float64 for float64 parameters) and left in <see cref="GradientControl.Norm"/>. A norm beyond the range of float32, some 1.8e19 for a single gradient, counts
/// as not finite. Give it to the trainer after what scales the loss and after gradient accumulation, which puts batches off.</para>
/// </remarks>
public sealed class ClipGradients : TrainerCallback
{
    /// <summary>Makes the duty.</summary>
    /// <param name="maxNorm">The bound, greater than 0. At <see cref="double.PositiveInfinity"/> nothing is clipped, and steps whose gradients are not finite are skipped all the same.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not greater than 0.</exception>
    public ClipGradients(double maxNorm)
    {
        if (!(maxNorm > 0))
            throw new ArgumentOutOfRangeException(nameof(maxNorm), maxNorm, "The bound must be greater than 0.");
        MaxNorm = maxNorm;
    }

    /// <summary>The bound.</summary>
    public double MaxNorm { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(StringComparer.Ordinal) { ["max_norm"] = MaxNorm.ToString("R", CultureInfo.InvariantCulture) };

    /// <summary>No clipping, only the skip of steps whose gradients are not finite.</summary>
    public static ClipGradients SkipNonFinite() => new(double.PositiveInfinity);

    /// <summary>Does it for a training loop of your own: between the backward pass and <see cref="ModelOptimizer.Step"/>.</summary>
    /// <param name="model">Whose gradients.</param>
    /// <param name="gradients">What the optimizer will be told. The tensors that are set in it belong to the caller's dispose scope.</param>
    public void Apply(FlatModel model, GradientControl gradients)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(gradients);
        using IDisposable noGrad = no_grad();
        Tensor norm = NormOf(model);
        if (gradients.Divisor is { } divisor)
            norm = norm / divisor;
        gradients.Norm = norm;
        if (double.IsFinite(MaxNorm))
            gradients.DivideBy(((norm + 1e-6) / MaxNorm).clamp_min_(1));
        gradients.SkipWhen(norm.isfinite().logical_not().to(ScalarType.Float32));
    }

    /// <inheritdoc/>
    public override void OnBackward(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (!step.IsDeferred)
            Apply(step.Trainer.Model, step.Gradients);
    }

    private static Tensor NormOf(FlatModel model)
    {
        Device device = model.Buffers[0].Device;
        Tensor[] squares = [.. model.Buffers.Select(buffer => SquareOf(buffer).to(ScalarType.Float32, device))];
        return squares.Length == 1 ? squares[0].sqrt_() : stack(squares).sum().sqrt_();
    }

    /// <summary>The scalar product with itself: on CPUs the fastest pass that there is, up to three times as fast as <c>vector_norm</c> and more exact.</summary>
    private static Tensor SquareOf(FlatBuffer buffer)
    {
        // BLAS counts in 32 bits.
        const long most = 1 << 30;
        Tensor gradients = buffer.Dtype is ScalarType.Float32 or ScalarType.Float64 ? buffer.Gradients : buffer.Gradients.to(ScalarType.Float32);
        long length = gradients.numel();
        if (length <= most)
            return gradients.dot(gradients);

        Tensor sum = zeros([], gradients.dtype, gradients.device);
        for (long from = 0; from < length; from += most)
        {
            Tensor part = gradients.narrow(0, from, Math.Min(most, length - from));
            sum.add_(part.dot(part));
        }

        return sum;
    }
}
