using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using MLOps.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// Trains a model: takes a batch, calls your loss function, runs the backward pass and lets the optimizer step, again and again. It owns that step and nothing else; schedules, clipping,
/// evaluation, checkpoints, tracking and progress are callbacks that you give to <see cref="Use"/>.
/// </summary>
/// <typeparam name="TBatch">What the data source gives.</typeparam>
/// <remarks>
/// A training runs on a thread of its own; model, optimizer and callbacks must not be used elsewhere meanwhile. A trainer can be run again after it has returned: with a greater length
/// it goes on as one longer training would have. A step that fails before its optimizer is taken back, the position with it, so that the same batch comes again; what the forward pass itself
/// has changed, as the running statistics of a BatchNorm, is not.
/// </remarks>
public sealed partial class Trainer<TBatch> : Trainer
{
    private readonly IBatchSource<TBatch> _data;
    private readonly Func<TBatch, Tensor> _loss;
    private readonly Lock _reading = new();
    private TrainerCallback[] _running = [];
    private bool _isWithinStep;

    /// <summary>Makes a trainer.</summary>
    /// <param name="model">The model, its parameters in flat buffers. The trainer does not dispose it.</param>
    /// <param name="optimizer">An optimizer of the same model. The trainer does not dispose it.</param>
    /// <param name="data">The batches.</param>
    /// <param name="loss">The loss of a batch: a tensor of one element with a gradient function. Called in training mode with gradients on, inside a dispose scope that ends with the step.</param>
    /// <param name="options">The rest.</param>
    /// <exception cref="ArgumentException">The optimizer is of another model.</exception>
    public Trainer(FlatModel model, ModelOptimizer optimizer, IBatchSource<TBatch> data, Func<TBatch, Tensor> loss, TrainerOptions? options = null)
        : base(model, optimizer, options ?? new())
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(loss);
        (_data, _loss) = (data, loss);
    }

    /// <inheritdoc/>
    public override long? BatchesPerEpoch => _data.BatchesPerEpoch;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> DataDescription => _data.Description;

    /// <summary>Adds a duty. Callbacks are called in the order in which they were added: scaling before clipping, evaluation before what judges it, checkpoints last.</summary>
    /// <returns>This trainer.</returns>
    /// <exception cref="ArgumentException">The callback is there already, or another keeps its state under the same name.</exception>
    /// <exception cref="InvalidOperationException">The training runs.</exception>
    public Trainer<TBatch> Use(TrainerCallback callback)
    {
        Add(callback);
        return this;
    }

    /// <summary>Trains until the length is reached, a callback stops it, the token is cancelled or the process is about to be stopped. What is due is done first: the step that is being taken ends.</summary>
    /// <param name="length">How long in all, what was done before a resume included.</param>
    /// <param name="cancellationToken">Ends the training after the step that is being taken.</param>
    /// <returns><see cref="TrainingOutcome.Completed"/>, <see cref="TrainingOutcome.Stopped"/> or <see cref="TrainingOutcome.Interrupted"/>.</returns>
    /// <remarks>
    /// Where several reasons to end meet, an interruption comes before a cancellation, that before the length, and the length before a callback's wish: callbacks may have cut their work short
    /// for the first two, and what they left is done when the training is run again.
    /// </remarks>
    /// <exception cref="OperationCanceledException">The token was cancelled; the callbacks have been told.</exception>
    /// <exception cref="BatchFailedException">The data source or the loss function threw.</exception>
    /// <exception cref="NoDataException">An epoch has no batch.</exception>
    /// <exception cref="LossException">The loss is not one number, or has no gradient function.</exception>
    /// <exception cref="AggregateException">Besides what ended the training a callback threw when it was told of the end: all exceptions, that which ended it first.</exception>
    /// <exception cref="ArgumentException">The length is the default.</exception>
    /// <exception cref="InvalidOperationException">It runs already, or the optimizer threw within its last step and no state has been loaded since.</exception>
    public async Task<TrainingOutcome> RunAsync(TrainingLength length, CancellationToken cancellationToken = default)
    {
        CheckLength(length);
        if (Options.Notices is { } given)
            return await RunWithNoticesAsync(length, () => given.Current, given.Token, cancellationToken).ConfigureAwait(false);
        if (!Options.HoldSignals)
            return await RunWithNoticesAsync(length, static () => null, CancellationToken.None, cancellationToken).ConfigureAwait(false);

        InterruptionNotices own = InterruptionNotices.Start(new() { GracePeriod = Options.GracePeriod, TimeProvider = Options.TimeProvider });
        await using (own.ConfigureAwait(false))
            return await RunWithNoticesAsync(length, () => own.Current, own.Token, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Trains, with notices from anywhere.</summary>
    /// <param name="length">As above.</param>
    /// <param name="notice">The notice, once there is one.</param>
    /// <param name="noticed">Cancelled after <paramref name="notice"/> has one.</param>
    /// <param name="cancellationToken">As above.</param>
    internal async Task<TrainingOutcome> RunWithNoticesAsync(TrainingLength length, Func<InterruptionNotice?> notice, CancellationToken noticed, CancellationToken cancellationToken)
    {
        CheckLength(length);
        BeginRun(length);
        try
        {
            // A thread of its own: dispose scopes, autocast and gradient mode belong to a thread, so a step must not move between threads.
            return await Task.Factory.StartNew(
                () => Run(notice, noticed, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            EndRun();
        }
    }

    private static void CheckLength(TrainingLength length)
    {
        if (length == default)
            throw new ArgumentException("Say how long to train: TrainingLength.Steps or TrainingLength.Epochs.", nameof(length));
    }

    private TrainingOutcome Run(Func<InterruptionNotice?> notice, CancellationToken noticed, CancellationToken cancelled)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancelled, noticed);
        List<Exception> errors = [];
        int started = 0;
        TrainingOutcome outcome;
        (Ending, _running) = (ending.Token, [.. Callbacks]);
        LogBegan(Options.Logger, Position.Step, Position.Epoch);
        try
        {
            Model.Verify();
            Model.Module.train();
            StartCallbacks(_running, ref started);
            outcome = RunEpochs(notice, cancelled);
        }
#pragma warning disable CA1031 // Whatever ended the training, the callbacks are told before it is thrown on.
        catch (Exception error)
        {
            errors.Add(error);
            outcome = new TrainingOutcome.Failed(Position, error);
        }

        for (int i = 0; i < started; i++)
            Tell(_running[i].OnEnd, outcome);
        TrainingOutcome end = errors.Count == 0 || outcome is TrainingOutcome.Failed ? outcome : new TrainingOutcome.Failed(Position, errors[0]);
        for (int i = 0; i < started; i++)
            Tell(_running[i].OnClose, end);

        void Tell(Action<Trainer, TrainingOutcome> callback, TrainingOutcome what)
        {
            try
            {
                callback(this, what);
            }
            catch (Exception error)
            {
                errors.Add(error);
            }
        }
#pragma warning restore CA1031

        // What is asked of the token after the run is answered without its source.
        Ending = new(Ending.IsCancellationRequested);
        LogEnded(Options.Logger, outcome.GetType().Name, Position.Step, Position.Epoch);
        if (errors.Count == 1)
            ExceptionDispatchInfo.Throw(errors[0]);
        if (errors.Count > 1)
            throw new AggregateException("The training failed, and so did what its callbacks do at the end.", errors);
        if (outcome is TrainingOutcome.Cancelled)
            throw new OperationCanceledException($"The training was cancelled after step {Position.Step}.", cancelled);
        return outcome;
    }

    private TrainingOutcome RunEpochs(Func<InterruptionNotice?> notice, CancellationToken cancelled)
    {
        using CancellationTokenSource reading = new();
        // Data that nobody will use need not be waited for; but a step that takes several batches has them all.
        using CancellationTokenRegistration ending = Ending.UnsafeRegister(_ =>
        {
            lock (_reading)
            {
                if (_isWithinStep)
                    return;
            }

            reading.Cancel();
        }, null);

        TrainingStep step = new(this);
        while (true)
        {
            // Within an epoch it takes the data to say whether its end, where callbacks are due, has been reached.
            if (Position.Batch == 0 && FindEnd(notice, cancelled) is { } before)
                return before;
            using BatchReader<TBatch> reader = new(_data, Position.Epoch, Position.Batch, reading.Token);
            bool hasBatch = reader.MoveNext(Position.Step);
            if (!hasBatch && reader.IsExhausted && Position.Batch == 0)
                throw new NoDataException(Position.Epoch);
            while (hasBatch)
            {
                if (FindEnd(notice, cancelled) is { } end)
                    return end;
                Take(step, reader, reading);
                if (reader.IsLast)
                    break;
                // What the next batch costs, or throws, is no matter of a training that is over.
                if (FindEnd(notice, cancelled) is { } over)
                    return over;
                hasBatch = reader.MoveNext(Position.Step);
            }

            if (!reader.IsExhausted)
                return FindEnd(notice, cancelled) ?? throw new InvalidOperationException("The reading of data ended, and neither the source nor a cancellation ended it.");

            Position = Position with { Epoch = Position.Epoch + 1, Batch = 0 };
            Model.Verify();
            foreach (TrainerCallback callback in _running)
                callback.OnEpoch(this);
        }
    }

    private TrainingOutcome? FindEnd(Func<InterruptionNotice?> notice, CancellationToken cancelled)
    {
        if (notice() is { } cause)
        {
            Interruption = cause;
            return new TrainingOutcome.Interrupted(Position, cause);
        }

        if (cancelled.IsCancellationRequested)
            return new TrainingOutcome.Cancelled(Position);
        if (Length.IsReachedBy(Position))
            return new TrainingOutcome.Completed(Position);
        return StopReason is { } reason ? new TrainingOutcome.Stopped(Position, reason) : null;
    }

    /// <summary>One step: a batch, or as many as callbacks put the optimizer off for.</summary>
    private void Take(TrainingStep step, BatchReader<TBatch> reader, CancellationTokenSource reading)
    {
        TrainingPosition before = Position;
        bool hasOptimizerBegun = false;
        lock (_reading)
            _isWithinStep = true;
        IsBetweenSteps = false;
        step.BeginStep(before.Step);
        try
        {
            do
            {
                TakeBatch(step, reader, ref hasOptimizerBegun);
            }
            while (step.IsDeferred && reader.MoveNext(before.Step));

            // The source ended amid the step.
            if (step.IsDeferred)
                TakeBack(before);
        }
        catch (Exception error) when (!hasOptimizerBegun)
        {
            try
            {
                TakeBack(before);
            }
            catch (Exception second)
            {
                throw new AggregateException("A step failed, and so did taking it back.", error, second);
            }

            throw;
        }
        finally
        {
            step.EndStep();
            lock (_reading)
                _isWithinStep = false;
        }

        if (Ending.IsCancellationRequested)
            reading.Cancel();
    }

    private void TakeBack(TrainingPosition before)
    {
        Position = before;
        using (NewDisposeScope())
            Optimizer.ZeroGradients();
        IsBetweenSteps = true;
    }

    /// <summary>One batch: forward, backward and, unless a callback puts it off, the optimizer.</summary>
    private void TakeBatch(TrainingStep step, BatchReader<TBatch> reader, ref bool hasOptimizerBegun)
    {
        TBatch batch = reader.Current;
        object? data = batch;
        try
        {
            using DisposeScope scope = NewDisposeScope();
            step.BeginBatch(Position.Epoch, Position.Batch, data);
            if (Options.SeedEachBatch)
                BatchSeed.Apply(Options.Seed, Position.TotalBatches);
            foreach (TrainerCallback callback in _running)
                callback.OnBatch(step);

            long begin = Stopwatch.GetTimestamp();
            step.SetLoss(ComputeLoss(batch, step));
            long forward = Stopwatch.GetTimestamp();
            foreach (TrainerCallback callback in _running)
                callback.OnLoss(step);
            step.Loss.backward();
            long backward = Stopwatch.GetTimestamp();

            step.IsLastOfEpoch = reader.IsLast;
            foreach (TrainerCallback callback in _running)
                callback.OnBackward(step);
            if (!step.IsDeferred)
            {
                hasOptimizerBegun = true;
                Optimizer.Step(step.Gradients);
                Optimizer.ZeroGradients();
            }

            Position = new(Position.Step + (step.IsDeferred ? 0 : 1), Position.Epoch, Position.Batch + 1, Position.TotalBatches + 1);
            long end = Stopwatch.GetTimestamp();
            step.AddTimes(new(reader.Waited, Stopwatch.GetElapsedTime(begin, forward), Stopwatch.GetElapsedTime(forward, backward), Stopwatch.GetElapsedTime(backward, end)));
            if (!step.IsDeferred)
            {
                IsBetweenSteps = true;
                foreach (TrainerCallback callback in _running)
                    callback.OnStep(step);
            }
        }
        finally
        {
            BatchDisposal.Dispose(data);
        }
    }

    private Tensor ComputeLoss(TBatch batch, TrainingStep step)
    {
        Tensor loss;
        try
        {
            loss = _loss(batch);
        }
        catch (Exception error) when (error is not MLOps.Tracking.MLOpsException)
        {
            throw new BatchFailedException(step.Epoch, step.Batch, step.Step, "The loss function threw", error);
        }

        if (loss is null)
            throw new LossException("The loss function returned null.", step.Step);
        if (loss.IsInvalid)
            throw new LossException("The loss function returned a tensor that is disposed: where it opens a dispose scope, let the loss out by MoveToOuterDisposeScope.", step.Step);
        if (loss.numel() != 1)
            throw new LossException($"The loss has the shape [{string.Join(", ", loss.shape)}], where one number is needed: reduce it, by .mean() for one.", step.Step);
        if (!loss.requires_grad)
            throw new LossException($"The loss, a {loss.dtype}, has no gradient function: it was computed under no_grad, detached, made of whole numbers, or from no parameter that requires a gradient.", step.Step);
        return loss;
    }

    [LoggerMessage(4000, LogLevel.Debug, "Training began at step {Step}, epoch {Epoch}")]
    private static partial void LogBegan(ILogger logger, long step, int epoch);

    [LoggerMessage(4001, LogLevel.Debug, "Training ended: {Outcome} at step {Step}, epoch {Epoch}")]
    private static partial void LogEnded(ILogger logger, string outcome, long step, int epoch);
}
