using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using MLOps.Registry.Events;
using MLOps.Registry.Storage;

namespace MLOps.Registry;

/// <content>Events.</content>
public sealed partial class ModelRegistry
{
    private CommitSignal? _signal;
    private RegistryEvents? _events;
    private IReadOnlyList<WebhookDelivery> _webhooks = [];
    private EventsTelemetry? _eventsTelemetry;

    /// <summary>Tells handlers in this process of every change, whichever process makes it.</summary>
    public IRegistryEvents Events => _events!;

    /// <summary>What the registry calls itself to others.</summary>
    internal string Origin => _options.Origin ?? $"mlops-registry/{Tag(Store.Address)}";

    private static string Tag(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private void StartEvents(RegistryBuilder builder, IServiceProvider? services)
    {
        _signal = new CommitSignal(Clock, _options.WatchInterval);
        Committed += (_, _) => _signal.Set();
        _events = new RegistryEvents(Store, _signal, CreateReader, _logger);
        if (builder.Webhooks.Count == 0)
            return;
        Demand(RegistryCapabilities.Audit | RegistryCapabilities.Cursors);
        _eventsTelemetry = new EventsTelemetry(services?.GetService(typeof(IMeterFactory)) as IMeterFactory, _storeName);
        _webhooks = [.. builder.Webhooks.Select(webhook => new WebhookDelivery(webhook, Store, Clock, _signal, CreateReader(), _eventsTelemetry, _logger))];
        foreach (WebhookDelivery webhook in _webhooks)
            webhook.Start();
    }

    private async ValueTask StopEventsAsync()
    {
        await Task.WhenAll([_events!.DisposeAsync().AsTask(), .. _webhooks.Select(webhook => webhook.DisposeAsync().AsTask())]).ConfigureAwait(false);
        _eventsTelemetry?.Dispose();
    }

    private CloudEventReader CreateReader() => new(Store, Origin, Tag(Origin));
}
