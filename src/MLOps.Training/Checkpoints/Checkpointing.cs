using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using MLOps.Tracking;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>
/// Takes checkpoints while a training runs. Between two steps the state is copied once, into memory that is used again; hashing and writing go on beside the training. Give it to the trainer after the
/// callbacks whose metrics and state it is to keep.
/// </summary>
/// <remarks>
/// The copy takes as much memory as the state has, on the host; twice that from the first time on that a checkpoint is due while the one before is being written. When both copies wait for the disk, the training
/// waits, too: see <see cref="Stalls"/>.
/// A training is not begun in a store that has checkpoints of later steps: what is there would be mixed with, and in time removed for, another training's. One object serves one trainer.
/// After an interruption what can't be written before the deadline is given up, and logged: the training still ends as interrupted. Its properties may be read from any thread.
/// </remarks>
public sealed partial class Checkpointing : TrainerCallback
{
    private const int Slots = 2;
    private readonly CheckpointStore _store;
    private readonly CheckpointingOptions _options;
    private readonly Lock _gate = new();
    private readonly List<Slot> _slots = [];
    private readonly Dictionary<string, Retention.Entry> _whole = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> _measured = new(StringComparer.Ordinal);
    private readonly Queue<Checkpoint> _written = new();
    private readonly Dictionary<string, string> _versions = new(StringComparer.Ordinal);
    private Action _giveUp = static () => { };
    private CancellationToken _givenUp;
    private ILogger? _logger;
    private Task _writing = Task.CompletedTask;
    private IDisposable? _lock;
    private Checkpoint? _latest;
    private Exception? _error;
    private TimeSpan _longest;
    private long _measuredAt = -1;
    private long _takenAt = -1;
    private double? _best;

