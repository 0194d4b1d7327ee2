using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using MLOps.Registry.Serving;

namespace MLOps.Registry.Tests.Serving;

public sealed class ModelSourceTests : IAsyncLifetime
{
    private readonly ServingWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        await _world.RegisterAsync("fraud", ("model.txt", "two"));
        await _world.RegisterAsync("fraud", ("model.txt", "bad"));
        await MoveAsync(1);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_move_of_the_alias_swaps_the_model_and_the_old_one_goes_with_its_last_lease()
    {
        using var swaps = new MetricCollector<long>(_world.Meters, "MLOps.Registry", "mlops.model.swaps");
        await using ModelSource<FakeModel> source = await OpenAsync();
        ModelLease<FakeModel> early = source.Acquire(), second = source.Acquire();
        Task changed = ServingWorld.ChangeOf(source.GetChangeToken());

        await MoveAsync(2);
        await changed;

        using (ModelLease<FakeModel> late = source.Acquire())
        {
            Assert.Equal("two", late.Model.Predict());
            Assert.Equal(2, late.Version!.Number);
        }

        Assert.Equal(2, source.Version!.Number);
        Assert.Equal("one", early.Model.Predict());
        Assert.Equal(1, early.Version!.Number);
        FakeModel old = early.Model;
        early.Dispose();
        early.Dispose();
        Assert.Equal(0, old.Disposals);
        Assert.Equal("one", second.Model.Predict());
        second.Dispose();
        await old.Disposed.WaitAsync(Cancel);
        Assert.Equal(1, old.Disposals);
        Assert.Equal(1, swaps.GetMeasurementSnapshot().EvaluateAsCounter());
        Assert.Single(_world.Logs.GetSnapshot(), log => log.Id.Id == 2430 && log.Level == LogLevel.Information && log.Message.Contains("version 1 gave way to version 2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_move_by_another_process_is_seen_within_the_interval()
    {
        ModelRegistry other = _world.Open();
        await using ModelSource<FakeModel> source = await OpenAsync();
        await other.MoveAliasAsync("fraud", "champion", 2, cancellationToken: Cancel);
        await _world.PassUntilAsync(() => source.Version!.Number == 2);
    }

    [Fact]
    public async Task A_version_that_cannot_be_loaded_keeps_the_old_one_and_says_so()
    {
        using var failures = new MetricCollector<long>(_world.Meters, "MLOps.Registry", "mlops.model.load.failures");
        await using ModelSource<FakeModel> source = await OpenAsync();
        var served = (IServedModel)source;

        await MoveAsync(3);
        await ServingWorld.UntilAsync(() => served.Failure is InvalidDataException);
        using (ModelLease<FakeModel> lease = source.Acquire())
            Assert.Equal("one", lease.Model.Predict());
        Assert.Contains(_world.Logs.GetSnapshot(), log => log.Id.Id == 2431 && log.Level == LogLevel.Error && log.Exception is InvalidDataException);

        // It is tried again, later and later.
        await _world.PassUntilAsync(() => failures.GetMeasurementSnapshot().EvaluateAsCounter() >= 3);
        Assert.Equal(1, source.Version!.Number);

        await MoveAsync(2);
        await ServingWorld.UntilAsync(() => source.Version!.Number == 2);
        Assert.Null(served.Failure);
    }

    [Fact]
    public async Task An_alias_that_moves_back_heals_without_a_load()
    {
        int loads = 0;
        await using ModelSource<FakeModel> source = await OpenAsync(load: (files, token) =>
        {
            Interlocked.Increment(ref loads);
            return FakeModel.LoadAsync(files, token);
        });
        var served = (IServedModel)source;
        await MoveAsync(3);
        await ServingWorld.UntilAsync(() => served.Failure is not null);
        int before = Volatile.Read(ref loads);
        await MoveAsync(1);
        await ServingWorld.UntilAsync(() => served.Failure is null);
        Assert.Equal(before, Volatile.Read(ref loads));
    }

    [Fact]
    public async Task An_alias_that_moves_on_gives_up_the_load_that_is_pending()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        FakeModel? unwanted = null;
        await using ModelSource<FakeModel> source = await OpenAsync(load: async (files, token) =>
        {
            FakeModel model = await FakeModel.LoadAsync(files, token);
            if (files.Version!.Number != 2)
                return model;
            unwanted = model;
            begun.SetResult();
            var cancelled = new TaskCompletionSource();
            token.Register(cancelled.SetResult);
            await cancelled.Task;

            // A loader that does not care for the token.
            return model;
        });
        await MoveAsync(2);
        await begun.Task.WaitAsync(Cancel);
        await MoveAsync(1);
        await unwanted!.Disposed.WaitAsync(Cancel);
        Assert.Equal(1, source.Version!.Number);
        Assert.Null(((IServedModel)source).Failure);
        using ModelLease<FakeModel> lease = source.Acquire();
        Assert.Equal("one", lease.Model.Predict());
    }

    [Fact]
    public async Task Without_a_model_the_source_does_not_open_unless_that_is_allowed()
    {
        await MoveAsync(3);
        await Assert.ThrowsAsync<InvalidDataException>(() => OpenAsync());
        await using ModelSource<FakeModel> source = await OpenAsync(new ModelSourceOptions { AllowNone = true });
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => source.Acquire());
        Assert.Contains("This is no model.", e.Message, StringComparison.Ordinal);
        Assert.Null(source.Version);

        await MoveAsync(2);
        await ServingWorld.UntilAsync(() => source.Version?.Number == 2);
    }

    [Fact]
    public async Task A_source_that_waits_for_a_model_to_be_made_finds_it()
    {
        await using ModelSource<FakeModel> source = await _world.Registry.OpenModelAsync("new@champion", FakeModel.LoadAsync, new ModelSourceOptions { AllowNone = true }, Cancel);
        await _world.RegisterAsync("new", ("model.txt", "one"));
        await _world.Registry.MoveAliasAsync("new", "champion", 1, cancellationToken: Cancel);
        await ServingWorld.UntilAsync(() => source.Version?.Number == 1);
    }

    [Fact]
    public async Task While_the_registry_is_away_the_model_serves_and_it_follows_again_afterwards()
    {
        await using ModelSource<FakeModel> source = await OpenAsync();
        var served = (IServedModel)source;
        _world.Store.IsAway = true;
        await _world.PassUntilAsync(() => served.IsOffline);
        int reads = _world.Store.HeadReads;
        await _world.PassUntilAsync(() => _world.Store.HeadReads > reads + 5);
        using (ModelLease<FakeModel> lease = source.Acquire())
            Assert.Equal("one", lease.Model.Predict());
        Assert.Single(_world.Logs.GetSnapshot(), log => log.Id.Id == 2420);

        _world.Store.IsAway = false;
        await MoveAsync(2);
        await _world.PassUntilAsync(() => source.Version!.Number == 2);
        await _world.PassUntilAsync(() => !served.IsOffline);
    }

    [Fact]
    public async Task A_start_while_the_registry_is_away_takes_the_last_known_version_and_heals()
    {
        (await _world.Registry.ResolveAsync("fraud@champion", cancellationToken: Cancel)).Dispose();
        _world.Store.IsAway = true;
        await using ModelSource<FakeModel> source = await _world.Open().OpenModelAsync("fraud@champion", FakeModel.LoadAsync, cancellationToken: Cancel);
        Assert.Equal(1, source.Version!.Number);
        Assert.True(((IServedModel)source).IsOffline);
        _world.Store.IsAway = false;
        await _world.PassUntilAsync(() => !((IServedModel)source).IsOffline);
        Assert.Null(((IServedModel)source).Failure);
    }

    [Fact]
    public async Task New_files_that_are_out_of_reach_keep_the_old_model()
    {
        await using ModelSource<FakeModel> source = await OpenAsync();
        _world.Files.IsAway = true;
        await MoveAsync(2);
        await ServingWorld.UntilAsync(() => ((IServedModel)source).Failure is not null);
        Assert.Equal(1, source.Version!.Number);
        _world.Files.IsAway = false;
        await _world.PassUntilAsync(() => source.Version!.Number == 2);
    }

    [Fact]
    public async Task An_alias_that_is_removed_leaves_the_model_in_service()
    {
        await using ModelSource<FakeModel> source = await OpenAsync();
        await _world.Registry.RemoveAliasAsync("fraud", "champion", cancellationToken: Cancel);
        await ServingWorld.UntilAsync(() => ((IServedModel)source).Failure is AliasNotFoundException);
        using (ModelLease<FakeModel> lease = source.Acquire())
            Assert.Equal("one", lease.Model.Predict());
        await MoveAsync(2);
        await ServingWorld.UntilAsync(() => source.Version!.Number == 2);
    }

    [Fact]
    public async Task A_closed_source_gives_nothing_and_disposes_its_model_with_the_last_lease()
    {
        ModelSource<FakeModel> source = await OpenAsync();
        ModelLease<FakeModel> lease = source.Acquire();
        await source.DisposeAsync();
        await source.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => source.Acquire());
        Assert.Equal("one", lease.Model.Predict());
        lease.Dispose();
        await lease.Model.Disposed.WaitAsync(Cancel);
        Assert.Equal(1, lease.Model.Disposals);

        ModelSource<FakeModel> idle = await OpenAsync();
        FakeModel model;
        using (ModelLease<FakeModel> brief = idle.Acquire())
            model = brief.Model;
        await idle.DisposeAsync();
        Assert.Equal(1, model.Disposals);
    }

