namespace MLOps.Registry.Events;

/// <summary>Tells handlers in this process what changes in the registry, whichever process changes it.</summary>
/// <remarks>
/// <para>The audit log is the source: no event is left out, and none comes before what it tells of is true. Changes of this process are told at once, those of
/// others within <see cref="RegistryOptions.WatchInterval"/>. Safe for use from any thread. What was told survives nothing: a process that starts again
/// subscribes from then on. For delivery that goes on where it was, add a webhook, or read <see cref="ModelRegistry.FindAuditEventsAsync"/> from where you were.</para>
/// </remarks>
public interface IRegistryEvents
{
    /// <summary>Subscribes a handler to all events from now on: every change that is committed after this returns.</summary>
    /// <param name="handler">
    /// Called for one event after the other, in the order of the audit log, at the same time as other handlers; the next event waits until all handlers have
    /// returned. One that fails is logged and goes on with the next event. Its token is cancelled when the registry is disposed or the subscription is.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the store.</param>
    /// <returns>The subscription. After its disposal no further call begins.</returns>
    /// <exception cref="NotSupportedException">The store has no audit log.</exception>
    /// <exception cref="Storage.RegistryStoreException">The store cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The registry is closed.</exception>
    ValueTask<IDisposable> SubscribeAsync(Func<CloudEvent, CancellationToken, ValueTask> handler, CancellationToken cancellationToken = default);
}