    /// <summary>Makes one.</summary>
    /// <param name="store">Where checkpoints go.</param>
    /// <param name="options">When to take and which to keep; null for one after each epoch and the three newest.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number in the options is out of its range.</exception>
    public Checkpointing(CheckpointStore store, CheckpointingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.EverySteps ?? 1, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.EveryEpochs ?? 1, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.KeepLast, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.KeepEvery ?? 1, 1, nameof(options));
        if (options.BestMetric is not null && options.BestDirection is not (MetricDirection.Lower or MetricDirection.Higher))
            throw new ArgumentOutOfRangeException(nameof(options), options.BestDirection, "Say whether lower or higher values of the metric are better.");
        (_store, _options) = (store, options);
    }

    /// <summary>The newest checkpoint that is whole; null while there is none.</summary>
    public Checkpoint? Latest
    {
        get
        {
            lock (_gate)
                return _latest;
        }
    }

    /// <summary>How many checkpoints could not be written.</summary>
    public int Failures { get; private set; }

    /// <summary>How often the training has waited because two checkpoints were being written already.</summary>
    public int Stalls { get; private set; }

    /// <summary>How long it has waited so, in all.</summary>
    public TimeSpan StalledFor { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Settings
    {
        get
        {
            Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["keep_last"] = Text(_options.KeepLast) };
            if (_options.EverySteps is { } steps)
                settings["every_steps"] = Text(steps);
            if (EveryEpochs is { } epochs)
                settings["every_epochs"] = Text(epochs);
            if (_options.KeepEvery is { } every)
                settings["keep_every"] = Text(every);
            if (_options.BestMetric is { } metric)
                settings["best"] = $"{(_options.BestDirection == MetricDirection.Higher ? "highest" : "lowest")} {metric}";
            return settings;

            static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>What says which checkpoint is the best; null when nothing does.</summary>
    internal (string Metric, MetricDirection Direction)? Best => _options.BestMetric is { } metric ? (metric, _options.BestDirection) : null;

    private int? EveryEpochs => _options.EveryEpochs ?? (_options.EverySteps is null && _options.BestMetric is null ? 1 : null);

    /// <inheritdoc/>
    /// <exception cref="CheckpointException">Another training writes into the store, or it has checkpoints of later steps than this training's.</exception>
    public override void OnStart(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        _logger = trainer.Options.Logger;
        // Without a timer it holds nothing to dispose.
        CancellationTokenSource giveUp = new();
        (_giveUp, _givenUp) = (giveUp.Cancel, giveUp.Token);
        _lock = Wait(_store.BeginWritingAsync(CancellationToken.None).AsTask());
        try
        {
            IReadOnlyList<Checkpoint> there = Wait(_store.FindAsync());
            if (there.FirstOrDefault(checkpoint => checkpoint.Position.Step > trainer.Position.Step) is { } later)
            {
                throw new CheckpointException(
                    $"'{_store.Location}' has a checkpoint '{later.Name}', and this training begins after step {trainer.Position.Step}. Go on with it by trainer.ResumeAsync, give this training another place, or delete later checkpoints by CheckpointStore.DeleteAsync.",
                    later.Name);
            }

            lock (_gate)
            {
                _whole.Clear();
                foreach (Checkpoint checkpoint in there.Where(checkpoint => checkpoint.Damage is null))
                    _whole.Add(checkpoint.Name, EntryOf(checkpoint));
                _latest = there.FirstOrDefault(checkpoint => checkpoint.Damage is null);
                _best = Retention.FindBest(_whole.Values, _options.BestDirection)?.Metric;
                (_error, _longest) = (null, TimeSpan.Zero);
            }

            _takenAt = there.FirstOrDefault(checkpoint => checkpoint.Damage is null && checkpoint.Position.Step == trainer.Position.Step)?.Position.Step ?? -1;
            _measuredAt = -1;
            foreach ((string name, string version) in CheckpointVersions.Read())
                _versions[name] = version;
            // Now and not at the first checkpoint: memory that is there, and touched, is what makes the copy quick; and what can't be kept is found before hours have passed.
            using DisposeScope scope = NewDisposeScope();
            NewSlot().Image.Prepare(trainer.SaveState());
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void OnMetrics(Trainer trainer, IReadOnlyDictionary<string, double> metrics)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(metrics);
        if (_measuredAt != trainer.Position.Step)
            _measured.Clear();
        _measuredAt = trainer.Position.Step;
        foreach ((string name, double value) in metrics)
            _measured[name] = value;
    }

    /// <inheritdoc/>
    /// <exception cref="CheckpointException">A checkpoint could not be written and <see cref="CheckpointingOptions.StopOnError"/> is true.</exception>
    public override void OnStep(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        Trainer trainer = step.Trainer;
        Tell(trainer);
        // The end of an epoch comes at the same step, and with it what is measured there.
        if (!step.IsLastOfEpoch && IsDue(trainer))
            Take(trainer);
    }

    /// <inheritdoc/>
    /// <exception cref="CheckpointException">A checkpoint could not be written and <see cref="CheckpointingOptions.StopOnError"/> is true.</exception>
    public override void OnEpoch(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        Tell(trainer);
        if (IsDue(trainer) || (EveryEpochs is { } epochs && trainer.Position.Epoch % epochs == 0))
            Take(trainer);
    }

    /// <inheritdoc/>
    /// <exception cref="CheckpointException">The last checkpoint could not be written, neither at once nor when tried again, and the training was not interrupted.</exception>
    public override void OnEnd(Trainer trainer, TrainingOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(outcome);
        try
        {
            switch (outcome)
            {
                case TrainingOutcome.Failed:
                    // The state may be half a step's: what was taken before is what is kept.
                    Wait(_writing);
                    break;
                case TrainingOutcome.Interrupted interrupted:
                    EndBefore(trainer, interrupted.Cause.NoticedAt, interrupted.Cause.Deadline);
                    break;
                default:
                    if (_options.AtEnd)
                        Take(trainer);
                    Wait(_writing);
                    if (Error is not null)
                    {
                        // The last chance: what is full or away for a moment gets a second try.
                        _takenAt = -1;
                        Take(trainer);
                        Wait(_writing);
                    }

                    break;
            }
        }
        finally
        {
            Release();
        }

        Tell(trainer, isEnd: true);
        // A failure has its own exception; an interruption its exit code, by which a scheduler starts the program again: there the log has to do.
        if (outcome is not (TrainingOutcome.Failed or TrainingOutcome.Interrupted) && Error is { } error)
            throw new CheckpointException($"The last checkpoint could not be written: {error.Message} {(Latest is { } latest ? $"'{latest.Name}' is the newest that is whole." : "There is none.")} The model is still in memory: save it elsewhere, by ModelWeights.SaveSafetensors for one.", null, error);
    }

    private Exception? Error
    {
        get
        {
            lock (_gate)
                return _error;
        }
    }

    private bool IsDue(Trainer trainer)
    {
        if (_options.EverySteps is { } steps && trainer.Position.Step % steps == 0)
            return true;
        return _options.BestMetric is { } metric && _measuredAt == trainer.Position.Step && _measured.TryGetValue(metric, out double value) && Retention.IsBetter(value, _best, _options.BestDirection);
    }

    /// <summary>Copies the state and has the copy written, unless this step has been.</summary>
    private void Take(Trainer trainer)
    {
        long step = trainer.Position.Step;
        if (_takenAt == step || trainer.Position.TotalBatches == 0)
            return;
        Slot slot = GetFreeSlot();
        Dictionary<string, double> metrics = new(_measuredAt == step ? _measured : [], StringComparer.Ordinal);
        using (DisposeScope scope = NewDisposeScope())
            slot.Image.Take(trainer.SaveState());
        CheckpointManifest manifest = CheckpointManifest.Of(trainer, slot.Image, metrics, _versions, _options.RunId ?? trainer.Callbacks.OfType<RunTracking>().FirstOrDefault()?.Run.Id.Value);
        _takenAt = step;
        if (_options.BestMetric is { } metric && metrics.TryGetValue(metric, out double value) && Retention.IsBetter(value, _best, _options.BestDirection))
            _best = value;
        Task before = _writing;
        CancellationToken giveUp = _givenUp;
        _writing = slot.Writing = Task.Run(() => WriteAsync(before, slot.Image, manifest, giveUp), CancellationToken.None);
    }

    /// <summary>Writes a copy and removes what is no longer needed. Never throws: what went wrong is told on the training's thread.</summary>
    private async Task WriteAsync(Task before, CheckpointImage image, CheckpointManifest manifest, CancellationToken giveUp)
    {
        await before.ConfigureAwait(false);
        string name = CheckpointName.Of(manifest.Step);
        long begin = Stopwatch.GetTimestamp();
        try
        {
            Checkpoint checkpoint = new(_store, name, await _store.WriteAsync(name, image, manifest, giveUp).ConfigureAwait(false), null);
            TimeSpan took = Stopwatch.GetElapsedTime(begin);
            lock (_gate)
            {
                _whole[name] = EntryOf(checkpoint);
                (_latest, _error) = (checkpoint, null);
                _longest = took > _longest ? took : _longest;
                _written.Enqueue(checkpoint);
            }

            LogWritten(_logger!, name, checkpoint.SizeBytes, took.TotalSeconds);
        }
#pragma warning disable CA1031 // Hours of training must not be lost to a disk: told on the training's thread, and at the end.
        catch (Exception error)
        {
            lock (_gate)
            {
                _error = error;
                Failures++;
            }

            LogFailed(_logger!, error, name, _store.Location);
            return;
        }

        // Only now that a newer one is whole.
        foreach (string expired in FindExpired())
        {
            try
            {
                await _store.DeleteAsync(expired, CancellationToken.None).ConfigureAwait(false);
                lock (_gate)
                    _whole.Remove(expired);
            }
            catch (Exception error)
            {
                LogNotDeleted(_logger!, error, expired);
            }
        }
#pragma warning restore CA1031
    }

    private IReadOnlyList<string> FindExpired()
    {
        lock (_gate)
            return Retention.FindExpired(_whole.Values, _options.KeepLast, _options.KeepEvery, _options.BestDirection);
    }

    private Retention.Entry EntryOf(Checkpoint checkpoint) =>
        new(checkpoint.Name, checkpoint.Position.Step, _options.BestMetric is { } metric && checkpoint.Metrics.TryGetValue(metric, out double value) ? value : null);

    /// <summary>Tells the trainer what has been written since, and keeps in mind what could not be.</summary>
    private void Tell(Trainer trainer, bool isEnd = false)
    {
        while (true)
        {
            Checkpoint? written;
            lock (_gate)
            {
                if (!_written.TryDequeue(out written))
                    break;
            }

            trainer.Report(written);
        }

        if (isEnd || Error is not { } error)
            return;
        // The best may be among what could not be written.
        lock (_gate)
            _best = Retention.FindBest(_whole.Values, _options.BestDirection)?.Metric;
        if (_options.StopOnError)
            throw new CheckpointException($"A checkpoint could not be written: {error.Message} {(Latest is { } latest ? $"'{latest.Name}' is the newest that is whole." : "There is none.")}", null, error);
    }

    /// <summary>The process is about to be stopped: writes what can be written in time.</summary>
    private void EndBefore(Trainer trainer, DateTimeOffset noticedAt, DateTimeOffset deadline)
    {
        // A tenth of the notice is left for what comes after: ending a run, and the process.
        TimeProvider clock = trainer.Options.TimeProvider;
        DateTimeOffset until = deadline - ((deadline - noticedAt) / 10);
        if (!WaitUntil(until, clock))
        {
            GiveUp(trainer);
            return;
        }

        if (!_options.AtEnd || _takenAt == trainer.Position.Step)
        {
            if (Error is null)
                return;
            _takenAt = -1;
        }

        TimeSpan left = until - clock.GetUtcNow();
        TimeSpan longest;
        lock (_gate)
            longest = _longest;
        if (left <= longest)
        {
            LogTooLate(_logger!, left.TotalSeconds, longest.TotalSeconds, Latest?.Name ?? "none");
            return;
        }

        Take(trainer);
        if (!WaitUntil(until, clock))
            GiveUp(trainer);
    }

    private void GiveUp(Trainer trainer)
    {
        _giveUp();
        LogGaveUp(_logger!, trainer.Position.Step, Latest?.Name ?? "none");
    }

    /// <summary>Waits for what is being written, but not past a time.</summary>
    private bool WaitUntil(DateTimeOffset until, TimeProvider clock)
    {
        TimeSpan left = until - clock.GetUtcNow();
        try
        {
            _writing.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock).GetAwaiter().GetResult();
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private Slot GetFreeSlot()
    {
        Slot? free = _slots.Find(slot => slot.Writing.IsCompleted);
        if (free is not null)
            return free;
        if (_slots.Count < Slots)
            return NewSlot();
        long begin = Stopwatch.GetTimestamp();
        Task first = Wait(Task.WhenAny(_slots.Select(slot => slot.Writing)));
        Stalls++;
        StalledFor += Stopwatch.GetElapsedTime(begin);
        LogStalled(_logger!, Stopwatch.GetElapsedTime(begin).TotalSeconds);
        return _slots.First(slot => slot.Writing == first);
    }

    private Slot NewSlot()
    {
        Slot slot = new();
        _slots.Add(slot);
        return slot;
    }

    /// <summary>Gives back memory and store: at once where nothing is being written, else as soon as that has ended.</summary>
    private void Release()
    {
        (Slot[] slots, IDisposable? held) = ([.. _slots], _lock);
        _slots.Clear();
        _lock = null;
        if (_writing.IsCompleted)
            Free();
        else
            _ = _writing.ContinueWith(_ => Free(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        void Free()
        {
            foreach (Slot slot in slots)
                slot.Image.Dispose();
            held?.Dispose();
        }
    }

    // The training's own thread, which is there to block.
    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    [LoggerMessage(4202, LogLevel.Debug, "Wrote checkpoint {Checkpoint}, {Bytes} bytes, in {Seconds:F3} s")]
    private static partial void LogWritten(ILogger logger, string checkpoint, long bytes, double seconds);

    [LoggerMessage(4203, LogLevel.Error, "Checkpoint {Checkpoint} could not be written into {Location}; training goes on, and the next one that is due is tried")]
    private static partial void LogFailed(ILogger logger, Exception error, string checkpoint, string location);

    [LoggerMessage(4204, LogLevel.Warning, "Checkpoint {Checkpoint} is no longer needed and could not be deleted; tried again after the next one")]
    private static partial void LogNotDeleted(ILogger logger, Exception error, string checkpoint);

    [LoggerMessage(4205, LogLevel.Warning, "The training waited {Seconds:F3} s because two checkpoints were being written: take fewer, or write to a faster disk")]
    private static partial void LogStalled(ILogger logger, double seconds);

    [LoggerMessage(4206, LogLevel.Warning, "No checkpoint was taken before the process is stopped: {Left:F1} s are left, and one took {Longest:F1} s. The newest is {Latest}")]
    private static partial void LogTooLate(ILogger logger, double left, double longest, string latest);

    [LoggerMessage(4207, LogLevel.Warning, "The checkpoint of step {Step} was not whole before the process is stopped, and was given up. The newest is {Latest}")]
    private static partial void LogGaveUp(ILogger logger, long step, string latest);

    private sealed class Slot
    {
        public CheckpointImage Image { get; } = new();

        public Task Writing { get; set; } = Task.CompletedTask;
    }
}
