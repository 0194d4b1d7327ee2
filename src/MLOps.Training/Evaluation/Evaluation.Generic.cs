using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Measures the model over held-out batches after every so many epochs or steps, and reports the results to all callbacks. <see cref="Evaluation"/> makes the usual ones.</summary>
/// <typeparam name="TBatch">What the data source gives.</typeparam>
/// <remarks>
/// <para>
/// Epoch 0 of the data is read, each time in the same order, with the model in evaluation mode and without gradients. The training goes on bitwise as if there had been no evaluation: each module gets
/// back its own mode and the CPU's generator its state, also when something throws. With <see cref="TrainerOptions.SeedEachBatch"/> the evaluation is seeded as batches are, so that it does not depend on what
/// came before; without it, an evaluation that draws random numbers on a GPU changes those of the training, as generators there can't be read.
/// </para>
/// <para>
/// When the training is to end (<see cref="Trainer.Ending"/>) the evaluation ends after the batch it is at, and reports nothing. It is then still due, also in a checkpoint: it is made when
/// the training is run again or resumed, before the first step, so that a metric is missing from no epoch.
/// </para>
/// <para>A step is evaluated once, also where the end of an epoch and a count of steps fall together. A training that ends amid an epoch is not evaluated at its end: call <see cref="Measure(nn.Module, CancellationToken)"/>.</para>
/// </remarks>
public sealed class Evaluation<TBatch> : TrainerCallback
{
    private readonly IBatchSource<TBatch> _data;
    private readonly IEvaluator<TBatch> _evaluator;
    private readonly string _prefix;
    private readonly int _everyEpochs;
    private readonly long _everySteps;
    private readonly Func<IDisposable>? _within;
    private long _evaluatedStep = -1;
    private bool _isDue;

    /// <summary>Evaluates with an evaluator.</summary>
    /// <param name="data">The held-out batches.</param>
    /// <param name="evaluator">What is measured.</param>
    /// <param name="prefix">What stands before the names of the results; may be empty. Default <c>val_</c>.</param>
    /// <param name="everyEpochs">After how many epochs; 0 for never. Default 1.</param>
    /// <param name="everySteps">After how many optimizer steps; 0, the default, for never.</param>
    /// <param name="within">Called before each evaluation; what it returns is disposed after it. Puts a moving average of the weights in place, for one: <c>ema.Swap</c>. Default null.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or both are 0.</exception>
    public Evaluation(IBatchSource<TBatch> data, IEvaluator<TBatch> evaluator, string prefix = "val_", int everyEpochs = 1, long everySteps = 0, Func<IDisposable>? within = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(evaluator);
        ArgumentNullException.ThrowIfNull(prefix);
        ArgumentOutOfRangeException.ThrowIfNegative(everyEpochs);
        ArgumentOutOfRangeException.ThrowIfNegative(everySteps);
        if (everyEpochs == 0 && everySteps == 0)
            throw new ArgumentOutOfRangeException(nameof(everyEpochs), everyEpochs, "An evaluation after no epoch and no step is never made: give a number of either.");
        (_data, _evaluator, _prefix, _everyEpochs, _everySteps, _within) = (data, evaluator, prefix, everyEpochs, everySteps, within);
        StateName = $"evaluation-{string.Concat(prefix.Select(letter => char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '-'))}".TrimEnd('-');
    }

    /// <summary><c>evaluation-</c> and the prefix, <c>evaluation-val</c>: two evaluations in one trainer need two prefixes.</summary>
    public override string StateName { get; }

