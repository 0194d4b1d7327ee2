using System.Diagnostics.Metrics;

namespace MLOps.Registry.Events;

/// <summary>What webhooks say of themselves, on the meter <c>MLOps.Registry</c>.</summary>
internal sealed class EventsTelemetry : IDisposable
{
    public const string Name = "MLOps.Registry";
    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Counter<long> _delivered, _failed, _givenUp;

    /// <param name="factory">The host's; null makes a meter of our own.</param>
    /// <param name="storeName">The registry's key in the host, a tag of each instrument.</param>
    public EventsTelemetry(IMeterFactory? factory, string storeName)
    {
        KeyValuePair<string, object?>[] tags = [new("mlops.store", storeName)];
        _ownsMeter = factory is null;
        _meter = factory?.Create(new MeterOptions(Name) { Tags = tags }) ?? new Meter(new MeterOptions(Name) { Tags = tags });
        _delivered = _meter.CreateCounter<long>("mlops.registry.webhook.delivered", "{event}", "Events that a webhook's receiver has accepted.");
        _failed = _meter.CreateCounter<long>("mlops.registry.webhook.attempts.failed", "{attempt}", "Attempts to deliver that failed.");
        _givenUp = _meter.CreateCounter<long>("mlops.registry.webhook.given_up", "{event}", "Events that no attempt could deliver in time; they are in the audit log.");
    }

    public void Delivered(string webhook) => _delivered.Add(1, Of(webhook));

    public void Failed(string webhook) => _failed.Add(1, Of(webhook));

    public void GaveUp(string webhook) => _givenUp.Add(1, Of(webhook));

    public void Dispose()
    {
        if (_ownsMeter)
            _meter.Dispose();
    }

    private static KeyValuePair<string, object?> Of(string webhook) => new("mlops.webhook", webhook);
}
