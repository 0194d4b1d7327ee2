using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MLOps.Registry.Events;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Events;

public sealed class WebhookTests : EventsTest
{
    [Fact]
    public void A_signature_is_that_of_the_reference_libraries()
    {
        // The vector of the Standard Webhooks libraries.
        const string Signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(1614265330);
        byte[] body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");
        bool Verify(string secret = Secret, string id = "msg_p5jXN8AQM9LWM0D4loKWxJek", string timestamp = "1614265330", string signature = Signature, double late = 0) => WebhookSignature.Verify(secret, id, timestamp, signature, body, now.AddSeconds(late));

        Assert.True(Verify());
        Assert.True(Verify(signature: $"v1,AAAA {Signature} v1a,other"));
        Assert.True(Verify(secret: $"whsec_{Convert.ToBase64String(new byte[32])} {Secret}"));
        Assert.True(Verify(late: 300));
        Assert.False(Verify(late: 301));
        Assert.False(Verify(late: -301));
        Assert.False(Verify(id: "msg_other"));
        Assert.False(Verify(timestamp: "1614265331"));
        Assert.False(Verify(timestamp: "soon"));
        Assert.False(Verify(signature: Signature[3..]));
        Assert.False(Verify(secret: $"whsec_{Convert.ToBase64String(new byte[32])}"));
        Assert.Throws<ArgumentException>(() => Verify(secret: "whsec_short"));
    }

    [Fact]
    public async Task An_event_is_delivered_signed()
    {
        ModelRegistry registry = await OpenWithWebhookAsync();
        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);

