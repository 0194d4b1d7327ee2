using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using MLOps.Registry.Serving;
using MLOps.Registry.Storage;
using MLOps.Registry.Telemetry;

namespace MLOps.Registry;

/// <summary>Gives a loaded model, and another one when the alias moves.</summary>
/// <typeparam name="T">The loaded model; disposed when nobody holds it any more, if it can be.</typeparam>
/// <remarks>
/// <para>The new version is loaded beside the old one, which serves until then and goes on serving when the new one cannot be loaded: that is logged, counted in <c>mlops.model.load.failures</c>, told by <c>ModelHealthCheck</c>, and tried again.
/// Leases that were taken before the swap keep the old model; when the last one goes it is disposed, on another thread, once. When the alias moves again while a version is being loaded, that load is given up.</para>
/// <para>Safe for use from any thread.</para>
/// </remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The token sources have no timers, and a callback may still be running when the source is closed.")]
public sealed partial class ModelSource<T> : IModelSource<T>, IServedModel
    where T : class
{
    private readonly ModelRegistry _registry;
    private readonly ModelUri _uri;
    private readonly Func<ModelFiles, CancellationToken, ValueTask<T>> _load;
    private readonly ModelSourceOptions _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private CancellationTokenSource _changed = new();
    private LoadedModel<T>? _current;
    private volatile Exception? _failure;
    private volatile bool _isOffline, _disposed;
    private ModelIdentity _seen;
    private int _started;

    internal ModelSource(ModelRegistry registry, ModelUri uri, Func<ModelFiles, CancellationToken, ValueTask<T>> load, ModelSourceOptions options) =>
        (_registry, _uri, _load, _options) = (registry, uri, load, options);

    /// <inheritdoc/>
    public ModelVersion? Version => Volatile.Read(ref _current)?.Version;

    ModelUri IServedModel.Uri => _uri;

    DateTimeOffset? IServedModel.LoadedAt => Volatile.Read(ref _current)?.LoadedAt;

    Exception? IServedModel.Failure => _failure;

    bool IServedModel.IsOffline => _isOffline || _registry.IsStoreAway;

    /// <inheritdoc/>
    public ModelLease<T> Acquire()
    {
        while (Volatile.Read(ref _current) is { } current)
        {
            // Otherwise it was swapped out between the two lines, and its successor is there already.
            if (current.TryAcquire() is { } lease)
                return lease;
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
        throw new InvalidOperationException($"No model is loaded for {_uri}. {(_failure is { } failure ? $"The last attempt failed: {failure.Message}" : "The host has not started yet.")}");
    }

    /// <inheritdoc/>
    public IChangeToken GetChangeToken()
    {
        lock (_gate)
            return new CancellationChangeToken(_changed.Token);
    }

    /// <summary>Closes the source. Waits for no lease: the model is disposed when the last one goes.</summary>
    /// <returns>A task that ends when the model is disposed, or is left to the leases that are still out.</returns>
    public async ValueTask DisposeAsync()
    {
        LoadedModel<T>? last;
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            last = _current;
            Volatile.Write(ref _current, null);
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        if (last is not null)
            await last.RetireAsync().ConfigureAwait(false);
    }

    Task IServedModel.StartAsync(CancellationToken cancellationToken) => StartAsync(cancellationToken);

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
            return;
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token))
        {
            try
            {
                await LoadAsync(await _registry.ResolveAsync(_uri, progress: null, either.Token).ConfigureAwait(true), either.Token).ConfigureAwait(true);
            }
            catch (Exception e) when (_options.AllowNone && !either.IsCancellationRequested)
            {
                Failed(e);
            }
        }

        using AsyncFlowControl? flow = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        _ = Task.Run(FollowAsync, CancellationToken.None);
    }

    /// <summary>Follows the alias until the source is closed.</summary>
    private async Task FollowAsync()
    {
        int failures = _failure is null && !_isOffline ? 0 : 1;
        bool movedOn = false;
        while (!_disposed)
        {
            try
            {
                if (!movedOn)
                    await WaitAsync(failures == 0 ? Timeout.InfiniteTimeSpan : _options.RetryInterval * (1 << Math.Min(failures - 1, 5))).ConfigureAwait(false);
                movedOn = false;
                if (_disposed)
                    return;
                await FollowOnceAsync().ConfigureAwait(false);
                failures = _isOffline ? failures + 1 : 0;
            }
            catch (MovedOnException)
            {
                // Looked at again without a wait: it may have moved back to where it was when we began.
                movedOn = true;
            }
            catch (Exception) when (_disposed || _registry.IsDisposed)
            {
                // Nobody is left to follow, or nothing.
                return;
            }
            catch (Exception e)
            {
                failures++;
                Failed(e);
            }
        }
    }

    private async ValueTask WaitAsync(TimeSpan delay)
    {
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using IDisposable registration = _registry.Watch(_uri, _seen).RegisterChangeCallback(static source => ((CancellationTokenSource)source!).Cancel(), woken);
        await Task.Delay(delay, _registry.Clock, woken.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async ValueTask FollowOnceAsync()
    {
        LoadedModel<T>? current = Volatile.Read(ref _current);
        if (_uri.RunId is null)
        {
            try
            {
                _seen = ModelIdentity.Of(await _registry.GetVersionAsync(_uri, _stop.Token).ConfigureAwait(false));
            }
            catch (RegistryStoreException) when (current is not null)
            {
                // The watcher says so, once for all; what is loaded stays.
                _isOffline = true;
                return;
            }
            catch (RegistryStoreException)
            {
                // Nothing is loaded: what the URI was last known to name is better than that.
            }
            catch (Exception e) when (e is AliasNotFoundException or ModelNotFoundException or ModelVersionNotFoundException)
            {
                _seen = default;
                throw;
            }
        }

        if (current is not null && ModelIdentity.Of(current.Version) == _seen)
        {
            (_failure, _isOffline) = (null, false);
            return;
        }

        using var pending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using IDisposable? registration = current is null ? null : _registry.Watch(_uri, _seen).RegisterChangeCallback(static source => ((CancellationTokenSource)source!).Cancel(), pending);
        try
        {
            // With a model at hand, that the new one cannot be had now is a failure to report; without one, the last known is better than none.
            await LoadAsync(await _registry.ResolveAsync(_uri, allowOffline: current is null, progress: null, pending.Token).ConfigureAwait(false), pending.Token).ConfigureAwait(false);
        }
        catch (Exception) when (pending.IsCancellationRequested)
        {
            throw new MovedOnException();
        }
    }

    /// <summary>Loads a model and puts it in the place of the one before.</summary>
    private async Task LoadAsync(ModelFiles files, CancellationToken cancellationToken)
    {
        LoadedModel<T>? loaded = null;
        try
        {
            _seen = ModelIdentity.Of(files.Version);
            long start = _registry.Clock.GetTimestamp();
            T model;
            using (Activity? activity = RegistryTelemetry.StartLoad(_uri))
                model = await _load(files, cancellationToken).ConfigureAwait(true) ?? throw new InvalidOperationException($"The loader of {_uri} gave no model but null.");
            loaded = new LoadedModel<T>(model, files, _registry.Clock.GetUtcNow(), _registry.Logger);
            _registry.Telemetry.Loaded(_uri, _registry.Clock.GetElapsedTime(start));
            cancellationToken.ThrowIfCancellationRequested();
            await SwapAsync(loaded, files.IsOffline).ConfigureAwait(false);
        }
        catch
        {
            if (loaded is null)
                files.Dispose();
            else
                await loaded.RetireAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask SwapAsync(LoadedModel<T> loaded, bool isOffline)
    {
        LoadedModel<T>? before;
        CancellationTokenSource changed;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            (before, changed, _changed) = (_current, _changed, new CancellationTokenSource());
            Volatile.Write(ref _current, loaded);
            (_failure, _isOffline) = (null, isOffline);
        }

        if (before is null)
        {
            LogLoaded(_registry.Logger, _uri, loaded.Version?.Number);
        }
        else
        {
            _registry.Telemetry.Swapped(_uri);
            LogSwapped(_registry.Logger, _uri, before.Version?.Number, loaded.Version?.Number);
            await before.RetireAsync().ConfigureAwait(false);
        }

        _ = TellAsync(changed);
    }

    private async Task TellAsync(CancellationTokenSource changed)
    {
        try
        {
            await changed.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogCallbackFailed(_registry.Logger, _uri, e);
        }
    }

    private void Failed(Exception exception)
    {
        _registry.Telemetry.LoadFailed(_uri);
        LogFailed(_registry.Logger, _uri, Version?.Number, exception);
        _failure = exception;
    }

    /// <summary>The alias points elsewhere by now: what was begun is not wanted any more.</summary>
    private sealed class MovedOnException : Exception;

    [LoggerMessage(2430, LogLevel.Information, "{Uri}: version {From} gave way to version {To}")]
    private static partial void LogSwapped(ILogger logger, ModelUri uri, int? from, int? to);

    [LoggerMessage(2434, LogLevel.Information, "{Uri}: version {Version} was loaded")]
    private static partial void LogLoaded(ILogger logger, ModelUri uri, int? version);

    [LoggerMessage(2431, LogLevel.Error, "{Uri} could not be loaded; version {Version} goes on serving")]
    private static partial void LogFailed(ILogger logger, ModelUri uri, int? version, Exception exception);

    [LoggerMessage(2432, LogLevel.Error, "A callback of the change token of {Uri} failed")]
    private static partial void LogCallbackFailed(ILogger logger, ModelUri uri, Exception exception);
}
