using System.Globalization;
using Microsoft.Extensions.Logging;
using MLOps.Registry;
using MLOps.Registry.Signatures;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// Logs a training to a run: what it was told as params, what it measures as metrics, its checkpoints as artifacts, and its model into the registry. <see cref="RunTrackingExtensions.Track"/>
/// adds one in a line.
/// </summary>
/// <remarks>
/// <para>
/// Metrics: <c>loss</c>, the mean of the step's batches, <c>learning_rate</c> and, where a callback has computed it, <c>gradient_norm</c> every <see cref="RunTrackingOptions.LossEvery"/> steps; <c>epoch</c>, those completed, at the end of each;
/// what callbacks report, under their names; and every <see cref="RunTrackingOptions.StatisticsInterval"/> <c>training/data_ms</c>, <c>training/forward_ms</c>, <c>training/backward_ms</c>,
/// <c>training/optimizer_ms</c> (means of the interval), <c>training/steps_per_second</c>, <c>training/working_set_mib</c> and <c>training/live_tensors</c>. The step of a point is the number of
/// optimizer steps taken by then. Use of CPU, GPU, disk and memory is the run's own: <see cref="RunOptions.SystemMetricsInterval"/>.
/// </para>
/// <para>
/// A training that goes on from a checkpoint logs to the run that it is given: the checkpoint's own (<see cref="Tracker.ResumeRunAsync"/>), or another, which gets its id as tag
/// <c>mlops.training.resumed_from</c>. Steps after the checkpoint that the killed process had taken are taken again: what they log is left out where the run has the same value of the metric at
/// the same step, so that an exact resume repeats nothing, and logged where it differs, with its later time, which makes it the one that counts. A param that has changed since the run began,
/// such as a greater length, keeps its value; the new one is tag <c>mlops.training.</c> and its key.
/// </para>
/// <para>
/// When training has completed or was stopped the run goes on, and whoever started it ends it. An interrupted or cancelled one ends its run Killed, a failed one Failed, within the time that
/// <see cref="Trainer.Interruption"/> gives, else <see cref="TrainerOptions.GracePeriod"/>; by then all that was logged is on the disk.
/// </para>
/// </remarks>
public sealed partial class RunTracking : TrainerCallback
{
    /// <summary>What is left of the time before a deadline for ending the run.</summary>
    private static readonly TimeSpan s_reserve = TimeSpan.FromSeconds(2);

    private readonly RunTrackingOptions _options;
    private readonly bool _uploads;
    private string? _savedRun;
    private (string Metric, MetricDirection Direction) _bestBy;
    private double? _best;
    private CheckpointUploads? _checkpoints;
    private IntervalStatistics? _statistics;
    private LoggedPoints? _logged;
    private Metric? _loss;
    private Metric? _rate;
    private int _lossEvery;
    private double _lossSum;
    private int _lossCount;
    private ModelSignature? _signature;

    /// <summary>Makes the callback.</summary>
    /// <param name="run">The run. It must not have ended when training begins.</param>
    /// <param name="options">What to log; null logs what the defaults say.</param>
    /// <exception cref="ArgumentException">An option is not legal.</exception>
    public RunTracking(Run run, RunTrackingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        _options = options ?? new();
        _options.Check(nameof(options));
        _uploads = _options.LogCheckpoints != LoggedCheckpoints.None;
        Run = run;
    }

    /// <summary>The run.</summary>
    public Run Run { get; }

    /// <summary>The version that the trained model was registered as; null before, or without <see cref="RunTrackingOptions.RegisterAs"/>.</summary>
    public ModelVersion? Version { get; private set; }

    /// <inheritdoc/>
    public override string? StateName => "run-tracking";

