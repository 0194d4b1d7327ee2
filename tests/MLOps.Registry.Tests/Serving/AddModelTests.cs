using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace MLOps.Registry.Tests.Serving;

public sealed class AddModelTests : IAsyncLifetime
{
    private readonly ServingWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        await _world.RegisterAsync("fraud", ("model.txt", "two"));
        await _world.RegisterAsync("fraud", ("model.txt", "bad"));
        await _world.Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancel);
        await _world.Registry.MoveAliasAsync("fraud", "challenger", 2, cancellationToken: Cancel);
        await _world.Registry.MoveAliasAsync("fraud", "broken", 3, cancellationToken: Cancel);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_host_loads_its_models_before_its_services_start_and_closes_them_after_they_stopped()
    {
        string? seenAtStart = null, seenAtStop = null;
        IHost host = Build(services => services
            .AddHostedService(provider => new Probe(
                () => seenAtStart = Predict(provider.GetRequiredService<IModelSource<FakeModel>>()),
                () => seenAtStop = Predict(provider.GetRequiredService<IModelSource<FakeModel>>())))
            .AddModel("fraud@champion", FakeModel.LoadAsync));
        var source = host.Services.GetRequiredService<IModelSource<FakeModel>>();
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => source.Acquire());
        Assert.Contains("host", e.Message, StringComparison.Ordinal);

        await host.StartAsync(Cancel);
        Assert.Equal("one", seenAtStart);
        FakeModel model;
        using (ModelLease<FakeModel> lease = source.Acquire())
            model = lease.Model;
        await host.StopAsync(Cancel);
        Assert.Equal("one", seenAtStop);
        Assert.Equal(1, model.Disposals);
        Assert.Throws<ObjectDisposedException>(() => source.Acquire());
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.Equal(1, model.Disposals);
    }

    [Fact]
    public async Task Several_models_of_one_type_stand_side_by_side_under_their_uris()
    {
        IHost host = Build(services => services
            .AddSingleton("a prefix")
            .AddModel("fraud@champion", FakeModel.LoadAsync)
            .AddModel("fraud@challenger", FakeModel.LoadAsync)
            .AddModel("fraud/2", async (provider, files, token) => provider.GetRequiredService<string>() + await File.ReadAllTextAsync(files.GetPath("model.txt"), token)));
        await host.StartAsync(Cancel);
        Assert.Equal("one", Predict(host.Services.GetRequiredKeyedService<IModelSource<FakeModel>>("fraud@champion")));
        Assert.Equal("two", Predict(host.Services.GetRequiredKeyedService<IModelSource<FakeModel>>("fraud@challenger")));
        Assert.Equal(2, host.Services.GetServices<IModelSource<FakeModel>>().Count());
        using (ModelLease<string> lease = host.Services.GetRequiredService<IModelSource<string>>().Acquire())
            Assert.Equal("a prefixtwo", lease.Model);
        await host.StopAsync(Cancel);
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    [Fact]
    public void The_same_model_twice_and_what_is_no_uri_are_refused()
    {
        var services = new ServiceCollection();
        services.AddModel("fraud@champion", FakeModel.LoadAsync);
        Assert.Throws<InvalidOperationException>(() => services.AddModel("fraud@champion", FakeModel.LoadAsync));
        Assert.Throws<ArgumentException>(() => services.AddModel("fraud", FakeModel.LoadAsync));
    }

    [Fact]
    public async Task A_host_does_not_start_without_its_model()
    {
        IHost host = Build(services => services.AddModel("fraud@broken", FakeModel.LoadAsync));
        await Assert.ThrowsAsync<InvalidDataException>(() => host.StartAsync(Cancel));
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    [Fact]
    public async Task Health_tells_what_serves_and_what_does_not()
    {
        IHost host = Build(services => services
            .AddModel("fraud@champion", FakeModel.LoadAsync)
            .AddModel("fraud@broken", FakeModel.LoadAsync, new ModelSourceOptions { AllowNone = true }));
        var check = ActivatorUtilities.CreateInstance<ModelHealthCheck>(host.Services);
        await host.StartAsync(Cancel);

        HealthCheckResult none = await CheckAsync();
        Assert.Equal(HealthStatus.Unhealthy, none.Status);
        Assert.Equal("This is no model.", none.Data["models:/fraud@broken error"]);
        Assert.Equal(1, none.Data["models:/fraud@champion version"]);
        Assert.True(none.Data.ContainsKey("models:/fraud@champion loaded at"));

        await _world.Registry.MoveAliasAsync("fraud", "broken", 2, cancellationToken: Cancel);
        await _world.PassUntilAsync(() => CheckAsync().Result.Status == HealthStatus.Healthy);

        await _world.Registry.MoveAliasAsync("fraud", "champion", 3, cancellationToken: Cancel);
        await _world.PassUntilAsync(() => CheckAsync().Result.Status == HealthStatus.Degraded);
        HealthCheckResult degraded = await CheckAsync();
        Assert.Equal(1, degraded.Data["models:/fraud@champion version"]);
        Assert.Equal("This is no model.", degraded.Data["models:/fraud@champion error"]);

        await _world.Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancel);
        await _world.PassUntilAsync(() => CheckAsync().Result.Status == HealthStatus.Healthy);
        _world.Store.IsAway = true;
        await _world.PassUntilAsync(() => CheckAsync().Result.Status == HealthStatus.Degraded);
        Assert.Contains("away", (await CheckAsync()).Description, StringComparison.Ordinal);
        await ((IAsyncDisposable)host).DisposeAsync();

        Task<HealthCheckResult> CheckAsync() => check.CheckHealthAsync(new HealthCheckContext { Registration = new HealthCheckRegistration("models", check, HealthStatus.Unhealthy, tags: null) }, Cancel);
    }

    private static string Predict(IModelSource<FakeModel> source)
    {
        using ModelLease<FakeModel> lease = source.Acquire();
        return lease.Model.Predict();
    }

    private IHost Build(Action<IServiceCollection> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMLOpsRegistry(_world.Describe);
        configure(builder.Services);
        return builder.Build();
    }

    private sealed class Probe(Action start, Action stop) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            start();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            stop();
            return Task.CompletedTask;
        }
    }
}
