using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Serving;

/// <summary>Asks, for all who watch, whether URIs name other versions than before: after each commit of this registry, and at an interval for the commits of others.</summary>
internal sealed partial class ModelWatcher : IAsyncDisposable
{
    private readonly ModelRegistry _registry;
    private readonly TimeSpan _interval;
    private readonly Lock _gate = new();
    private readonly Dictionary<(ModelUri Uri, ModelIdentity? Baseline), CancellationTokenSource> _watched = [];
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private ITimer? _timer;
    private Task? _loop;
    private AuditHead? _head;
    private volatile bool _isStoreAway;
    private bool _hasNew, _disposed;

    public ModelWatcher(ModelRegistry registry, TimeSpan interval) => (_registry, _interval) = (registry, interval);

    public bool IsStoreAway => _isStoreAway;

    public IChangeToken Watch(ModelUri uri, ModelIdentity? baseline)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(ModelRegistry));
            if (!_watched.TryGetValue((uri, baseline), out CancellationTokenSource? source))
            {
                _watched[(uri, baseline)] = source = new CancellationTokenSource();

                // What happened before the token was taken is not in the next head.
                _hasNew = true;
                Start();
                _signals.Writer.TryWrite(true);
            }

            return new CancellationChangeToken(source.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        _registry.Committed -= OnCommitted;
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_timer is not null)
            await _timer.DisposeAsync().ConfigureAwait(false);
        if (_loop is not null)
            await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Start()
    {
        if (_loop is not null)
            return;
        _registry.Committed += OnCommitted;
        using AsyncFlowControl? flow = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        _timer = _registry.Clock.CreateTimer(static signals => ((ChannelWriter<bool>)signals!).TryWrite(true), _signals.Writer, _interval, _interval);
        _loop = Task.Run(WatchAsync);
    }

    private void OnCommitted(object? sender, EventArgs e) => _signals.Writer.TryWrite(true);

    private async Task WatchAsync()
    {
        try
        {
            while (await _signals.Reader.WaitToReadAsync(_stop.Token).ConfigureAwait(false))
            {
                _signals.Reader.TryRead(out _);
                try
                {
                    await CheckAsync(_stop.Token).ConfigureAwait(false);
                    if (_isStoreAway)
                        LogBack(_registry.Logger);
                    _isStoreAway = false;
                }
                catch (Exception e) when (!_stop.IsCancellationRequested)
                {
                    // What is known stays true until the store says otherwise.
                    if (!_isStoreAway)
                        LogAway(_registry.Logger, e);
                    _isStoreAway = true;
                }
            }
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // Nobody waits for an answer any more.
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        (ModelUri Uri, ModelIdentity? Baseline)[] watched;
        bool hasNew;
        lock (_gate)
        {
            watched = [.. _watched.Keys];
            (hasNew, _hasNew) = (_hasNew, false);
        }

        if (watched.Length == 0)
            return;
        try
        {
            // Read before the versions: what is committed in between is seen in the next round.
            AuditHead? head = _registry.Store.Capabilities.HasFlag(RegistryCapabilities.Audit) ? await _registry.Store.GetAuditHeadAsync(cancellationToken).ConfigureAwait(false) : null;
            if (!hasNew && head is not null && head == _head)
                return;
            foreach (IGrouping<ModelUri, (ModelUri Uri, ModelIdentity? Baseline)> group in watched.GroupBy(item => item.Uri))
            {
                ModelIdentity now = await FindAsync(group.Key, cancellationToken).ConfigureAwait(false);
                foreach ((ModelUri Uri, ModelIdentity? Baseline) item in group.Where(item => item.Baseline != now))
                    Fire(item);
            }

            _head = head;
        }
        catch
        {
            lock (_gate)
                _hasNew |= hasNew;
            throw;
        }
    }

    private async ValueTask<ModelIdentity> FindAsync(ModelUri uri, CancellationToken cancellationToken)
    {
        try
        {
            return ModelIdentity.Of(await _registry.GetVersionAsync(uri, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is ModelNotFoundException or ModelVersionNotFoundException or AliasNotFoundException)
        {
            return default;
        }
    }

    private void Fire((ModelUri Uri, ModelIdentity? Baseline) item)
    {
        CancellationTokenSource? source;
        lock (_gate)
            _watched.Remove(item, out source);
        if (source is not null)
            _ = FireAsync(source);
    }

    private async Task FireAsync(CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogCallbackFailed(_registry.Logger, e);
        }
    }

    [LoggerMessage(2420, LogLevel.Warning, "The registry's store is away: models that are in use stay as they are until it is back")]
    private static partial void LogAway(ILogger logger, Exception exception);

    [LoggerMessage(2421, LogLevel.Information, "The registry's store is back")]
    private static partial void LogBack(ILogger logger);

    [LoggerMessage(2422, LogLevel.Error, "A callback of a change token failed")]
    private static partial void LogCallbackFailed(ILogger logger, Exception exception);
}
