using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// Stochastic gradient descent on flat buffers, with momentum and Nesterov's momentum: one call of libtorch's fused kernel for each buffer, where it has one that is right for the buffer's device
/// and type (on CPUs not for float16 and bfloat16) and there is no dampening, else the same rule in tensor operations.
/// </summary>
/// <remarks>
/// <para>With gradient g, learning rate η, momentum μ, dampening τ and weight decay λ: g ← g + λθ; b ← μb + (1 − τ)g, at the first step that was not skipped b ← g; g ← g + μb with Nesterov, else b;
/// θ ← θ − ηg. Source: the rule of <c>torch.optim.SGD</c>; Sutskever, Martens, Dahl, Hinton (2013), On the importance of initialization and momentum in deep learning.</para>
/// <para>The momentum is made with the optimizer, in the type of the parameters: one further copy of the model, none without momentum. Divided gradients may stay divided in the buffers after a step.
/// In a checkpoint it is <c>momentum.</c> with the parameter's name, and <c>step</c> is the count. Not safe for several threads.</para>
/// </remarks>
public sealed class FlatSgd : ModelOptimizer
{
    private readonly FlatMoments _moments;
    private readonly Part[] _parts;
    private readonly double _momentum;
    private readonly double _dampening;
    private readonly bool _nesterov;

    /// <summary>Makes the optimizer and its momentum.</summary>
    /// <param name="model">The model. It is not disposed with this.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting is out of its range, or names a group that the model does not have; or Nesterov's momentum is asked for without momentum or with dampening.</exception>
    public FlatSgd(FlatModel model, SgdOptions? options = null)
        : this(model, options ?? new(), useFused: true)
    {
    }

    internal FlatSgd(FlatModel model, SgdOptions options, bool useFused)
        : base(model, options.LearningRate)
    {
        ParameterGroupOptions.ThrowIfNegative(options.LearningRate, nameof(options.LearningRate));
        ParameterGroupOptions.ThrowIfNoFraction(options.Momentum, nameof(options.Momentum));
        if (!(options.Dampening is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(options), options.Dampening, "Dampening must be at least 0 and at most 1.");
        if (options.Nesterov && (options.Momentum == 0 || options.Dampening != 0))
            throw new ArgumentException("Nesterov's momentum needs a momentum, and no dampening.", nameof(options));
        (_momentum, _dampening, _nesterov) = (options.Momentum, options.Dampening, options.Nesterov);

        Dictionary<string, ParameterGroupOptions> groups = new(options.Groups, StringComparer.Ordinal);
        (double WeightDecay, double LearningRateFactor)[] resolved = ParameterGroupOptions.Resolve(model, groups, options.WeightDecay);
        Settings = ParameterGroupOptions.Describe(groups, ("momentum", _momentum), ("dampening", _dampening), ("nesterov", _nesterov ? 1 : 0), ("weight_decay", options.WeightDecay));
        _moments = _momentum == 0 ? new(model) : new(model, "momentum");
        _parts = [.. model.Buffers.Select((buffer, i) =>
        {
            (double decay, double factor) = resolved[i];
            // The fused kernel is told from outside whether a step is the first. Only dampening makes a difference, and whether the first was skipped is known on the device alone.
            FusedCall? fused = useFused && (_momentum == 0 || _dampening == 0) && TorchScriptKernels.FindSgd(buffer.Device, buffer.Dtype) is { } unit
                ? new(unit, [new[] { buffer.Parameters }, new[] { buffer.Gradients }, _moments.Of(i), new[] { _moments.StepsOf(i) }], [_momentum, decay], [_nesterov], buffer.Device)
                : null;
            return new Part(buffer, _moments.Of(i).FirstOrDefault(), _moments.StepsOf(i), decay, factor, fused);
        })];
    }

    /// <inheritdoc/>
    public override string Name => "SGD";

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
        // As the fused kernel does: half precision is what is stored, not what is computed with.
        ScalarType type = part.Buffer.Dtype is ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        Tensor parameters = part.Buffer.Parameters.to(type), gradients = part.Buffer.Gradients.to(type);
        if (guard.Divisor is { } divisor)
            gradients = gradients / divisor;
        if (part.WeightDecay != 0)
            gradients = gradients + parameters * part.WeightDecay;
        if (part.Momentum is { } momentum)
        {
            Tensor next = momentum.to(type) * _momentum + gradients * (1 - _dampening);
            if (_dampening != 0)
                next = torch.where(part.Steps == 0, gradients, next);
            gradients = _nesterov ? gradients + next * _momentum : next;
            guard.Put(momentum, next);
        }

        guard.Put(part.Buffer.Parameters, parameters - gradients * rate);
        guard.Put(part.Steps, part.Steps + 1);
    }

    private sealed record Part(FlatBuffer Buffer, Tensor? Momentum, Tensor Steps, double WeightDecay, double LearningRateFactor, FusedCall? Fused);
}
