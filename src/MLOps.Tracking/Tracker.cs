using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Capture;
using MLOps.Tracking.Costs;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.Processes;
using MLOps.Tracking.Storage;
using MLOps.Tracking.Telemetry;

namespace MLOps.Tracking;

/// <summary>
/// Tracks experiments in one store: starts and resumes runs, and answers questions about them. What runs log goes into a journal first, so that the
/// program never waits for the store and loses nothing when it is killed.
/// </summary>
/// <remarks>
/// All members may be used from any thread at once. Open one per store and process and keep it. Disposing it ends its runs that are still open as
/// <see cref="RunStatus.Killed"/> and waits, up to <see cref="TrackingOptions.CloseTimeout"/>, until the store has everything; what it has not by then is
/// adopted by whoever opens the store next.
/// </remarks>
public sealed partial class Tracker : IAsyncDisposable, IDisposable
{
    // Opening waits this long for a store that is locked or away; then the journal takes over.
    private static readonly TimeSpan StorePatience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan CaptureDelay = TimeSpan.FromMilliseconds(500);

    private readonly TrackingOptions _options;
    private readonly ILogger _logger;
    private readonly JournalRoot _root;
    private readonly RejectedRecords _rejected;
    private readonly BatchSender _sender;
    private readonly Applier _applier;
    private readonly JournalKeeper _keeper;
    private readonly JournalAdopter _adopter;
    private readonly StagedArtifacts _staged;
    private readonly TrackingTelemetry _telemetry;
    private readonly List<object> _ownedArtifactStores = [];

    // Keyed by text and by reference: the runtime has compiled code for these, so that opening a tracker does not wait for the JIT.
    private readonly ConcurrentDictionary<string, Run> _openRuns = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RunCounters> _counters = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Run, Run> _handles = new();
    private readonly RunCounters _ended = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _firstAdoption = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _upkeep;
    private readonly Task _retaining;
    private readonly Lazy<Task<RunCapture>> _capture;
    private int _disposed;

    /// <param name="builder">How it is made.</param>
    /// <param name="options">Its options.</param>
    /// <param name="services">The container; null without one.</param>
    /// <param name="store">The container's store; null makes one.</param>
    internal Tracker(TrackingBuilder builder, TrackingOptions options, IServiceProvider? services, ITrackingStore? store = null)
    {
        _options = options;
        StoreContext context = ContextOf(builder, options, services);
        Clock = context.Clock;
        _logger = context.LoggerFactory.CreateLogger<Tracker>();
        ArtifactRoot = new Uri(context.ArtifactRoot);
        ArtifactStores = new ArtifactStores(builder.CreateArtifactStores(context, _ownedArtifactStores), Clock);
        Store = store ?? builder.CreateStore!(context);
        try
        {
            using var patience = new CancellationTokenSource(StorePatience);
            Task opening = Store.OpenAsync(patience.Token).AsTask();
            _root = JournalRoot.Open(options.Journal.Folder ?? builder.Places!.JournalFolder);
            Journal = Journal.Create(_root, options.Journal, Clock);
            WaitForStore(opening);
        }
        catch
        {
            // Nothing has been logged yet: the journal keeps nothing, and the store's disposal has nothing to wait for.
            Journal?.Discard();
            Store.DisposeAsync().AsTask().GetAwaiter().GetResult();
            DisposeArtifactStoresAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }

        _rejected = new RejectedRecords(_root);
        _telemetry = new TrackingTelemetry(
            services?.GetService(typeof(IMeterFactory)) as IMeterFactory, builder.StoreName, () => PointsAccepted, () => Health.Dropped, () => Journal.Position - _applier!.Position);
        _sender = new BatchSender(Store, _rejected, options, Clock, _telemetry, _logger);
        _applier = new Applier(Journal, _sender, Store.SyncAsync, OnApplied, _logger);
        _keeper = new JournalKeeper(Journal, _applier, options.Journal, WriteGaps, _logger);
        _adopter = new JournalAdopter(_root, Store, _sender, _rejected, OpenArtifacts, Clock, _logger);
        _staged = new StagedArtifacts(Journal.Folder, Journal.Owner.Journal, Store, _rejected, OpenArtifacts, Clock, _logger);
        _capture = new Lazy<Task<RunCapture>>(() => RunCapture.TakeAsync(options.Capture, Clock, _closing.Token));
        _upkeep = Task.Run(UpkeepAsync);
        _retaining = builder.Retention is { } retention ? Task.Run(() => RetainAsync(retention.Policy, retention.Every)) : Task.CompletedTask;
        ProcessEnd.Watch(this);
        LogOpened(_logger, Journal.Owner.Journal, Journal.Folder);
    }

