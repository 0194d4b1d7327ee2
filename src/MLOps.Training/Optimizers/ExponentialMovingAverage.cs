using System.Globalization;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// Averages of the parameters over the steps, which often predict better than the last parameters do: a ← a + (1 − d)(θ − a) after each step, with the decay d. They begin as the parameters are
/// when this is made.
/// </summary>
/// <remarks>
/// <para>One operation for each buffer. Averages of float16 and bfloat16 parameters are float32, in which small changes are not lost. The module's buffers (the running statistics of batch
/// normalisation) and frozen parameters are not averaged. A step that was skipped counts as a step that changed nothing.</para>
/// <para>A checkpoint keeps it under <c>ema</c>: <c>average.</c> with the parameter's name. Source: Polyak, Juditsky (1992), Acceleration of stochastic approximation by averaging; warm-up as in
/// <c>tf.train.ExponentialMovingAverage</c>. Not safe for several threads.</para>
/// </remarks>
public sealed class ExponentialMovingAverage : TrainerCallback, IDisposable
{
    private readonly FlatModel _model;
    private readonly Tensor[] _averages;
    private readonly Tensor[] _weights;
    private readonly Dictionary<string, Tensor> _views = new(StringComparer.Ordinal);
    private bool _isSwapped;

    /// <summary>Makes the averages, equal to the parameters.</summary>
    /// <param name="model">The model that is trained. It is not disposed with this.</param>
    /// <param name="decay">d, at least 0 and less than 1; 0.999 by default: about the last thousand steps count.</param>
    /// <param name="warmUp">Whether the decay is min(d, (1 + n) / (10 + n)) at the step after n, so that the first parameters are forgotten soon; false by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is out of its range.</exception>
    public ExponentialMovingAverage(FlatModel model, double decay = 0.999, bool warmUp = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ParameterGroupOptions.ThrowIfNoFraction(decay, nameof(decay));
        (_model, Decay, IsWarmingUp) = (model, decay, warmUp);
        using IDisposable noGrad = no_grad();
        _averages = [.. model.Buffers.Select(buffer => buffer.Parameters.to(TypeOf(buffer), copy: true).DetachFromDisposeScope())];
        _weights = [.. model.Buffers.Select(buffer => zeros([], TypeOf(buffer), buffer.Device).DetachFromDisposeScope())];
        foreach ((FlatBuffer buffer, Tensor average) in model.Buffers.Zip(_averages))
        {
            foreach (FlatParameter entry in buffer.Entries)
                _views.Add("average." + entry.Name, entry.ViewOf(average).DetachFromDisposeScope());
        }
    }

    /// <summary>The decay d.</summary>
    public double Decay { get; }

    /// <summary>Whether the decay is smaller in the first steps.</summary>
    public bool IsWarmingUp { get; }

    /// <summary>How many steps have gone into the averages.</summary>
    public long Updates { get; private set; }

    /// <inheritdoc/>
    public override string? StateName => "ema";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["decay"] = Decay.ToString("R", CultureInfo.InvariantCulture),
        ["warm_up"] = IsWarmingUp ? "true" : "false",
    };

    /// <summary>Takes the parameters into the averages; a trainer calls it after each step.</summary>
    /// <exception cref="InvalidOperationException">The averages are in the model.</exception>
    public void Update()
    {
        ThrowIfSwapped();
        double decay = IsWarmingUp ? Math.Min(Decay, (1.0 + Updates) / (10.0 + Updates)) : Decay;
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        for (int i = 0; i < _averages.Length; i++)
            _averages[i].lerp_(_model.Buffers[i].Parameters.to(_averages[i].dtype), _weights[i].fill_(1 - decay));
        Updates++;
    }

    /// <summary>Puts the averages into the model, and the parameters aside until the result is disposed: <c>using (ema.Swap()) Evaluate();</c> Not within a step.</summary>
    /// <exception cref="InvalidOperationException">They are in the model already.</exception>
    public IDisposable Swap()
    {
        ThrowIfSwapped();
        using IDisposable noGrad = no_grad();
        Tensor[] aside = [.. _model.Buffers.Select(buffer => buffer.Parameters.clone().DetachFromDisposeScope())];
        for (int i = 0; i < aside.Length; i++)
            _model.Buffers[i].Parameters.copy_(_averages[i]);
        _isSwapped = true;
        return new Exchange(this, aside);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The trainer trains another model.</exception>
    public override void OnStart(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ThrowIfSwapped();
        if (trainer.Model != _model)
            throw new InvalidOperationException("The averages are of another model than the trainer's: make them of the same FlatModel.");
    }

    /// <inheritdoc/>
    public override void OnStep(TrainingStep step) => Update();

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The averages are in the model, so that the model's own state is not what it trains.</exception>
    public override void SaveState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        ThrowIfSwapped();
        state.Set("decay", Decay);
        state.Set("warm-up", IsWarmingUp ? 1 : 0);
        state.Set("updates", Updates);
        foreach ((string name, Tensor view) in _views)
            state.Set(name, view);
    }

    /// <inheritdoc/>
    /// <exception cref="CheckpointMismatchException">It was kept for other parameters, or with another decay. Nothing has been changed then.</exception>
    public override void LoadState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        ThrowIfSwapped();
        double decay = state.GetDouble("decay");
        bool warmUp = state.GetInt64("warm-up") != 0;
        if (decay != Decay || warmUp != IsWarmingUp)
            throw new CheckpointMismatchException(state.Name, $"the decay was {Text(decay, warmUp)} and is {Text(Decay, IsWarmingUp)}. To change it on purpose, leave the part '{state.Name}' out of what Trainer.LoadState is given.");
        LoadReport.Compare(_views, state.Tensors).ThrowIfIncomplete(state.Name);
        long updates = state.GetInt64("updates");
        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor view) in _views)
            view.copy_(state.Tensors[name]);
        Updates = updates;

        static string Text(double decay, bool warmUp) => decay.ToString("R", CultureInfo.InvariantCulture) + (warmUp ? " with warm-up" : " without warm-up");
    }

    /// <summary>Frees the averages.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in _views.Values.Concat(_averages).Concat(_weights))
            tensor.Dispose();
    }

    private static ScalarType TypeOf(FlatBuffer buffer) => buffer.Dtype is ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    private void ThrowIfSwapped()
    {
        if (_isSwapped)
            throw new InvalidOperationException("The averages are in the model: dispose what Swap returned first.");
    }

    private sealed class Exchange(ExponentialMovingAverage owner, Tensor[] aside) : IDisposable
    {
        private Tensor[]? _aside = aside;

        public void Dispose()
        {
            if (_aside is null)
                return;
            using IDisposable noGrad = no_grad();
            for (int i = 0; i < _aside.Length; i++)
            {
                owner._model.Buffers[i].Parameters.copy_(_aside[i]);
                _aside[i].Dispose();
            }

            _aside = null;
            owner._isSwapped = false;
        }
    }
}
