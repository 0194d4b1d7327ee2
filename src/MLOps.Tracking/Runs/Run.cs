using System.Collections.Concurrent;
using System.Globalization;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Costs;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.RunLogs;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <summary>
/// A run that this process writes: four verbs — <see cref="LogMetric"/>, <see cref="LogParam"/>, <see cref="SetTag"/>, <see cref="LogArtifactAsync"/> — and its ending.
/// Everything else is an extension method.
/// </summary>
/// <remarks>
/// All members may be used from any thread at once. When a call returns, what it logged survives the end of the process at any instant.
/// Disposing a run that has not been ended marks it <see cref="RunStatus.Killed"/>: its scope was left on a path that did not say how it ended;
/// <see cref="Tracker.RunAsync"/> tells finished from failed.
/// </remarks>
public sealed class Run : IAsyncDisposable
{
    private static readonly AsyncLocal<RunScope?> Ambient = new();
    private readonly ConcurrentDictionary<string, Metric> _metrics = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _params = new(StringComparer.Ordinal);
    private readonly Lock _metricGate = new();
    private readonly Lock _endGate = new();
    private readonly RunLog _log;
    private readonly List<Task> _background = [];
    private readonly CancellationTokenSource _ending = new();
    private long _lastTimestamp;
    private volatile bool _ended;
    private string? _endedLog;
    private int _ends;

    internal Run(Tracker tracker, RunId id, string name, string experiment, RunId? parent, string artifactLocation, bool ownsStatus, RunCounters counters)
    {
        Tracker = tracker;
        Id = id;
        Name = name;
        ExperimentName = experiment;
        Parent = parent;
        ArtifactLocation = artifactLocation;
        OwnsStatus = ownsStatus;
        Counters = counters;
        _log = tracker.CreateLog(this);
    }

    /// <summary>The run that this flow of control is in: the innermost one started by <see cref="Tracker.StartRunAsync"/> or <see cref="Tracker.RunAsync"/>, or resumed by <see cref="Tracker.ResumeRunAsync"/>, that has not ended; null outside. Flows with async calls as <see cref="System.Diagnostics.Activity.Current"/> does.</summary>
    public static Run? Current
    {
        get
        {
            RunScope? scope = Ambient.Value;
            while (scope is not null && (scope.IsOver || scope.Run is null))
                scope = scope.Outer;
            return scope?.Run;
        }
    }

    /// <summary>The run's identity. It never changes.</summary>
    public RunId Id { get; }

    /// <summary>The name it was started with.</summary>
    public string Name { get; }

    /// <summary>The experiment that it belongs to.</summary>
    public string ExperimentName { get; }

    /// <summary>The run that it is a child of; null at the top.</summary>
    public RunId? Parent { get; }

    /// <summary>The root of its artifacts, a URI. Decided at the start and kept with the run.</summary>
    public string ArtifactLocation { get; }

    /// <summary>The tracker that started it.</summary>
    public Tracker Tracker { get; }

    /// <summary>Whether the run has ended for this process; logging then raises <see cref="InvalidOperationException"/>.</summary>
    public bool HasEnded => _ended;

    /// <summary>What became of what this handle logged.</summary>
    public RunHealth Health => Tracker.HealthOf(Counters, Interlocked.Read(ref Counters.Records) + Interlocked.Read(ref Counters.Points) + (_ended ? 0 : PointsAccepted));

    internal RunCounters Counters { get; }

    internal long PointsAccepted => _metrics.Values.Sum(metric => metric.Accepted);

    internal bool OwnsStatus { get; }

    /// <summary>Whether this handle is surely the first to write the run: its id was made for it.</summary>
    internal bool IsNew { get; init; }

    /// <summary>What measures the run's cost; null when it has no prices.</summary>
    internal CostMeter? Cost { get; set; }

    /// <summary>What <see cref="RunLoggerProvider"/> writes to.</summary>
    internal RunLog Log => _log;

    /// <summary>Ends when the run ends; for work in the background of the run.</summary>
    internal CancellationToken Ending => _ending.Token;

    /// <summary>Logs a value of a metric, now. For a metric that is logged often, look it up once with <see cref="Metric"/>.</summary>
    /// <param name="key">1 to 250 letters, digits, <c>_ - . : /</c> or spaces; a plain relative path where it has slashes.</param>
    /// <param name="value">The value; NaN and infinities are kept.</param>
    /// <param name="step">The step, any 64-bit integer, in any order. Default 0, as in MLflow.</param>
    /// <exception cref="ArgumentException">The key is not legal.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is closed.</exception>
    public void LogMetric(string key, double value, long step = 0) => Metric(key).Log(value, step);