        Delivery delivery = await NextAsync();
        Assert.True(IsGenuine(delivery));
        Assert.Equal("application/cloudevents+json; charset=utf-8", delivery.ContentType);
        using JsonDocument body = JsonDocument.Parse(delivery.Body);
        Assert.Equal(delivery.Id, body.RootElement.GetProperty("id").GetString());
        Assert.Equal("models/fraud", body.RootElement.GetProperty("subject").GetString());
        Assert.DoesNotContain('.', delivery.Id);
    }

    [Fact]
    public async Task A_failed_delivery_is_tried_again_later_and_later_with_the_same_id_and_keeps_its_place()
    {
        Answers.Enqueue(new HttpResponseMessage(HttpStatusCode.InternalServerError));
        Answers.Enqueue(new HttpResponseMessage(HttpStatusCode.Redirect) { Headers = { Location = Receiver } });
        Answers.Enqueue(new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(330)) } });
        ModelRegistry registry = await OpenWithWebhookAsync();
        await registry.CreateModelAsync("first", cancellationToken: Cancel);
        await registry.CreateModelAsync("second", cancellationToken: Cancel);

        Delivery first = await NextAsync();
        await Clock.PassAsync(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6), Cancel);
        Delivery again = await NextAsync();
        Assert.Equal(first.Id, again.Id);
        Assert.True(IsGenuine(again));
        Assert.True(long.Parse(again.Timestamp, CultureInfo.InvariantCulture) - long.Parse(first.Timestamp, CultureInfo.InvariantCulture) is >= 4 and <= 6);
        await Clock.PassAsync(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(12), Cancel);
        Assert.Equal(first.Id, (await NextAsync()).Id);

        // Retry-After is waited for in parts, in which the cursor goes on being held.
        DateTimeOffset asked = Clock.GetUtcNow();
        while (!Deliveries.Reader.TryPeek(out _))
            await Task.WhenAny(Clock.PassAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30), Cancel), Deliveries.Reader.WaitToReadAsync(Cancel).AsTask());
        Assert.Equal(first.Id, (await NextAsync()).Id);
        Assert.True(Clock.GetUtcNow() - asked >= TimeSpan.FromSeconds(330));
        Assert.NotEqual(first.Id, (await NextAsync()).Id);
        Assert.Equal(3, Logs.Count(log => log.Id.Id == 2310));
        Assert.DoesNotContain(Logs, log => log.Message.Contains(Secret, StringComparison.Ordinal) || log.Message.Contains(Receiver.Host, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_event_that_no_attempt_delivers_in_time_is_given_up_aloud_and_the_next_ones_turn_comes()
    {
        for (int i = 0; i < 2; i++)
            Answers.Enqueue(new HttpResponseMessage(HttpStatusCode.BadGateway));
        ModelRegistry registry = await OpenWithWebhookAsync(o => o.GiveUpAfter = TimeSpan.FromSeconds(9));
        await registry.CreateModelAsync("first", cancellationToken: Cancel);
        await registry.CreateModelAsync("second", cancellationToken: Cancel);
        Delivery first = await NextAsync();
        await Clock.PassAsync(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6), Cancel);
        Assert.Equal(first.Id, (await NextAsync()).Id);

        Assert.NotEqual(first.Id, (await NextAsync()).Id);
        var logged = Assert.Single(Logs, log => log.Id.Id == 2311);
        Assert.Equal(LogLevel.Error, logged.Level);
        Assert.Contains("event 1 ", logged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_gets_no_more_and_its_events_wait()
    {
        Answers.Enqueue(new HttpResponseMessage(HttpStatusCode.Gone));
        ModelRegistry registry = await OpenWithWebhookAsync();
        await registry.CreateModelAsync("first", cancellationToken: Cancel);
        await NextAsync();
        await registry.CreateModelAsync("second", cancellationToken: Cancel);
        await registry.DisposeAsync();

        Assert.False(Deliveries.Reader.TryRead(out _));
        Assert.Contains(Logs, log => log.Id.Id == 2312 && log.Level == LogLevel.Error);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, await Store.TakeCursorAsync("webhook:ops", Guid.NewGuid(), TimeSpan.FromSeconds(1), Cancel));
    }

    [Fact]
    public async Task An_event_whose_delivery_could_not_be_written_down_is_delivered_again()
    {
        int failures = 1;
        Lies.BeforeMove = () =>
        {
            if (failures-- > 0)
                throw new RegistryStoreException("killed here", isTransient: true);
        };
        ModelRegistry registry = await OpenWithWebhookAsync();
        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);

        Delivery first = await NextAsync();
        await Clock.PassAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), Cancel);
        while (!Deliveries.Reader.TryPeek(out _))
            await Task.WhenAny(Clock.PassAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), Cancel), Deliveries.Reader.WaitToReadAsync(Cancel).AsTask());
        Delivery again = await NextAsync();
        Assert.Equal(first.Id, again.Id);
        Assert.Equal(first.Body, again.Body);
    }

    [Fact]
    public async Task Registries_on_one_store_deliver_each_event_once_and_one_takes_over_from_another()
    {
        // A hold that outlasts all the time that passes here.
        Task<ModelRegistry> OpenAsync() => OpenWithWebhookAsync(o => o.Timeout = TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(50));
        ModelRegistry one = await OpenAsync(), other = await OpenAsync();
        HashSet<string> ids = [];
        for (int i = 0; i < 20; i++)
            await (i % 2 == 0 ? one : other).CreateModelAsync($"m{i}", cancellationToken: Cancel);
        while (ids.Count < 20)
        {
            Task<Delivery> next = NextAsync();
            while (await Task.WhenAny(next, Clock.PassAsync(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50), Cancel)) != next)
            {
            }

            Assert.True(ids.Add((await next).Id));
        }

        // Whichever had the cursor gives it back.
        await one.DisposeAsync();
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await other.CreateModelAsync("last", cancellationToken: Cancel);
        Assert.True(ids.Add((await NextAsync()).Id));
        await other.DisposeAsync();
        Assert.False(Deliveries.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_host_delivers_although_nothing_in_it_uses_the_registry_and_counts_what_became_of_events()
    {
        Answers.Enqueue(new HttpResponseMessage(HttpStatusCode.BadGateway));
        await Store.TakeCursorAsync("webhook:ops", Guid.NewGuid(), TimeSpan.FromMilliseconds(1), Cancel);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<TimeProvider>(Clock).AddMetrics().AddMLOpsRegistry(r => r.UseStore(_ => Lies, "unused").AddWebhook("ops", Receiver, o =>
        {
            (o.Secret, o.GiveUpAfter) = (Secret, TimeSpan.Zero);
            o.CreateHandler = CreateReceiver;
        }));
        using IHost host = builder.Build();
        IMeterFactory meters = host.Services.GetRequiredService<IMeterFactory>();
        MetricCollector<long> Collect(string name) => new(meters, "MLOps.Registry", $"mlops.registry.webhook.{name}");
        using MetricCollector<long> delivered = Collect("delivered"), failed = Collect("attempts.failed"), givenUp = Collect("given_up");
        await host.StartAsync(Cancel);
        ModelRegistry elsewhere = Open();
        await elsewhere.CreateModelAsync("first", cancellationToken: Cancel);
        await elsewhere.CreateModelAsync("second", cancellationToken: Cancel);
        await Clock.PassAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), Cancel);
        await NextAsync();
        await NextAsync();
        await host.StopAsync(Cancel);
        await host.Services.GetRequiredService<ModelRegistry>().DisposeAsync();

        Assert.Equal([1, 1, 1], new[] { delivered, failed, givenUp }.Select(counter => counter.GetMeasurementSnapshot().Sum(measured => measured.Value)));
    }

    [Fact]
    public async Task Only_the_types_that_were_asked_for_are_delivered()
    {
        ModelRegistry registry = await OpenWithWebhookAsync(o => o.Types = ["mlops.registry.model.deleted"]);
        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);
        await registry.DeleteModelAsync("fraud", cancellationToken: Cancel);

        Assert.Contains("model.deleted", Encoding.UTF8.GetString((await NextAsync()).Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_cannot_be_had_delays_a_delivery_and_stays_out_of_the_log()
    {
        int calls = 0;
        ModelRegistry registry = await OpenWithWebhookAsync(o =>
        {
            o.Secret = null;
            o.GetSecret = _ => ValueTask.FromResult(calls++ switch { 0 => "not-a-secret-but-secret", 1 => throw new IOException("vault://hush"), _ => Secret });
        });
        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);
        await Clock.PassAsync(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6), Cancel);
        await Clock.PassAsync(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(12), Cancel);

        Assert.True(IsGenuine(await NextAsync()));
        Assert.DoesNotContain(Logs, log => $"{log.Message}{log.Exception}".Contains("not-a-secret", StringComparison.Ordinal) || $"{log.Message}{log.Exception}".Contains("hush", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_handler_that_is_used_by_default_follows_no_redirect()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/hook");
        await Store.TakeCursorAsync("webhook:local", Guid.NewGuid(), TimeSpan.FromMilliseconds(1), Cancel);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        ModelRegistry registry = Open(r => r.AddWebhook("local", url, o => o.Secret = Secret));
        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);
        string first = await ServeAsync(listener, $"HTTP/1.1 307 Temporary Redirect\r\nLocation: {url}/elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        // The next request there is at all is the second attempt, at the same place.
        await Clock.PassAsync(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6), Cancel);
        string second = await ServeAsync(listener, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("POST /hook HTTP/1.1", first, StringComparison.Ordinal);
        Assert.StartsWith("POST /hook HTTP/1.1", second, StringComparison.Ordinal);
        Assert.Contains("webhook-signature: v1,", second, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("http://ops.example/hook")]
    [InlineData("ftp://127.0.0.1/hook")]
    [InlineData("https://user:hush@ops.example/hook")]
    [InlineData("/hook")]
    public void A_url_that_others_could_read_or_that_has_a_password_is_refused(string url)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => Open(r => r.AddWebhook("ops", new Uri(url, UriKind.RelativeOrAbsolute), o => o.Secret = Secret)));
        Assert.DoesNotContain("hush", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused()
    {
        foreach (Action<WebhookOptions> wrong in (Action<WebhookOptions>[])[
            o => { },
            o => (o.Secret, o.GetSecret) = (Secret, _ => ValueTask.FromResult(Secret)),
            o => o.Secret = "hush",
            o => o.Secret = "whsec_hush",
            o => (o.Secret, o.Types) = (Secret, ["alias.moved"]),
            o => (o.Secret, o.Timeout) = (Secret, TimeSpan.Zero),
            o => (o.Secret, o.LongestDelay) = (Secret, TimeSpan.FromSeconds(1)),
        ])
            Assert.DoesNotContain("hush", Assert.Throws<ArgumentException>(() => Open(r => r.AddWebhook("ops", Receiver, wrong))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Open(r => r.AddWebhook("ops", Receiver, o => o.Secret = Secret).AddWebhook("ops", Receiver, o => o.Secret = Secret)));
    }

    private static async Task<string> ServeAsync(TcpListener listener, string answer)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync(Cancel);
        await using NetworkStream stream = client.GetStream();
        var request = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (!request.ToString().EndsWith("}}", StringComparison.Ordinal))
            request.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, Cancel)));
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), Cancel);
        return request.ToString();
    }

    private bool IsGenuine(Delivery delivery) => WebhookSignature.Verify(Secret, delivery.Id, delivery.Timestamp, delivery.Signature, delivery.Body, Clock.GetUtcNow());
}