    /// <summary>The store. Its answers do not wait for what this tracker has accepted; this tracker's do.</summary>
    public ITrackingStore Store { get; }

    /// <summary>The artifact stores, each for the locations of its scheme and host; the last is that of local files.</summary>
    public ArtifactStores ArtifactStores { get; }

    /// <summary>Where the artifacts of new runs go: an absolute URI.</summary>
    public Uri ArtifactRoot { get; }

    /// <summary>What became of all that was logged through this tracker.</summary>
    public RunHealth Health
    {
        get
        {
            var sum = new RunCounters();
            foreach (RunCounters counters in _counters.Values.Append(_ended))
                counters.AddTo(sum);
            return HealthOf(sum, sum.Records + PointsAccepted);
        }
    }

    internal Journal Journal { get; }

    private long PointsAccepted =>
        _counters.Values.Append(_ended).Sum(counters => Interlocked.Read(ref counters.Points)) + _handles.Keys.Sum(run => run.PointsAccepted);

    internal TimeProvider Clock { get; }

    /// <summary>What a store is made with.</summary>
    internal static StoreContext ContextOf(TrackingBuilder builder, TrackingOptions options, IServiceProvider? services) => new(
        builder.Clock ?? services?.GetService(typeof(TimeProvider)) as TimeProvider ?? TimeProvider.System,
        builder.LoggerFactory ?? services?.GetService(typeof(ILoggerFactory)) as ILoggerFactory ?? NullLoggerFactory.Instance,
        LocationOf(options.ArtifactRoot ?? builder.ArtifactRoot ?? builder.Places!.ArtifactRoot).AbsoluteUri,
        services);

    /// <summary>Opens a tracker without a container, in the words of <c>AddMLOpsTracking</c>.</summary>
    /// <param name="configure">Chooses the store and sets options: <c>t => t.UseSqlite("mlops.db")</c>.</param>
    /// <returns>The tracker. Dispose it at the end of the program.</returns>
    /// <exception cref="InvalidOperationException">No store was chosen.</exception>
    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    /// <exception cref="JournalException">The journal's folder cannot be written, its disk is full, or it is on a network disk.</exception>
    /// <exception cref="StoreVersionException">The store was written by a newer version; it was left untouched.</exception>
    /// <exception cref="TrackingStoreException">The store refuses for good.</exception>
    public static Tracker Open(Action<TrackingBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = new TrackingBuilder(Options.DefaultName, services: null);
        configure(builder);
        if (builder.CreateStore is null)
            throw new InvalidOperationException("No store was chosen. Call UseSqlite(\"mlops.db\") or another UseX in Tracker.Open.");
        var options = new TrackingOptions();
        builder.Apply(options);
        ValidateOptionsResult validation = new TrackingOptionsValidator().Validate(null, options);
        if (validation.Failed)
            throw new OptionsValidationException(Options.DefaultName, typeof(TrackingOptions), validation.Failures);
        return new Tracker(builder, options, services: null);
    }

    /// <summary>Runs work as a run: Finished when it returns, Failed with the exception as tag <c>mlops.exception</c> when it throws, Killed when it is cancelled.</summary>
    /// <param name="experiment">The experiment's name, 1 to 500 characters; made with its first run.</param>
    /// <param name="work">The work. <see cref="Run.Current"/> is the run inside.</param>
    /// <param name="options">Name, parent, tags.</param>
    /// <param name="cancellationToken">Not started when it is cancelled already. The work watches it itself.</param>
    /// <returns>A task that ends when the work and the run have ended; the work's exception goes through it.</returns>
    /// <exception cref="ArgumentException">The experiment's name or an option is not legal.</exception>
    public Task RunAsync(string experiment, Func<Run, Task> work, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return RunAsync(
            experiment,
            async run =>
            {
                await work(run).ConfigureAwait(false);
                return true;
            },
            options,
            cancellationToken);
    }

