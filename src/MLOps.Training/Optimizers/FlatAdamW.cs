using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// AdamW on flat buffers: one call of libtorch's fused kernel for each buffer, where it has one for the buffer's device and type, else the same rule in tensor operations.
/// </summary>
/// <remarks>
/// <para>With gradient g, learning rate η and weight decay λ: θ ← θ − ηλθ; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; θ ← θ − η · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε), where t counts the steps that
/// were not skipped. Source: Loshchilov, Hutter (2019), Decoupled weight decay regularization; the order of operations is that of <c>torch.optim.AdamW</c>.</para>
/// <para>The moments are made with the optimizer, in the type of the parameters: two further copies of the model. Divided gradients may stay divided in the buffers after a step. In a checkpoint the
/// moments are <c>exp_avg.</c> and <c>exp_avg_sq.</c> with the parameter's name, and <c>step</c> is the count. Not safe for several threads.</para>
/// </remarks>
public sealed class FlatAdamW : ModelOptimizer
{
    private readonly FlatMoments _moments;
    private readonly Part[] _parts;
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;

    /// <summary>Makes the optimizer and its moments.</summary>
    /// <param name="model">The model. It is not disposed with this.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting is out of its range, or names a group that the model does not have.</exception>
    public FlatAdamW(FlatModel model, AdamWOptions? options = null)
        : this(model, options ?? new(), useFused: true)
    {
    }

    internal FlatAdamW(FlatModel model, AdamWOptions options, bool useFused)
        : base(model, options.LearningRate)
    {
        ParameterGroupOptions.ThrowIfNegative(options.LearningRate, nameof(options.LearningRate));
        ParameterGroupOptions.ThrowIfNoFraction(options.Beta1, nameof(options.Beta1));
        ParameterGroupOptions.ThrowIfNoFraction(options.Beta2, nameof(options.Beta2));
        ParameterGroupOptions.ThrowIfNegative(options.Epsilon, nameof(options.Epsilon));
        ArgumentOutOfRangeException.ThrowIfZero(options.Epsilon, nameof(options));
        (_beta1, _beta2, _epsilon) = (options.Beta1, options.Beta2, options.Epsilon);

        Dictionary<string, ParameterGroupOptions> groups = new(options.Groups, StringComparer.Ordinal);
        (double WeightDecay, double LearningRateFactor)[] resolved = ParameterGroupOptions.Resolve(model, groups, options.WeightDecay);
        Settings = ParameterGroupOptions.Describe(groups, ("beta1", _beta1), ("beta2", _beta2), ("eps", _epsilon), ("weight_decay", options.WeightDecay));
        _moments = new(model, "exp_avg", "exp_avg_sq");
        _parts = [.. model.Buffers.Select((buffer, i) =>
        {
            (double decay, double factor) = resolved[i];
            FusedCall? fused = useFused && TorchScriptKernels.FindAdamW(buffer.Device, buffer.Dtype) is { } unit
                ? new(unit, [new[] { buffer.Parameters }, new[] { buffer.Gradients }, new[] { _moments.Of(i)[0] }, new[] { _moments.Of(i)[1] }, new[] { _moments.StepsOf(i) }], [_beta1, _beta2, decay, _epsilon], [], buffer.Device)
                : null;
            return new Part(buffer, _moments.Of(i)[0], _moments.Of(i)[1], _moments.StepsOf(i), decay, factor, fused);
        })];
    }

    /// <inheritdoc/>
    public override string Name => "AdamW";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>Whether libtorch's fused kernel takes the steps of all buffers; else some are taken by tensor operations, which give the same up to rounding and need more time and memory.</summary>
    public bool IsFused => _parts.All(part => part.Fused is not null);

    /// <inheritdoc/>
    public override void Step(GradientControl gradients)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        Model.VerifyNext();
        using DisposeScope scope = NewDisposeScope();
        foreach (Part part in _parts)
        {
            StepGuard guard = new(gradients, part.Buffer.Device);
            double rate = LearningRate * part.LearningRateFactor;
            if (part.Fused is { } fused)
                fused.Run(rate, guard);
            else
                StepByOperations(part, rate, guard);
        }
    }

    /// <inheritdoc/>
    public override void SaveState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        OptimizerHeader.Save(this, state);
        _moments.Save(state);
    }

    /// <inheritdoc/>
    public override void LoadState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        double rate = OptimizerHeader.Check(this, state);
        _moments.Check(state);
        _moments.Load(state);
        LearningRate = rate;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (Part part in _parts)
                part.Fused?.Dispose();
            _moments.Dispose();
        }

        base.Dispose(disposing);
    }

    private void StepByOperations(Part part, double rate, StepGuard guard)
    {
        using IDisposable noGrad = no_grad();
        // As the fused kernel does: half precision is what is stored, not what is computed with. Epsilon would be 0 in float16.
        ScalarType type = part.Buffer.Dtype is ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        Tensor parameters = part.Buffer.Parameters.to(type), gradients = part.Buffer.Gradients.to(type);
        if (guard.Divisor is { } divisor)
            gradients = gradients / divisor;

        guard.Put(part.Steps, part.Steps + 1);
        Tensor steps = part.Steps.to(part.Buffer.Device.type == DeviceType.MPS ? ScalarType.Float32 : ScalarType.Float64);
        Tensor correction1 = -(steps * Math.Log(_beta1)).expm1(), correction2 = -(steps * Math.Log(_beta2)).expm1();
        Tensor mean = part.Mean.to(type) * _beta1 + gradients * (1 - _beta1);
        Tensor square = part.Square.to(type) * _beta2 + gradients * gradients * (1 - _beta2);
        Tensor denominator = square.sqrt().div_(correction2.sqrt()).add_(_epsilon);
        Tensor change = mean / denominator * (rate / correction1);
        guard.Put(part.Buffer.Parameters, parameters * (1 - rate * part.WeightDecay) - change);
        guard.Put(part.Mean, mean);
        guard.Put(part.Square, square);
    }

    private sealed record Part(FlatBuffer Buffer, Tensor Mean, Tensor Square, Tensor Steps, double WeightDecay, double LearningRateFactor, FusedCall? Fused);
}
