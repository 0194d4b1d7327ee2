using System.Diagnostics;
using System.Runtime.ExceptionServices;
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
/// A training runs on a thread of its own; model, optimizer and callbacks must not be used elsewhere meanwhile. A trainer can be run again with a greater length after it has returned.
/// </remarks>
public sealed class Trainer<TBatch> : Trainer
{
    private readonly IBatchSource<TBatch> _data;
    private readonly Func<TBatch, Tensor> _loss;

    /// <summary>Makes a trainer.</summary>
    /// <param name="model">The model, its parameters in flat buffers. The trainer does not dispose it.</param>
    /// <param name="optimizer">An optimizer of the same model. The trainer does not dispose it.</param>
    /// <param name="data">The batches.</param>
    /// <param name="loss">The loss of a batch: a tensor of one element with a gradient function. Called in training mode with gradients on, inside a dispose scope that ends with the step.</param>
    /// <param name="options">The rest.</param>
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
    /// <exception cref="ArgumentException">Another callback keeps its state under the same name.</exception>
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
    /// <exception cref="OperationCanceledException">The token was cancelled; the callbacks have been told.</exception>
    /// <exception cref="BatchFailedException">The data source or the loss function threw.</exception>
    /// <exception cref="NoDataException">An epoch has no batch.</exception>
    /// <exception cref="LossException">The loss is not one number, or has no gradient function.</exception>
    /// <exception cref="InvalidOperationException">It runs already, or the length is the default.</exception>
    public async Task<TrainingOutcome> RunAsync(TrainingLength length, CancellationToken cancellationToken = default)
    {
        if (length == default)
            throw new ArgumentException("Say how long to train: TrainingLength.Steps or TrainingLength.Epochs.", nameof(length));
        if (IsRunning)
            throw new InvalidOperationException("The training runs already.");

        InterruptionNotices? own = Options.Notices is null && Options.HoldSignals
            ? InterruptionNotices.Start(new() { GracePeriod = Options.GracePeriod, TimeProvider = Options.TimeProvider })
            : null;
        (IsRunning, Length, StopReason, Interruption) = (true, length, null, null);
        try
        {
            // A thread of its own: dispose scopes, autocast and gradient mode belong to a thread, so a step must not move between threads.
            return await Task.Factory.StartNew(
                () => Run(Options.Notices ?? own, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            if (own is not null)
                await own.DisposeAsync().ConfigureAwait(false);
            (IsRunning, IsBetweenSteps) = (false, true);
        }
    }

    private TrainingOutcome Run(InterruptionNotices? notices, CancellationToken cancellationToken)
    {
        List<Exception> errors = [];
        int started = 0;
        TrainingOutcome outcome;
        try
        {
            using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, notices?.Token ?? CancellationToken.None);
            Model.Verify();
            Model.Module.train();
            for (; started < Callbacks.Count; started++)
                Callbacks[started].OnStart(this);
            outcome = RunEpochs(notices, stopping.Token, cancellationToken);
        }
#pragma warning disable CA1031 // Whatever ended the training, the callbacks are told before it is thrown on.
        catch (Exception error)
        {
            errors.Add(error);
            outcome = new TrainingOutcome.Failed(Position, error);
        }

        for (int i = 0; i < started; i++)
            Tell(Callbacks[i].OnEnd, outcome);
        TrainingOutcome end = errors.Count == 0 || outcome is TrainingOutcome.Failed ? outcome : new TrainingOutcome.Failed(Position, errors[0]);
        for (int i = 0; i < started; i++)
            Tell(Callbacks[i].OnClose, end);

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

        if (errors.Count == 1)
            ExceptionDispatchInfo.Throw(errors[0]);
        if (errors.Count > 1)
            throw new AggregateException("The training failed, and so did what its callbacks do at the end.", errors);
        if (outcome is TrainingOutcome.Cancelled)
            throw new OperationCanceledException($"The training was cancelled after step {Position.Step}.", cancellationToken);
        return outcome;
    }

    private TrainingOutcome RunEpochs(InterruptionNotices? notices, CancellationToken stopping, CancellationToken cancelled)
    {
        TrainingStep step = new(this);
        while (true)
        {
            using BatchReader<TBatch> reader = new(_data, Position.Epoch, Position.Batch, stopping);
            if (!reader.MoveNext() && Position.Batch == 0 && !stopping.IsCancellationRequested)
                throw new NoDataException(Position.Epoch);

            while (reader.HasCurrent)
            {
                if (Length.IsReachedBy(Position))
                    return new TrainingOutcome.Completed(Position);
                if (FindEnd(notices, cancelled) is { } end)
                    return end;

                do
                {
                    Take(step, reader);
                }
                while (step.IsDeferred);
            }

            // Ended before the epoch was: its end is not here.
            if (FindEnd(notices, cancelled) is { } early && !reader.IsExhausted)
                return early;

            Position = Position with { Epoch = Position.Epoch + 1, Batch = 0 };
            Model.Verify();
            foreach (TrainerCallback callback in Callbacks)
                callback.OnEpoch(this);
            if (Length.IsReachedBy(Position))
                return new TrainingOutcome.Completed(Position);
            if (FindEnd(notices, cancelled) is { } late)
                return late;
        }
    }

    private TrainingOutcome? FindEnd(InterruptionNotices? notices, CancellationToken cancelled)
    {
        if (notices?.Current is { } notice)
        {
            Interruption = notice;
            return new TrainingOutcome.Interrupted(Position, notice);
        }

        if (cancelled.IsCancellationRequested)
            return new TrainingOutcome.Cancelled(Position);
        return StopReason is { } reason ? new TrainingOutcome.Stopped(Position, reason) : null;
    }

    /// <summary>One batch: forward, backward and, unless a callback puts it off, the optimizer.</summary>
    private void Take(TrainingStep step, BatchReader<TBatch> reader)
    {
        TBatch batch = reader.Current;
        try
        {
            using DisposeScope scope = NewDisposeScope();
            IsBetweenSteps = false;
            step.Begin(Position.Epoch, Position.Batch, batch);
            if (Options.SeedEachBatch)
                BatchSeed.Apply(Options.Seed, Position.TotalBatches);
            foreach (TrainerCallback callback in Callbacks)
                callback.OnBatch(step);

            long begin = Stopwatch.GetTimestamp();
            Tensor loss = ComputeLoss(batch, step);
            step.SetLoss(loss, loss.detach());
            long forward = Stopwatch.GetTimestamp();
            foreach (TrainerCallback callback in Callbacks)
                callback.OnLoss(step);
            step.Loss.backward();
            long backward = Stopwatch.GetTimestamp();

            step.IsLastOfEpoch = reader.IsLast;
            foreach (TrainerCallback callback in Callbacks)
                callback.OnBackward(step);
            Position = Position with { Batch = Position.Batch + 1, TotalBatches = Position.TotalBatches + 1 };
            if (!step.IsDeferred)
            {
                Optimizer.Step(step.Gradients);
                Optimizer.ZeroGradients();
                Position = Position with { Step = Position.Step + 1 };
            }

            long end = Stopwatch.GetTimestamp();
            step.Times = new(reader.Waited, Stopwatch.GetElapsedTime(begin, forward), Stopwatch.GetElapsedTime(forward, backward), Stopwatch.GetElapsedTime(backward, end));
            if (!step.IsDeferred)
            {
                IsBetweenSteps = true;
                foreach (TrainerCallback callback in Callbacks)
                    callback.OnStep(step);
            }

            step.End();
        }
        finally
        {
            BatchDisposal.Dispose(batch);
        }

        reader.MoveNext();
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
        if (loss.numel() != 1)
            throw new LossException($"The loss has the shape [{string.Join(", ", loss.shape)}], where one number is needed: reduce it, by .mean() for one.", step.Step);
        if (!loss.requires_grad)
            throw new LossException("The loss has no gradient function: it was computed under no_grad, detached, or from no parameter that requires a gradient.", step.Step);
        return loss;
    }
}