    /// <summary>Runs work as a run and gives its result: Finished when it returns, Failed with the exception as tag <c>mlops.exception</c> when it throws, Killed when it is cancelled.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="experiment">The experiment's name, 1 to 500 characters; made with its first run.</param>
    /// <param name="work">The work. <see cref="Run.Current"/> is the run inside.</param>
    /// <param name="options">Name, parent, tags.</param>
    /// <param name="cancellationToken">Not started when it is cancelled already. The work watches it itself.</param>
    /// <returns>The work's result; its exception goes through.</returns>
    /// <exception cref="ArgumentException">The experiment's name or an option is not legal.</exception>
    public async Task<T> RunAsync<T>(string experiment, Func<Run, Task<T>> work, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        cancellationToken.ThrowIfCancellationRequested();
        Run run = await StartRunAsync(experiment, options, cancellationToken).ConfigureAwait(false);
        T result;
        try
        {
            // User code: it runs in the context that it was called in.
#pragma warning disable CA2007
            result = await work(run);
#pragma warning restore CA2007
        }
        catch (OperationCanceledException)
        {
            await run.EndAsync(RunStatus.Killed, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        catch (Exception exception)
        {
            if (!run.HasEnded)
                run.SetTag(WellKnownTags.Exception, Shorten($"{exception.GetType().FullName}: {exception.Message}", Limits.TagValueLength));
            await run.EndAsync(RunStatus.Failed, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        await run.EndAsync(RunStatus.Finished, CancellationToken.None).ConfigureAwait(false);
        return result;
    }

    /// <summary>Starts a run: writes a record and returns, whether or not the store can be reached. <see cref="Run.Current"/> is the run from here on in this flow of control.</summary>
    /// <param name="experiment">The experiment's name, 1 to 500 characters; made with its first run.</param>
    /// <param name="options">Name, parent, tags.</param>
    /// <param name="cancellationToken">Ends the wait for the store where <see cref="TrackingOptions.RequireStoreAtStart"/> is set.</param>
    /// <returns>The run. End it with <see cref="Run.EndAsync"/>; disposing it without marks it Killed.</returns>
    /// <exception cref="ArgumentException">The experiment's name or an option is not legal.</exception>
    /// <exception cref="RecordsRejectedException">The store refuses the run (<see cref="TrackingOptions.RequireStoreAtStart"/> only).</exception>
    /// <exception cref="ObjectDisposedException">The tracker is closed.</exception>
    public ValueTask<Run> StartRunAsync(string experiment, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        Limits.CheckExperimentName(experiment, nameof(experiment));
        options ??= new RunOptions();
        Check(options);
        RunId id = options.Id ?? RunId.New(Clock);
        string name = options.Name ?? RunNames.For(id);
        RunId? parent = options.Parent ?? (!options.IsRoot && Run.Current is { } current && current.Tracker == this ? current.Id : null);
        var run = new Run(this, id, name, experiment, parent, $"{ArtifactRoot.AbsoluteUri.TrimEnd('/')}/{id}/artifacts", ownsStatus: true, CountersOf(id))
        {
            IsNew = options.Id is null,
        };
        if (!_openRuns.TryAdd(id.Value, run))
            throw new ArgumentException($"Run '{id}' is open in this tracker.", nameof(options));
        _handles[run] = run;

        run.Append(new TrackingRecord.RunStarted(id, run.NextTimestamp())
        {
            ExperimentName = experiment,
            Name = name,
            User = Environment.UserName,
            Parent = parent,
            ArtifactLocation = run.ArtifactLocation,
        });
        foreach ((string key, string value) in options.Tags)
            run.SetTag(key, value);
        if ((options.Prices ?? _options.Prices) is { } prices)
            MeterCost(run, prices);
        Run.Enter().Run = run;
        if (_options.Capture.Source || _options.Capture.Environment)
            run.InBackground(() => CaptureAsync(run));
        if ((options.SystemMetricsInterval ?? _options.SystemMetricsInterval) is { } interval)
            run.InBackground(() => SampleSystemAsync(run, interval));
        return _options.RequireStoreAtStart ? WaitForStoreAsync(run, cancellationToken) : ValueTask.FromResult(run);
    }

    /// <summary>Goes on with a run that has ended, or whose process is gone, or joins one that is running. <see cref="Run.Current"/> is the run from here on in this flow of control.</summary>
    /// <param name="id">The run.</param>
    /// <param name="mode">As its owner, or beside its owner.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The run.</returns>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="RunDeletedException">The run is softly deleted.</exception>
    /// <exception cref="RunInUseException">Its owner lives (<see cref="ResumeMode.Exclusive"/> only).</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached.</exception>
    public ValueTask<Run> ResumeRunAsync(RunId id, ResumeMode mode = ResumeMode.Exclusive, CancellationToken cancellationToken = default) =>
        ResumeAsync(id, mode, Run.Enter(), cancellationToken);

    /// <summary>Reads a run with its params, tags, latest metrics and datasets. Waits first for what this tracker accepted before.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The run, also when it is deleted.</returns>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async ValueTask<RunDetails> GetRunAsync(RunId id, CancellationToken cancellationToken = default)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return await Store.FindRunAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RunNotFoundException(id);
    }

    /// <summary>Reads an experiment by name. Waits first for what this tracker accepted before.</summary>
    /// <param name="name">The name, compared by ordinal.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The experiment, also when it is deleted.</returns>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async ValueTask<Experiment> GetExperimentAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return await Store.FindExperimentAsync(name, cancellationToken).ConfigureAwait(false) ?? throw new ExperimentNotFoundException(name);
    }

    /// <summary>Waits until all that was logged through this tracker survives what the level names.</summary>
    /// <param name="durability">The level. Default: a power loss.</param>
    /// <param name="cancellationToken">Ends the wait; nothing is lost by it.</param>
    /// <returns>A task that ends when it is so.</returns>
    /// <exception cref="RecordsRejectedException">The store refused records since this was last raised (<see cref="Durability.Store"/> only).</exception>
    /// <exception cref="TrackingStoreException">The store refuses for good; the journal keeps what was logged.</exception>
    public async ValueTask FlushAsync(Durability durability = Durability.Disk, CancellationToken cancellationToken = default)
    {
        await FlushJournalAsync(durability, cancellationToken).ConfigureAwait(false);
        if (durability != Durability.Store)
            return;
        long rejected = 0;
        foreach (RunCounters counters in _counters.Values.Append(_ended))
            rejected += TakeRejected(counters);
        if (rejected > 0)
            throw new RecordsRejectedException(rejected, _rejected.PathOf(Journal.Owner.Journal));
    }

    /// <summary>Closes the tracker: ends its open runs as killed and waits, up to <see cref="TrackingOptions.CloseTimeout"/>, until the store has everything.</summary>
    /// <returns>A task that ends when it is closed. It raises nothing for a store that is away: the journal is then adopted later.</returns>
    public ValueTask DisposeAsync() => CloseAsync(_options.CloseTimeout);

    /// <summary>Closes the tracker as <see cref="DisposeAsync"/> does, blocking the caller; for containers that are disposed synchronously.</summary>
    public void Dispose() => Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    internal RunHealth HealthOf(RunCounters counters, long accepted) => new()
    {
        Accepted = accepted,
        Applied = Interlocked.Read(ref counters.Applied),
        Dropped = Interlocked.Read(ref counters.Dropped),
        Rejected = Interlocked.Read(ref counters.Rejected),
        Staged = Volatile.Read(ref counters.Staged),
        LogLinesMissing = Interlocked.Read(ref counters.LogLinesMissing),
        Full = Journal.FullBecause,
        StoreError = _sender.StoreError,
    };

    internal async ValueTask FlushJournalAsync(Durability durability, CancellationToken cancellationToken)
    {
        if (durability == Durability.Process)
            return;
        if (durability == Durability.Disk)
        {
            await Task.Run(
                () =>
                {
                    Journal.SyncAll(_applier.OldestSegment);
                    _staged.SyncLogs();
                },
                cancellationToken).ConfigureAwait(false);
            return;
        }

        await _applier.WaitAsync(cancellationToken).ConfigureAwait(false);
        await Store.SyncAsync(cancellationToken).ConfigureAwait(false);
        while (!await _staged.UploadAsync(OnUnstaged, cancellationToken).ConfigureAwait(false))
            await Task.Delay(TimeSpan.FromSeconds(1), Clock, cancellationToken).ConfigureAwait(false);
    }

    internal void ThrowIfRejected(RunCounters counters)
    {
        long rejected = TakeRejected(counters);
        if (rejected > 0)
            throw new RecordsRejectedException(rejected, _rejected.PathOf(Journal.Owner.Journal));
    }

    /// <summary>Takes a run out of the open ones.</summary>
    internal void Closed(Run run)
    {
        if (run.OwnsStatus)
            _openRuns.TryRemove(run.Id.Value, out _);
        Interlocked.Add(ref run.Counters.Points, run.PointsAccepted);
        _handles.TryRemove(run, out _);
        Retire(run.Id, run.Counters);
    }

    private static long TakeRejected(RunCounters counters)
    {
        long rejected = Interlocked.Read(ref counters.Rejected);
        return rejected - Interlocked.Exchange(ref counters.RejectedTold, rejected);
    }

    private static void Check(RunOptions options)
    {
        if (options.Name is { } name)
            Limits.CheckValue(name, Limits.TagValueLength, "A run's name", "options.Name");
        foreach ((string key, string value) in options.Tags)
        {
            Limits.CheckKey(key, "options.Tags");
            Limits.CheckValue(value, Limits.TagValueLength, "A tag's value", "options.Tags");
        }

        if (options.SystemMetricsInterval is { } interval)
            ArgumentOutOfRangeException.ThrowIfLessThan(interval, TimeSpan.FromSeconds(1), nameof(options));
        if (options.Prices?.Error() is { } error)
            throw new ArgumentException($"Prices.{error.Property} {error.Rule}.", nameof(options));
    }

    private static Uri LocationOf(string root) => HasScheme(root) ? new Uri(root) : LocalArtifactStore.LocationOf(root);

    // One letter is a drive of Windows; 'mlflow-artifacts:/' has no host and is a URI all the same.
    private static bool HasScheme(string root)
    {
        int colon = root.IndexOf(":/", StringComparison.Ordinal);
        return colon > 1 && Uri.CheckSchemeName(root[..colon]);
    }

    private static string Shorten(string value, int length) => value.Length <= length ? value : value[..length];

    private void WaitForStore(Task opening)
    {
        try
        {
            opening.GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is OperationCanceledException or TrackingStoreException { IsTransient: true })
        {
            // It is locked or away: the journal takes what is logged until it is there.
            LogStoreAway(_logger, exception);
        }
    }

    private RunCounters CountersOf(RunId id) => _counters.GetOrAdd(id.Value, static _ => new RunCounters());

    private async ValueTask<Run> ResumeAsync(RunId id, ResumeMode mode, RunScope scope, CancellationToken cancellationToken)
    {
        try
        {
            return scope.Run = await ResumeAsync(id, mode, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            scope.Abandon();
            throw;
        }
    }

    private async ValueTask<Run> ResumeAsync(RunId id, ResumeMode mode, CancellationToken cancellationToken)
    {
        RunDetails details = await GetRunAsync(id, cancellationToken).ConfigureAwait(false);
        if (details.Info.Lifecycle == Lifecycle.Deleted)
            throw new RunDeletedException(id);
        Experiment? experiment = await Store.FindExperimentAsync(details.Info.ExperimentId, cancellationToken).ConfigureAwait(false);
        bool exclusive = mode == ResumeMode.Exclusive;
        var run = new Run(this, id, details.Info.Name, experiment?.Name ?? "", details.Info.Parent, details.Info.ArtifactLocation, exclusive, CountersOf(id));
        run.Know(details.Params);
        if (!exclusive)
        {
            _handles[run] = run;
            return run;
        }

        if (!_openRuns.TryAdd(id.Value, run))
            throw new RunInUseException(id, Journal.Owner);
        try
        {
            if (Store.Capabilities.HasFlag(StoreCapabilities.Leases))
                await TakeLeaseAsync(id, cancellationToken).ConfigureAwait(false);
            PriceTable? prices = CostMeter.PricesOf(details.Params, _options.Prices);
            // What the part before cost may have come with a journal that was adopted for the lease.
            if (prices is not null)
                details = await GetRunAsync(id, cancellationToken).ConfigureAwait(false);
            _handles[run] = run;
            run.Append(new TrackingRecord.RunUpdated(id) { Status = RunStatus.Running });
            if (prices is not null)
                MeterCost(run, prices, details);
            return run;
        }
        catch
        {
            _openRuns.TryRemove(id.Value, out _);
            throw;
        }
    }

    private async ValueTask<Run> WaitForStoreAsync(Run run, CancellationToken cancellationToken)
    {
        try
        {
            await _applier.WaitAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfRejected(run.Counters);
            return run;
        }
        catch
        {
            run.WriteEnd(RunStatus.Killed);
            throw;
        }
    }

    private async ValueTask CatchUpAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (!_options.ReadYourWrites)
            return;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using ITimer timer = Clock.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), timeout, _options.ReadTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            await _firstAdoption.Task.WaitAsync(timeout.Token).ConfigureAwait(false);
            await _applier.WaitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TrackingStoreException(
                $"The store has not taken what was logged before within {_options.ReadTimeout}. Nothing is lost; ask again later, raise TrackingOptions.ReadTimeout, or set ReadYourWrites to false to read what the store has.",
                isTransient: true,
                _sender.StoreError);
        }
    }