    /// <summary>Looks a metric up, so that logging it is a memory copy and nothing else.</summary>
    /// <param name="key">1 to 250 letters, digits, <c>_ - . : /</c> or spaces; a plain relative path where it has slashes.</param>
    /// <returns>The metric; the same object for the same key.</returns>
    /// <exception cref="ArgumentException">The key is not legal.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public Metric Metric(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _metrics.TryGetValue(key, out Metric? metric) ? metric : AddMetric(key);
    }

    /// <summary>Logs a param: a value that describes the run and does not change. The same value again is fine.</summary>
    /// <param name="key">1 to 250 letters, digits, <c>_ - . : /</c> or spaces; a plain relative path where it has slashes.</param>
    /// <param name="value">Up to 6,000 characters; may be empty.</param>
    /// <exception cref="ArgumentException">The key or the value is not legal.</exception>
    /// <exception cref="ParamChangedException">The param has another value.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is closed.</exception>
    public void LogParam(string key, string value)
    {
        Limits.CheckKey(key);
        Limits.CheckValue(value, Limits.ParamValueLength, "A param's value", nameof(value));
        ThrowIfEnded();
        string current = _params.GetOrAdd(key, value);
        if (!string.Equals(current, value, StringComparison.Ordinal))
            throw new ParamChangedException(key, current, value);
        Append(new TrackingRecord.ParamLogged(Id, key, value));
    }

    /// <summary>Sets a tag; the last value wins.</summary>
    /// <param name="key">1 to 250 letters, digits, <c>_ - . : /</c> or spaces; a plain relative path where it has slashes. Tag <c>mlflow.runName</c> renames the run.</param>
    /// <param name="value">Up to 8,000 characters; may be empty.</param>
    /// <exception cref="ArgumentException">The key or the value is not legal.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    /// <exception cref="ObjectDisposedException">The tracker is closed.</exception>
    public void SetTag(string key, string value)
    {
        Limits.CheckKey(key);
        Limits.CheckValue(value, Limits.TagValueLength, "A tag's value", nameof(value));
        ThrowIfEnded();
        Append(new TrackingRecord.TagSet(Id, key, value));
    }

    /// <summary>
    /// Logs an artifact. When it returns, the content is whole under its final name with its SHA-256 in a manifest; or, if the artifact store is away,
    /// a hashed copy is staged beside the journal and uploaded later (<see cref="RunHealth.Staged"/>, <see cref="Durability.Store"/>).
    /// </summary>
    /// <param name="path">Where it goes, relative to <see cref="ArtifactLocation"/>. An artifact at the same path is replaced.</param>
    /// <param name="content">The content, read from where it stands to its end; streamed, never whole in memory.</param>
    /// <param name="cancellationToken">Gives up; no half file is left under the final name.</param>
    /// <returns>The artifact with its size and hash.</returns>
    /// <exception cref="ArtifactStoreException">The store refuses for good: credentials, a missing bucket, a read-only folder.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public ValueTask<ArtifactFile> LogArtifactAsync(ArtifactPath path, Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        ThrowIfEnded();
        return Tracker.UploadAsync(this, path, content, cancellationToken);
    }

    /// <summary>Waits until what was logged survives what the level names.</summary>
    /// <param name="durability">The level. Default: a power loss.</param>
    /// <param name="cancellationToken">Ends the wait; nothing is lost by it.</param>
    /// <returns>A task that ends when it is so.</returns>
    /// <exception cref="RecordsRejectedException">The store refused records of this run since this was last raised (<see cref="Durability.Store"/> only).</exception>
    /// <exception cref="TrackingStoreException">The store refuses for good; the journal keeps what was logged.</exception>
    public async ValueTask FlushAsync(Durability durability = Durability.Disk, CancellationToken cancellationToken = default)
    {
        await Tracker.FlushJournalAsync(durability, cancellationToken).ConfigureAwait(false);
        if (durability == Durability.Store)
            Tracker.ThrowIfRejected(Counters);
    }

    /// <summary>Ends the run. A second ending changes nothing. A run joined with <see cref="ResumeMode.Share"/> ends for this process alone; its status is its owner's.</summary>
    /// <param name="status">Finished, Failed or Killed.</param>
    /// <param name="cancellationToken">Ends the wait for work in the run's background and for its log; the run is ended all the same.</param>
    /// <returns>A task that ends when the ending survives the end of the process, and the run's log, if it has one, is an artifact or staged.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The status is not an end.</exception>
    public async ValueTask EndAsync(RunStatus status = RunStatus.Finished, CancellationToken cancellationToken = default)
    {
        if (status is not (RunStatus.Finished or RunStatus.Failed or RunStatus.Killed))
            throw new ArgumentOutOfRangeException(nameof(status), status, "A run ends Finished, Failed or Killed.");
        if (Interlocked.Exchange(ref _ends, 1) != 0)
            return;
        await _ending.CancelAsync().ConfigureAwait(false);
        Task background;
        lock (_background)
            background = Task.WhenAll(_background);
        try
        {
            await background.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            WriteEnd(status);
        }

        if (_endedLog is { } log)
            await Tracker.UploadLogAsync(this, log, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the run as killed unless it has been ended.</summary>
    /// <returns>A task that ends when the ending survives the end of the process.</returns>
    public ValueTask DisposeAsync()
    {
        LeaveAmbient();
        return EndAsync(RunStatus.Killed);
    }

    /// <summary>Makes room for a run that is to be the current one in the caller's flow of control.</summary>
    internal static RunScope Enter()
    {
        RunScope? outer = Ambient.Value;
        while (outer is { IsOver: true })
            outer = outer.Outer;
        return Ambient.Value = new RunScope(outer);
    }

    internal void LeaveAmbient()
    {
        if (Ambient.Value is { } scope && scope.Run == this)
            Ambient.Value = scope.Outer;
    }

    internal void Know(IEnumerable<KeyValuePair<string, string>> logged)
    {
        foreach ((string key, string value) in logged)
            _params[key] = value;
    }

    internal void InBackground(Func<Task> work)
    {
        lock (_background)
            _background.Add(Task.Run(work));
    }

    internal void Append(TrackingRecord record)
    {
        if (Tracker.Journal.Append(record))
            Interlocked.Increment(ref Counters.Records);
        else
            Interlocked.Increment(ref Counters.Dropped);
    }

    /// <summary>The time now in ms, never before the one last given in this run.</summary>
    internal long NextTimestamp()
    {
        long now = Tracker.Clock.GetUtcNow().ToUnixTimeMilliseconds(), last = Volatile.Read(ref _lastTimestamp);
        while (now > last)
        {
            long seen = Interlocked.CompareExchange(ref _lastTimestamp, now, last);
            if (seen == last)
                return now;
            last = seen;
        }

        return last;
    }

    /// <summary>Where the log of this part goes: parts that other processes write, or wrote before, have theirs beside it.</summary>
    internal string LogPath(Guid log) => IsNew
        ? RunLog.FirstPath
        : string.Create(CultureInfo.InvariantCulture, $"logs/run-{Tracker.Clock.GetUtcNow():yyyyMMdd'T'HHmmss.fff'Z'}-{log.ToString("N")[^8..]}.log");

    internal void ThrowIfEnded()
    {
        if (_ended)
            ThrowEnded();
    }

    /// <summary>Writes down how many points were dropped since that was last written.</summary>
    internal void WriteGap()
    {
        long dropped = Interlocked.Read(ref Counters.Dropped);
        if (dropped == Interlocked.Exchange(ref Counters.DroppedTold, dropped))
            return;
        if (!Tracker.Journal.Append(new TrackingRecord.TagSet(Id, WellKnownTags.PointsDropped, dropped.ToString(CultureInfo.InvariantCulture))))
            Interlocked.Exchange(ref Counters.DroppedTold, -1);
    }

    /// <summary>Writes the end without waiting for anything: also called when the process exits.</summary>
    internal void WriteEnd(RunStatus status)
    {
        lock (_endGate)
        {
            if (_ended)
                return;
            foreach ((string key, double value) in Cost?.Measure() ?? [])
                LogMetric(key, value, Cost!.Step);
            WriteGap();
            if (OwnsStatus)
                Append(new TrackingRecord.RunUpdated(Id) { Status = status, EndedAtMs = NextTimestamp() });
            _ended = true;
            _endedLog = _log.End();
            if (_endedLog is not null)
                Interlocked.Increment(ref Counters.Staged);
            Tracker.Closed(this);
        }
    }

    private Metric AddMetric(string key)
    {
        Limits.CheckKey(key);
        ThrowIfEnded();
        lock (_metricGate)
            return _metrics.GetOrAdd(key, static (k, run) => new Metric(run, run.Tracker.Journal, k), this);
    }

    private void ThrowEnded() =>
        throw new InvalidOperationException($"Run '{Id}' has ended. Log before it ends, or go on with Tracker.ResumeRunAsync.");
}
