using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using MLOps.Registry.Events;
using MLOps.Registry.Storage;
using MLOps.Registry.Tests.Audit;

namespace MLOps.Registry.Tests.Events;

/// <summary>Registries over one store and one clock, and what they log and deliver.</summary>
public abstract class EventsTest : IAsyncLifetime
{
    private protected const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private protected static readonly Uri Receiver = new("https://ops.example/hooks");
    private readonly TemporaryFolder _folder = new();
    private readonly FakeLoggerProvider _logs = new();
    private readonly LoggerFactory _loggers;
    private readonly List<ModelRegistry> _registries = [];

    private protected EventsTest()
    {
        _loggers = new LoggerFactory([_logs]);
        Store = new InMemoryRegistryStore(Clock);
        Lies = new LyingStore(Store);
    }

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected TimerClock Clock { get; } = new();

    private protected InMemoryRegistryStore Store { get; }

    private protected LyingStore Lies { get; }

    private protected IEnumerable<FakeLogRecord> Logs => _logs.Collector.GetSnapshot();

    /// <summary>What arrived at the receiver.</summary>
    private protected Channel<Delivery> Deliveries { get; } = Channel.CreateUnbounded<Delivery>();

    /// <summary>What the receiver answers; 200 when nothing is left.</summary>
    private protected Queue<HttpResponseMessage> Answers { get; } = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (ModelRegistry registry in _registries)
            await registry.DisposeAsync();
        _loggers.Dispose();
        _logs.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected ModelRegistry Open(Action<RegistryBuilder>? configure = null)
    {
        ModelRegistry registry = ModelRegistry.Open(r =>
        {
            r.UseStore(_ => Lies, _folder.Path).UseTimeProvider(Clock).UseLogging(_loggers).Configure(o => o.Origin = "example.com/models");
            configure?.Invoke(r);
        });
        _registries.Add(registry);
        return registry;
    }

    /// <summary>Opens a registry with a webhook whose cursor is at the end of the log already.</summary>
    private protected async Task<ModelRegistry> OpenWithWebhookAsync(Action<WebhookOptions>? configure = null, TimeSpan? watchInterval = null)
    {
        await Store.TakeCursorAsync("webhook:ops", Guid.NewGuid(), TimeSpan.FromMilliseconds(1), Cancel);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        return Open(r => r.Configure(o => o.WatchInterval = watchInterval ?? o.WatchInterval).AddWebhook("ops", Receiver, o =>
        {
            o.Secret = Secret;
            o.CreateHandler = () => CreateReceiver();
            configure?.Invoke(o);
        }));
    }

    private protected async Task<Delivery> NextAsync() => await Deliveries.Reader.ReadAsync(Cancel);

    private protected HttpMessageHandler CreateReceiver() => new ReceiverHandler(this);

    private HttpResponseMessage Answer()
    {
        lock (Answers)
            return Answers.TryDequeue(out HttpResponseMessage? answer) ? answer : new HttpResponseMessage(HttpStatusCode.OK);
    }

    internal sealed record Delivery(string Id, string Timestamp, string Signature, string ContentType, byte[] Body);

    private sealed class ReceiverHandler(EventsTest test) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string Header(string name) => Assert.Single(request.Headers.GetValues(name));
            HttpResponseMessage answer = test.Answer();
            test.Deliveries.Writer.TryWrite(new Delivery(Header("webhook-id"), Header("webhook-timestamp"), Header("webhook-signature"), $"{request.Content!.Headers.ContentType}", await request.Content.ReadAsByteArrayAsync(cancellationToken)));
            return answer;
        }
    }
}