    [Fact]
    public async Task A_source_that_outlives_its_registry_serves_what_it_has_and_tries_nothing_more()
    {
        ModelRegistry registry = _world.Open();
        await using ModelSource<FakeModel> source = await registry.OpenModelAsync("fraud@champion", FakeModel.LoadAsync, cancellationToken: Cancel);
        await registry.MoveAliasAsync("fraud", "champion", 3, cancellationToken: Cancel);
        await ServingWorld.UntilAsync(() => ((IServedModel)source).Failure is not null);
        await registry.DisposeAsync();
        int logged = _world.Logs.Count;
        for (int i = 0; i < 100; i++)
        {
            _world.Clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        using (ModelLease<FakeModel> lease = source.Acquire())
            Assert.Equal("one", lease.Model.Predict());
        await source.DisposeAsync();
        Assert.Equal(logged, _world.Logs.Count);
    }

    [Fact]
    public async Task A_model_in_use_keeps_its_files_in_the_cache()
    {
        await using ServingWorld small = new(options => options.CacheBytes = 1 << 20);
        await small.RegisterAsync("big", ("model.txt", new string('a', 900_000)));
        await small.RegisterAsync("big", ("model.txt", new string('b', 900_000)));
        await using ModelSource<string> source = await small.Registry.OpenModelAsync("big/1", (files, _) => ValueTask.FromResult(files.GetPath("model.txt")), cancellationToken: Cancel);
        (await small.Open().ResolveAsync("big/2", cancellationToken: Cancel)).Dispose();
        small.Clock.Advance(TimeSpan.FromHours(1));
        await small.RegisterAsync("big", ("model.txt", new string('c', 900_000)));
        (await small.Open().ResolveAsync("big/3", cancellationToken: Cancel)).Dispose();
        using ModelLease<string> lease = source.Acquire();
        Assert.True(File.Exists(lease.Model));
    }

    [Fact]
    public async Task No_lease_ever_holds_a_model_that_is_disposed_and_every_model_is_disposed_once()
    {
        int seed = Environment.TickCount, swaps = TestLength.Of(60, 1000);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var models = new ConcurrentBag<FakeModel>();
        await using ModelSource<FakeModel> source = await OpenAsync(load: async (files, token) =>
        {
            FakeModel model = await FakeModel.LoadAsync(files, token);
            models.Add(model);
            return model;
        });
        using var done = new CancellationTokenSource();
        long leases = 0;
        Task[] users = [.. Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            var random = new Random(seed + worker);
            var held = new Queue<ModelLease<FakeModel>>();
            while (!done.IsCancellationRequested)
            {
                held.Enqueue(source.Acquire());
                foreach (ModelLease<FakeModel> lease in held)
                    Assert.Equal(lease.Version!.Number == 1 ? "one" : "two", lease.Model.Predict());
                while (held.Count > random.Next(0, 8))
                    held.Dequeue().Dispose();
                Interlocked.Increment(ref leases);
                if (random.Next(64) == 0)
                    Thread.Yield();
            }

            foreach (ModelLease<FakeModel> lease in held)
                lease.Dispose();
        }, Cancel))];
        for (int i = 0; i < swaps; i++)
        {
            int target = (i % 2) + 1 == 1 ? 2 : 1;
            Task changed = ServingWorld.ChangeOf(source.GetChangeToken());
            await MoveAsync(target);
            await changed;
        }

        await done.CancelAsync();
        await Task.WhenAll(users);
        await source.DisposeAsync();
        foreach (FakeModel model in models)
            await model.Disposed.WaitAsync(Cancel);
        Assert.All(models, model => Assert.Equal(1, model.Disposals));
        Assert.Equal(swaps + 1, models.Count);
        Assert.True(leases > swaps);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(49)]
    [InlineData(86_400_001)]
    public void A_retry_interval_out_of_range_is_refused(int milliseconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ModelSourceOptions { RetryInterval = TimeSpan.FromMilliseconds(milliseconds) });

    private Task<ModelAlias> MoveAsync(int version) => _world.Registry.MoveAliasAsync("fraud", "champion", version, cancellationToken: Cancel);

    private Task<ModelSource<FakeModel>> OpenAsync(ModelSourceOptions? options = null, Func<ModelFiles, CancellationToken, ValueTask<FakeModel>>? load = null) =>
        _world.Registry.OpenModelAsync("fraud@champion", load ?? FakeModel.LoadAsync, options, Cancel);
}