    private async ValueTask TakeLeaseAsync(RunId id, CancellationToken cancellationToken)
    {
        LeaseOwner? holder = await Store.TakeLeaseAsync(id, Journal.Owner, _options.LeaseDuration, cancellationToken).ConfigureAwait(false);
        if (holder is null)
            return;
        // Perhaps its process is gone: then its journal can be adopted, which ends the lease.
        await _adopter.AdoptAsync(onStoreError: null, cancellationToken).ConfigureAwait(false);
        holder = await Store.TakeLeaseAsync(id, Journal.Owner, _options.LeaseDuration, cancellationToken).ConfigureAwait(false);
        if (holder is not null)
            throw new RunInUseException(id, holder);
    }

    private void OnApplied(TrackingRecord record, bool applied)
    {
        if (!_counters.TryGetValue(record.RunId.Value, out RunCounters? counters))
            counters = _ended;
        int count = record is TrackingRecord.PointsLogged points ? points.Points.Length : 1;
        Interlocked.Add(ref applied ? ref counters.Applied : ref counters.Rejected, count);

        if (record is TrackingRecord.RunUpdated { Status: { } status })
        {
            counters.EndApplied = status != RunStatus.Running;
            Retire(record.RunId, counters);
        }
    }

    // Once a run's last record is applied, nothing of it waits to be uploaded and nobody here writes it any more, its counts go over to the tracker's:
    // a process of many runs does not grow.
    private void Retire(RunId id, RunCounters counters)
    {
        if (counters.EndApplied && Volatile.Read(ref counters.Staged) == 0 && _handles.Keys.All(run => run.Counters != counters) && _counters.TryRemove(KeyValuePair.Create(id.Value, counters)))
            counters.AddTo(_ended);
    }

    [LoggerMessage(1000, LogLevel.Warning, "The store could not be opened yet; the journal keeps what is logged until it can")]
    private static partial void LogStoreAway(ILogger logger, Exception exception);

    [LoggerMessage(1001, LogLevel.Debug, "Opened journal {Journal} in {Folder}")]
    private static partial void LogOpened(ILogger logger, Guid journal, string folder);
}