    /// <inheritdoc/>
    public override void SaveState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("evaluated-step", _evaluatedStep);
        state.Set("is-due", _isDue ? 1 : 0);
    }

    /// <inheritdoc/>
    public override void LoadState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_evaluatedStep, _isDue) = (state.GetInt64("evaluated-step"), state.GetInt64("is-due") != 0);
    }

    /// <inheritdoc/>
    public override void OnStart(Trainer trainer)
    {
        if (_isDue)
            Evaluate(trainer);
    }

    /// <inheritdoc/>
    public override void OnStep(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (_everySteps > 0 && step.Trainer.Position.Step % _everySteps == 0)
            Evaluate(step.Trainer);
    }

    /// <inheritdoc/>
    public override void OnEpoch(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        if (_everyEpochs > 0 && trainer.Position.Epoch % _everyEpochs == 0 && trainer.Position.Step != _evaluatedStep)
            Evaluate(trainer);
    }

    /// <summary>Evaluates a module here and now: after a training, over a test set. Blocks this thread until it is done.</summary>
    /// <param name="module">The module that the predictions come from, put into evaluation mode meanwhile.</param>
    /// <param name="cancellationToken">Ends the evaluation after the batch it is at.</param>
    /// <returns>The results, by name, with the prefix.</returns>
    /// <exception cref="BatchFailedException">The data source or the evaluator threw.</exception>
    /// <exception cref="NoDataException">There is no batch.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyDictionary<string, double> Measure(nn.Module module, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(module);
        return Measure(module, default, null, cancellationToken) ?? throw new OperationCanceledException(cancellationToken);
    }

    private void Evaluate(Trainer trainer)
    {
        _isDue = true;
        long? seed = trainer.Options.SeedEachBatch ? trainer.Options.Seed : null;
        if (Measure(trainer.Model.Module, trainer.Position, seed, trainer.Ending) is not { } results)
            return;
        (_isDue, _evaluatedStep) = (false, trainer.Position.Step);
        trainer.Report(results);
    }

    /// <returns>Null when it was cut short.</returns>
    private Dictionary<string, double>? Measure(nn.Module module, TrainingPosition position, long? seed, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return null;

        List<(nn.Module Module, bool IsTraining)> modes = [.. module.modules().Prepend(module).Select(each => (each, each.training))];
        using Tensor generator = random.get_rng_state();
        try
        {
            using IDisposable? within = _within?.Invoke();
            using IDisposable noGrad = no_grad();
            module.eval();
            // No batch of a training has this position.
            if (seed is { } given)
                BatchSeed.Apply(given, -1);
            _evaluator.Reset();
            if (!AddAll(position, cancellationToken))
                return null;
            return _evaluator.GetResults().ToDictionary(result => _prefix + result.Key, result => result.Value, StringComparer.Ordinal);
        }
        finally
        {
            Restore(modes);
            random.set_rng_state(generator);
        }
    }

    /// <returns>Whether all batches were added.</returns>
    private bool AddAll(TrainingPosition position, CancellationToken cancellationToken)
    {
        using BatchReader<TBatch> reader = new(_data, 0, 0, cancellationToken);
        long batches = 0;
        for (; reader.MoveNext(position.Step); batches++)
        {
            TBatch batch = reader.Current;
            try
            {
                using DisposeScope scope = NewDisposeScope();
                _evaluator.Add(batch);
            }
            catch (Exception error) when (error is not Tracking.MLOpsException)
            {
                throw new BatchFailedException(position.Epoch, batches, position.Step, $"The evaluation '{_prefix}' threw", error);
            }
            finally
            {
                BatchDisposal.Dispose(batch);
            }

            if (cancellationToken.IsCancellationRequested && !reader.IsLast)
                return false;
        }

        if (!reader.IsExhausted)
            return false;
        if (batches == 0)
            throw new NoDataException(position.Epoch, $"The evaluation '{_prefix}' has no batch: its data source is empty, or holds fewer rows than one batch and drops the last.");
        return true;
    }

    /// <summary>Gives each module its mode. A mode goes down to the module's own: those that lie higher come first.</summary>
    private static void Restore(List<(nn.Module Module, bool IsTraining)> modes)
    {
        foreach ((nn.Module module, bool isTraining) in modes)
        {
            if (module.training != isTraining)
                module.train(isTraining);
        }
    }
}
