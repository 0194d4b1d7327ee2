using Microsoft.Extensions.Primitives;

namespace MLOps.Registry.Tests.Serving;

public sealed class WatchTests : IAsyncLifetime
{
    private readonly ServingWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        await _world.RegisterAsync("fraud", ("model.txt", "two"));
        await _world.Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancel);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_token_changes_when_its_uri_names_another_version_and_not_when_anything_else_changes()
    {
        (await _world.Registry.ResolveAsync("fraud@champion", cancellationToken: Cancel)).Dispose();
        IChangeToken token = _world.Registry.Watch("fraud@champion");
        await _world.Registry.SetVersionTagAsync("fraud", 1, "reviewed", "yes", Cancel);
        await _world.Registry.MoveAliasAsync("fraud", "challenger", 2, cancellationToken: Cancel);
        int reads = _world.Store.HeadReads;
        await _world.PassUntilAsync(() => _world.Store.HeadReads > reads + 2);
        Assert.False(token.HasChanged);

        Task changed = ServingWorld.ChangeOf(token);
        await _world.Registry.MoveAliasAsync("fraud", "champion", 2, cancellationToken: Cancel);
        await changed;
        Assert.True(token.HasChanged);
    }

    [Fact]
    public async Task A_change_between_the_last_answer_and_the_token_is_not_missed()
    {
        (await _world.Registry.ResolveAsync("fraud@champion", cancellationToken: Cancel)).Dispose();
        await _world.Registry.MoveAliasAsync("fraud", "champion", 2, cancellationToken: Cancel);
        await ServingWorld.ChangeOf(_world.Registry.Watch("fraud@champion"));
    }

    [Fact]
    public async Task Latest_and_stages_are_watched_too()
    {
        (await _world.Registry.ResolveAsync("fraud/latest", cancellationToken: Cancel)).Dispose();
        Task latest = ServingWorld.ChangeOf(_world.Registry.Watch("fraud/latest"));
        await _world.RegisterAsync("fraud", ("model.txt", "three"));
        await _world.PassUntilAsync(() => latest.IsCompleted);

        await _world.Registry.TransitionStageAsync("fraud", 1, ModelStage.Staging, cancellationToken: Cancel);
        (await _world.Registry.ResolveAsync("fraud/Staging", cancellationToken: Cancel)).Dispose();
        Task stage = ServingWorld.ChangeOf(_world.Registry.Watch("fraud/Staging"));
        await _world.Registry.TransitionStageAsync("fraud", 2, ModelStage.Staging, cancellationToken: Cancel);
        await stage;
    }

    [Fact]
    public void What_never_changes_costs_no_question()
    {
        IChangeToken token = _world.Registry.Watch("fraud/1");
        using IDisposable registration = token.RegisterChangeCallback(_ => Assert.Fail("A number names one version for ever."), null);
        _world.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False(token.HasChanged);
        Assert.Equal(0, _world.Store.HeadReads);
    }

    [Fact]
    public async Task All_tokens_share_one_loop_which_ends_with_the_registry()
    {
        ModelRegistry registry = _world.Open();
        (await registry.ResolveAsync("fraud@champion", cancellationToken: Cancel)).Dispose();
        IChangeToken[] tokens = [.. Enumerable.Range(0, 100).Select(_ => registry.Watch("fraud@champion"))];
        await ServingWorld.UntilAsync(() => _world.Store.HeadReads > 0);
        await registry.DisposeAsync();
        int reads = _world.Store.HeadReads;
        Assert.InRange(reads, 1, 2);
        _world.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(reads, _world.Store.HeadReads);
        Assert.All(tokens, token => Assert.False(token.HasChanged));
        Assert.Throws<ObjectDisposedException>(() => registry.Watch("fraud@champion"));
    }

    [Fact]
    public async Task A_callback_that_fails_does_not_stop_the_others()
    {
        (await _world.Registry.ResolveAsync("fraud@champion", cancellationToken: Cancel)).Dispose();
        using IDisposable bad = _world.Registry.Watch("fraud@champion").RegisterChangeCallback(_ => throw new InvalidOperationException("mine"), null);
        Task changed = ServingWorld.ChangeOf(_world.Registry.Watch("fraud@champion"));
        await _world.Registry.MoveAliasAsync("fraud", "champion", 2, cancellationToken: Cancel);
        await changed;
        Task again = ServingWorld.ChangeOf(_world.Registry.Watch("fraud@champion"));
        await again;
        await ServingWorld.UntilAsync(() => _world.Logs.GetSnapshot().Any(log => log.Id.Id == 2422));
    }
}
