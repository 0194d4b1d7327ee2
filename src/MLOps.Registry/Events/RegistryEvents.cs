using Microsoft.Extensions.Logging;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Events;

/// <summary>Follows the audit log from the first subscription on and calls handlers.</summary>
internal sealed partial class RegistryEvents(IRegistryStore store, CommitSignal signal, Func<CloudEventReader> createReader, ILogger logger) : IRegistryEvents, IAsyncDisposable
{
    private const int PageLength = 1000;
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private readonly List<Subscription> _subscriptions = [];
    private Task? _loop;

    public async ValueTask<IDisposable> SubscribeAsync(Func<CloudEvent, CancellationToken, ValueTask> handler, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, typeof(ModelRegistry));
        if (!store.Capabilities.HasFlag(RegistryCapabilities.Audit))
            throw new NotSupportedException($"{store.GetType().Name} lacks the capability {nameof(RegistryCapabilities)}.{RegistryCapabilities.Audit}, without which there are no events.");
        AuditHead head = await store.GetAuditHeadAsync(cancellationToken).ConfigureAwait(false);
        var subscription = new Subscription(handler, head.Count, Remove);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, typeof(ModelRegistry));
            _subscriptions.Add(subscription);
            _loop ??= Task.Run(() => FollowAsync(_closing.Token), CancellationToken.None);
        }

        signal.Set();
        return subscription;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        Task? loop;
        lock (_gate)
            loop = _loop;

        if (loop is null)
            return;
        try
        {
            await loop.WaitAsync(ClosePatience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogHandlerHangs(logger, ClosePatience);
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_gate)
            _subscriptions.Remove(subscription);
    }

    private Subscription[] Subscriptions()
    {
        lock (_gate)
            return [.. _subscriptions];
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        CloudEventReader reader = createReader();
        while (!cancellationToken.IsCancellationRequested)
        {
            Task next = signal.Next;
            try
            {
                while (Subscriptions() is { Length: > 0 } subscriptions && await TellAsync(reader, subscriptions, cancellationToken).ConfigureAwait(false))
                {
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // The store is away: the next look goes on where this one was.
                LogStoreAway(logger, exception);
            }

            try
            {
                await signal.WaitAsync(next, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Tells those who are furthest behind of the next events.</summary>
    /// <returns>Whether there may be more.</returns>
    private async Task<bool> TellAsync(CloudEventReader reader, Subscription[] subscriptions, CancellationToken cancellationToken)
    {
        IReadOnlyList<AuditRecord> page = await store.ReadAuditAsync(subscriptions.Min(subscription => subscription.Last), PageLength, cancellationToken).ConfigureAwait(false);
        foreach (AuditRecord record in page)
        {
            CloudEvent? told = null;
            try
            {
                told = await reader.ReadAsync(record, cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidDataException exception)
            {
                LogDamaged(logger, record.Sequence, exception);
            }

            Subscription[] behind = [.. subscriptions.Where(subscription => subscription.Last < record.Sequence)];
            if (told is not null)
                await Task.WhenAll(behind.Select(subscription => Task.Run(() => HandleAsync(subscription, told, cancellationToken), cancellationToken))).ConfigureAwait(false);
            foreach (Subscription subscription in behind)
                subscription.Last = record.Sequence;
        }

        return page.Count > 0;
    }

    private async Task HandleAsync(Subscription subscription, CloudEvent told, CancellationToken cancellationToken)
    {
        try
        {
            await subscription.HandleAsync(told, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || subscription.IsDisposed)
        {
        }
        catch (Exception exception)
        {
            LogHandlerFailed(logger, told.Id, exception);
        }
    }

    [LoggerMessage(2300, LogLevel.Error, "A handler failed on event {Event}; it goes on with the next one")]
    private static partial void LogHandlerFailed(ILogger logger, string @event, Exception exception);

    [LoggerMessage(2301, LogLevel.Warning, "The audit log could not be read for subscribers of events; tried again soon")]
    private static partial void LogStoreAway(ILogger logger, Exception exception);

    [LoggerMessage(2302, LogLevel.Error, "Event {Sequence} of the audit log is damaged, and no subscriber was told of it")]
    private static partial void LogDamaged(ILogger logger, long sequence, Exception exception);

    [LoggerMessage(2303, LogLevel.Warning, "A handler of registry events did not end within {Patience} of the registry's disposal; it was left")]
    private static partial void LogHandlerHangs(ILogger logger, TimeSpan patience);
}
