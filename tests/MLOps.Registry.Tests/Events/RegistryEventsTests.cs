using System.Text;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using MLOps.Registry.Events;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Events;

public sealed class RegistryEventsTests : EventsTest
{
    private readonly Channel<CloudEvent> _told = Channel.CreateUnbounded<CloudEvent>();

    [Fact]
    public async Task A_handler_hears_what_changes_from_its_subscription_on_in_order()
    {
        ModelRegistry registry = Open();
        await registry.CreateModelAsync("before", cancellationToken: Cancel);
        using IDisposable subscription = await registry.Events.SubscribeAsync(TellAsync, Cancel);
        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);
        await registry.SetModelTagAsync("fraud", "team", "risk", Cancel);

        Assert.Equal(["mlops.registry.model.created", "mlops.registry.model.tag.set"], [(await ToldAsync()).Type, (await ToldAsync()).Type]);
    }

    [Fact]
    public async Task An_event_has_the_form_of_cloud_events()
    {
        ModelRegistry registry = Open(r => r.UseActors(new Ada()));
        using IDisposable subscription = await registry.Events.SubscribeAsync(TellAsync, Cancel);
        await registry.CreateModelAsync("fraud é", "d", cancellationToken: Cancel);

        CloudEvent told = await ToldAsync();
        Assert.Equal(
            """{"specversion":"1.0","id":"122bf38af5f95e3c/1","source":"example.com/models","type":"mlops.registry.model.created","subject":"models/fraud%20%C3%A9","time":"2026-01-02T03:04:05.000Z","sequence":"1","actor":"ada","datacontenttype":"application/json","data":{"event":"model.created","name":"fraud \u00E9","description":"d","tags":{}}}""",
            Encoding.UTF8.GetString(told.ToJson()));
        Assert.IsType<RegistryEvent.ModelCreated>(told.Event.Change);
    }

    [Fact]
    public void Types_are_those_of_all_events() =>
        Assert.Equal(
            typeof(RegistryEvent).GetCustomAttributes(typeof(JsonDerivedTypeAttribute), false).Select(kind => $"mlops.registry.{((JsonDerivedTypeAttribute)kind).TypeDiscriminator}").Order(),
            CloudEvent.Types.Order());

    [Fact]
    public async Task What_another_process_changes_is_heard_within_the_interval()
    {
        ModelRegistry here = Open(), there = Open();
        using IDisposable subscription = await here.Events.SubscribeAsync(TellAsync, Cancel);
        await there.CreateModelAsync("fraud", cancellationToken: Cancel);
        await Clock.PassAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), Cancel);

        Assert.Equal("models/fraud", (await ToldAsync()).Subject);
    }

    [Fact]
    public async Task A_subject_has_the_name_that_the_model_had_then()
    {
        ModelRegistry here = Open(), there = Open();
        await there.CreateModelAsync("fraud", cancellationToken: Cancel);
        using IDisposable subscription = await here.Events.SubscribeAsync(TellAsync, Cancel);

        // All of this has happened before the first event is read.
        await there.SetModelTagAsync("fraud", "a", "b", Cancel);
        await there.RenameModelAsync("fraud", "fraud-2", Cancel);
        await there.SetModelTagAsync("fraud-2", "a", "c", Cancel);
        await there.DeleteModelAsync("fraud-2", cancellationToken: Cancel);
        await Clock.PassAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), Cancel);

        Assert.Equal(
            ["models/fraud", "models/fraud-2", "models/fraud-2", "models/fraud-2"],
            [(await ToldAsync()).Subject, (await ToldAsync()).Subject, (await ToldAsync()).Subject, (await ToldAsync()).Subject]);
    }

    [Fact]
    public async Task A_handler_that_fails_is_logged_and_disturbs_neither_itself_nor_others()
    {
        ModelRegistry registry = Open();
        int calls = 0;
        using IDisposable failing = await registry.Events.SubscribeAsync((_, _) => ++calls > 0 ? throw new InvalidOperationException("no") : ValueTask.CompletedTask, Cancel);
        using IDisposable subscription = await registry.Events.SubscribeAsync(TellAsync, Cancel);
        for (int i = 0; i < 3; i++)
            await registry.CreateModelAsync($"m{i}", cancellationToken: Cancel);

        for (int i = 0; i < 3; i++)
            Assert.Equal($"models/m{i}", (await ToldAsync()).Subject);
        await registry.DisposeAsync();
        Assert.Equal(3, calls);
        Assert.Equal(3, Logs.Count(log => log.Level == LogLevel.Error && log.Id.Id == 2300));
    }

    [Fact]
    public async Task A_disposed_subscription_hears_nothing_more()
    {
        ModelRegistry registry = Open();
        int calls = 0;
        IDisposable gone = await registry.Events.SubscribeAsync(
            (_, _) =>
            {
                calls++;
                return ValueTask.CompletedTask;
            },
            Cancel);
        gone.Dispose();
        using IDisposable subscription = await registry.Events.SubscribeAsync(TellAsync, Cancel);
        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);
        await ToldAsync();

        Assert.Equal(0, calls);
    }

    [Fact]
    public async Task A_store_that_fails_delays_events_and_loses_none()
    {
        ModelRegistry registry = Open();
        using IDisposable subscription = await registry.Events.SubscribeAsync(TellAsync, Cancel);
        int failures = 2;
        Lies.BeforeRead = () => failures-- > 0 ? throw new RegistryStoreException("away", isTransient: true) : Task.CompletedTask;
        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);
        while (!_told.Reader.TryPeek(out _))
            await Task.WhenAny(Clock.PassAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), Cancel), _told.Reader.WaitToReadAsync(Cancel).AsTask());

        Assert.Equal("models/fraud", (await ToldAsync()).Subject);
        Assert.Contains(Logs, log => log.Id.Id == 2301);
    }

    [Fact]
    public async Task Disposing_the_registry_cancels_handlers_and_ends_subscriptions()
    {
        ModelRegistry registry = Open();
        var called = new TaskCompletionSource();
        using IDisposable waiting = await registry.Events.SubscribeAsync(
            async (_, cancel) =>
            {
                called.SetResult();
                await Task.Delay(Timeout.Infinite, cancel);
            },
            Cancel);
        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);
        await called.Task.WaitAsync(Cancel);

        await registry.DisposeAsync();
        Assert.DoesNotContain(Logs, log => log.Level >= LogLevel.Warning);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await registry.Events.SubscribeAsync(TellAsync, Cancel));
    }

    private ValueTask TellAsync(CloudEvent told, CancellationToken cancellationToken) => _told.Writer.WriteAsync(told, cancellationToken);

    private async Task<CloudEvent> ToldAsync() => await _told.Reader.ReadAsync(Cancel);

    private sealed class Ada : IActorProvider
    {
        public string GetActor() => "ada";
    }
}