    /// <inheritdoc/>
    public override void SaveState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("run", Run.Id.Value);
    }

    /// <inheritdoc/>
    public override void LoadState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _savedRun = state.GetText("run");
    }

    /// <inheritdoc/>
    public override void OnStart(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        foreach ((string key, string value) in TrainingParams.Of(trainer))
            LogParam(key, value);
        if (_savedRun is { } saved && saved != Run.Id.Value)
            Run.SetTag("mlops.training.resumed_from", saved);
        _logged = trainer.Position.Step > 0 ? Wait(LoggedPoints.ReadAsync(Run, trainer.Position.Step, CancellationToken.None)) : null;

        (_loss, _rate) = (Run.Metric("loss"), Run.Metric("learning_rate"));
        _lossEvery = _options.LossEvery ?? (trainer.Model.Buffers[0].Device.type == DeviceType.CPU ? 1 : 10);
        (_lossSum, _lossCount) = (0, 0);
        _statistics = new(Run, trainer.Options.TimeProvider, _options.StatisticsInterval);
        if (_options.LogCheckpoints == LoggedCheckpoints.Best)
        {
            _bestBy = trainer.Callbacks.OfType<Checkpointing>().Select(checkpointing => checkpointing.Best).FirstOrDefault(best => best is not null)
                ?? throw new InvalidOperationException("To log the best checkpoint, give the trainer a Checkpointing with a BestMetric.");
        }

        if (_uploads)
            _checkpoints = new(_options.LogCheckpoints == LoggedCheckpoints.All, LogAsync, trainer.Options.Logger);

        // Now rather than at the end: an example that the model does not take should not cost a training.
        if (_options is { RegisterAs: not null, Example: { } example })
            _signature = TorchModel.InferSignature(trainer.Model.Module, example);
    }

    /// <inheritdoc/>
    public override void OnBackward(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if ((step.Step + 1) % _lossEvery == 0)
            (_lossSum, _lossCount) = (_lossSum + step.LossValue, _lossCount + 1);
    }

    /// <inheritdoc/>
    public override void OnStep(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        Trainer trainer = step.Trainer;
        long taken = trainer.Position.Step;
        if (_logged?.EndsBefore(taken) == true)
            _logged = null;
        if (_lossCount > 0)
        {
            Log(_loss!, _lossSum / _lossCount, taken);
            Log(_rate!, trainer.Optimizer.LearningRate, taken);
            if (step.Gradients.Norm is { } norm)
                Log(Run.Metric("gradient_norm"), norm.to(ScalarType.Float64).item<double>(), taken);
            (_lossSum, _lossCount) = (0, 0);
        }

        _statistics!.Add(step.Times, taken);
    }

    /// <inheritdoc/>
    public override void OnEpoch(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        Log(Run.Metric("epoch"), trainer.Position.Epoch, trainer.Position.Step);
    }

    /// <inheritdoc/>
    public override void OnMetrics(Trainer trainer, IReadOnlyDictionary<string, double> metrics)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(metrics);
        foreach ((string key, double value) in metrics)
            Log(Run.Metric(key), value, trainer.Position.Step);
    }

    /// <inheritdoc/>
    public override void OnCheckpoint(Trainer trainer, Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (_uploads && (_options.LogCheckpoints != LoggedCheckpoints.Best || IsBest(checkpoint)))
            _checkpoints!.Add(checkpoint);
    }

    /// <inheritdoc/>
    public override void OnClose(Trainer trainer, TrainingOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(outcome);
        _statistics!.Log(trainer.Position.Step);
        if (outcome is TrainingOutcome.Completed or TrainingOutcome.Stopped)
            Wait(FinishAsync(trainer, outcome));
        else
            Wait(EndAsync(trainer, outcome));
    }

    private async Task<bool> FinishAsync(Trainer trainer, TrainingOutcome outcome)
    {
        Run.SetTag("mlops.training.outcome", outcome is TrainingOutcome.Stopped stopped ? Shorten($"stopped: {stopped.Reason}") : "completed");
        if (_checkpoints is not null)
            await _checkpoints.FinishAsync(CancellationToken.None).ConfigureAwait(false);
        if (_options is { RegisterAs: { } name, Registry: { } registry })
        {
            ArtifactPath path = await FreePathAsync(outcome.Position.Step).ConfigureAwait(false);
            using (_options.Within?.Invoke())
                await TorchModel.LogAsync(Run, trainer.Model.Module, _signature, path, trainer.Options.TimeProvider).ConfigureAwait(false);
            Version = await registry.RegisterAsync(name, ModelContent.FromRun(Run.Id, path), new RegisterOptions { Signature = _signature }).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Ends the run within the time there is: first what is cheap and must not be lost, then what may take long, then the end.</summary>
    private async Task<bool> EndAsync(Trainer trainer, TrainingOutcome outcome)
    {
        TimeProvider time = trainer.Options.TimeProvider;
        DateTimeOffset deadline = trainer.Interruption?.Deadline ?? time.GetUtcNow() + trainer.Options.GracePeriod;
        (RunStatus status, string what) = outcome switch
        {
            TrainingOutcome.Failed => (RunStatus.Failed, "failed"),
            TrainingOutcome.Interrupted => (RunStatus.Killed, "interrupted"),
            _ => (RunStatus.Killed, "cancelled"),
        };
        if (!Run.HasEnded)
        {
            Run.SetTag("mlops.training.outcome", what);
            if (outcome is TrainingOutcome.Failed failed)
                Run.SetTag(WellKnownTags.Exception, Shorten($"{failed.Exception.GetType().FullName}: {failed.Exception.Message}"));
            if (outcome is TrainingOutcome.Interrupted interrupted)
                Run.SetTag(WellKnownTags.Interrupted, interrupted.Cause.Cause.ToString());
        }

        await Run.FlushAsync(Durability.Disk, CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (_checkpoints is not null)
            {
                using CancellationTokenSource uploading = new(Positive(deadline - time.GetUtcNow() - s_reserve), time);
                await _checkpoints.FinishAsync(uploading.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            LogNoTime(trainer.Options.Logger, Run.Id);
        }
        finally
        {
            using CancellationTokenSource ending = new(Positive(deadline - time.GetUtcNow()), time);
            try
            {
                await Run.EndAsync(status, ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The end itself is written; what the run does in its background was given up, and its log waits beside the journal.
                LogNoTime(trainer.Options.Logger, Run.Id);
            }

            await Run.FlushAsync(Durability.Disk, CancellationToken.None).ConfigureAwait(false);
        }

        return true;
    }

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    private void LogParam(string key, string value)
    {
        try
        {
            Run.LogParam(key, value);
        }
        catch (ParamChangedException)
        {
            // The run began with another value, which stays; a longer training, another machine.
            Run.SetTag($"mlops.training.{key}", value);
        }
    }

    private void Log(Metric metric, double value, long step)
    {
        if (_logged?.Contains(metric.Key, step, value) != true)
            metric.Log(value, step);
    }

    /// <summary>Whether no checkpoint of this process had a better value; one at whose step nothing was measured is never the best.</summary>
    private bool IsBest(Checkpoint checkpoint)
    {
        if (!checkpoint.Metrics.TryGetValue(_bestBy.Metric, out double value) || !Retention.IsBetter(value, _best, _bestBy.Direction))
            return false;
        _best = value;
        return true;
    }

    /// <summary>Uploads a checkpoint; unless all are kept, the ones before go when it is whole.</summary>
    private async Task LogAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        // One that a process before this one logged may be better.
        if (_options.LogCheckpoints == LoggedCheckpoints.Best
            && !Retention.IsBetter(checkpoint.Metrics[_bestBy.Metric], await CheckpointArtifacts.FindBestAsync(Run, _bestBy.Metric, _bestBy.Direction, cancellationToken).ConfigureAwait(false), _bestBy.Direction))
            return;
        await CheckpointArtifacts.LogAsync(Run, checkpoint, cancellationToken).ConfigureAwait(false);
        if (_options.LogCheckpoints != LoggedCheckpoints.All)
            await CheckpointArtifacts.DeleteOthersAsync(Run, checkpoint, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where the model goes: the artifacts of a version that was registered before are that version's.</summary>
    private async Task<ArtifactPath> FreePathAsync(long step)
    {
        IReadOnlyList<ArtifactFile> files = await Run.Tracker.ArtifactStores.Open(new Uri(Run.ArtifactLocation)).ListAsync().ConfigureAwait(false);
        string path = "model";
        for (int i = 1; files.Any(file => file.Path.Value.StartsWith(path + '/', StringComparison.Ordinal)); i++)
            path = string.Create(CultureInfo.InvariantCulture, $"model-{step}{(i == 1 ? "" : $"-{i}")}");
        return path;
    }

    private static string Shorten(string text) => text.Length <= Limits.TagValueLength ? text : text[..Limits.TagValueLength];

    // The training's thread has nothing else to do.
    private static T Wait<T>(Task<T> work) => work.GetAwaiter().GetResult();

    [LoggerMessage(4310, LogLevel.Warning, "Run {Run} ended before all of its artifacts were uploaded: the process has no more time")]
    private static partial void LogNoTime(ILogger logger, RunId run);
}
