using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace MLOps.Registry.Tests.Serving;

public sealed class ModelCacheTests : IAsyncLifetime
{
    private static readonly string s_big = new('x', 500_000);
    private readonly ServingWorld _world = new(options => options.CacheBytes = 1 << 20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private int Entries => Directory.EnumerateFiles(Path.Join(_world.Cache, "content"), "entry.json", SearchOption.AllDirectories).Count();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task What_is_cached_is_not_downloaded_again_by_this_process_or_another()
    {
        using var hits = new MetricCollector<long>(_world.Meters, "MLOps.Registry", "mlops.registry.cache.hits");
        using var misses = new MetricCollector<long>(_world.Meters, "MLOps.Registry", "mlops.registry.cache.misses");
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        await _world.RegisterAsync("copy", ("model.txt", "one"));
        using ModelFiles first = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel);
        using ModelFiles second = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel);
        using ModelFiles other = await _world.Open().ResolveAsync("copy/1", cancellationToken: Cancel);

        Assert.Equal(first.Folder, second.Folder);
        Assert.Equal(first.Folder, other.Folder);
        Assert.Equal(1, _world.Files.Opened);
        Assert.Equal(1, misses.GetMeasurementSnapshot().EvaluateAsCounter());
        Assert.Equal(2, hits.GetMeasurementSnapshot().EvaluateAsCounter());
    }

    [Fact]
    public async Task Many_who_ask_at_once_share_one_download()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        await _world.CreateUnverifiedAsync("foreign", new Uri(_world.Write(("model.txt", "two"))).AbsoluteUri);
        foreach (string uri in new[] { "fraud/1", "foreign/1" })
        {
            int before = _world.Files.Opened;
            var gate = new TaskCompletionSource();
            _world.Files.Opening = _ => gate.Task;
            Task<ModelFiles>[] all = [.. Enumerable.Range(0, 16).Select(_ => Task.Run(() => _world.Registry.ResolveAsync(uri, cancellationToken: Cancel), Cancel))];
            await ServingWorld.UntilAsync(() => _world.Files.Opened > before);
            gate.SetResult();
            foreach (ModelFiles files in await Task.WhenAll(all))
                files.Dispose();
            Assert.Equal(before + 1, _world.Files.Opened);
        }
    }

    [Fact]
    public async Task A_caller_who_gives_up_leaves_the_download_to_the_next()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var gate = new TaskCompletionSource();
        _world.Files.Opening = _ => gate.Task;
        Task<ModelFiles> first = _world.Registry.ResolveAsync("fraud/1", cancellationToken: impatient.Token);
        await ServingWorld.UntilAsync(() => _world.Files.Opened == 1);
        Task<ModelFiles> second = _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult();
        using ModelFiles files = await second;
        Assert.Equal("one", await File.ReadAllTextAsync(files.GetPath("model.txt"), Cancel));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Join(_world.Cache, "incoming")));
    }

    [Theory]
    [InlineData(true, "evil")]
    [InlineData(false, "evil")]
    [InlineData(true, "longer than before")]
    [InlineData(false, null)]
    public async Task A_cached_file_that_was_changed_is_found_out_and_downloaded_again(bool sameProcess, string? content)
    {
        await _world.RegisterAsync("fraud", ("a.txt", "aaaa"), ("model.txt", "good"));
        ModelRegistry registry = _world.Open();
        string path;
        using (ModelFiles files = await registry.ResolveAsync("fraud/1", cancellationToken: Cancel))
            path = files.GetPath("model.txt");
        File.Delete(path);
        if (content is not null)
            await File.WriteAllTextAsync(path, content, Cancel);

        using ModelFiles repaired = await (sameProcess ? registry : _world.Open()).ResolveAsync("fraud/1", cancellationToken: Cancel);

        Assert.Equal("good", await File.ReadAllTextAsync(repaired.GetPath("model.txt"), Cancel));
        Assert.Contains(_world.Logs.GetSnapshot(), log => log.Id.Id == 2400);
        using ModelFiles others = await registry.ResolveAsync("fraud/1", cancellationToken: Cancel);
        Assert.Equal("good", await File.ReadAllTextAsync(others.GetPath("model.txt"), Cancel));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Join(_world.Cache, "incoming")));
    }

    [Fact]
    public async Task A_file_that_was_only_touched_is_read_and_kept()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "good"));
        using ModelFiles files = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel);
        File.SetLastWriteTimeUtc(files.GetPath("model.txt"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        using ModelFiles again = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel);
        Assert.Equal(1, _world.Files.Opened);
    }

    [Theory]
    [InlineData("entry.json", "{")]
    [InlineData("entry.json", "null")]
    [InlineData("entry.json", null)]
    [InlineData("lock", "")]
    [InlineData("lock", null)]
    public async Task An_entry_that_a_dying_process_left_half_removed_is_replaced(string name, string? content)
    {
        await _world.RegisterAsync("fraud", ("model.txt", "good"));
        string folder;
        await using (ModelRegistry first = _world.Open())
        {
            using ModelFiles files = await first.ResolveAsync("fraud/1", cancellationToken: Cancel);
            folder = Path.GetDirectoryName(files.Folder)!;
        }

        File.Delete(Path.Join(folder, name));
        if (content is not null)
            await File.WriteAllTextAsync(Path.Join(folder, name), content, Cancel);
        using ModelFiles again = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel);
        Assert.Equal("good", await File.ReadAllTextAsync(again.GetPath("model.txt"), Cancel));
        Assert.Equal(1, Entries);
    }

    [Fact]
    public async Task What_was_used_longest_ago_makes_room_and_what_is_in_use_stays_also_for_another_process()
    {
        using var evictions = new MetricCollector<long>(_world.Meters, "MLOps.Registry", "mlops.registry.cache.evictions");
        for (int i = 1; i <= 5; i++)
            await _world.RegisterAsync("fraud", ("model.txt", i + s_big));
        ModelRegistry other = _world.Open();
        using ModelFiles held = await other.ResolveAsync("fraud/1", cancellationToken: Cancel);
        _world.Clock.Advance(TimeSpan.FromMinutes(2));
        using ModelFiles own = await _world.Registry.ResolveAsync("fraud/2", cancellationToken: Cancel);
        for (int i = 3; i <= 5; i++)
        {
            _world.Clock.Advance(TimeSpan.FromMinutes(2));
            (await _world.Registry.ResolveAsync($"fraud/{i}", cancellationToken: Cancel)).Dispose();
        }

        // Both that are held, and the newest, which was in use when room was made.
        Assert.Equal(3, Entries);
        Assert.Equal(2, evictions.GetMeasurementSnapshot().EvaluateAsCounter());
        Assert.Equal('1', (await File.ReadAllTextAsync(held.GetPath("model.txt"), Cancel))[0]);
        Assert.Equal('2', (await File.ReadAllTextAsync(own.GetPath("model.txt"), Cancel))[0]);

        held.Dispose();
        own.Dispose();
        await other.DisposeAsync();
        await _world.RegisterAsync("fraud", ("model.txt", 6 + s_big));
        _world.Clock.Advance(TimeSpan.FromMinutes(2));
        (await _world.Registry.ResolveAsync("fraud/6", cancellationToken: Cancel)).Dispose();
        Assert.Equal(2, Entries);
        Assert.True(Directory.Exists(Path.GetDirectoryName((await _world.Registry.ResolveAsync("fraud/5", cancellationToken: Cancel)).Folder)));
        Assert.Equal(6, _world.Files.Opened);
    }

    [Fact]
    public async Task What_nobody_uses_any_more_stays_pinned_for_a_while_and_is_free_then()
    {
        for (int i = 1; i <= 4; i++)
            await _world.RegisterAsync("fraud", ("model.txt", i + s_big));
        ModelRegistry idle = _world.Open();
        (await idle.ResolveAsync("fraud/1", cancellationToken: Cancel)).Dispose();
        string folder = Path.Join(_world.Cache, "content");
        for (int i = 2; i <= 3; i++)
            (await _world.Registry.ResolveAsync($"fraud/{i}", cancellationToken: Cancel)).Dispose();
        Assert.Contains(Directory.EnumerateFiles(folder, "model.txt", SearchOption.AllDirectories), path => File.ReadAllText(path)[0] == '1');

        _world.Clock.Advance(TimeSpan.FromMinutes(11));
        (await _world.Registry.ResolveAsync("fraud/4", cancellationToken: Cancel)).Dispose();
        Assert.DoesNotContain(Directory.EnumerateFiles(folder, "model.txt", SearchOption.AllDirectories), path => File.ReadAllText(path)[0] == '1');
    }

    [Fact]
    public async Task What_a_dead_process_left_on_the_way_in_is_removed_and_what_a_living_one_fills_is_not()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        await _world.RegisterAsync("fraud", ("model.txt", "two"));
        string incoming = Path.Join(_world.Cache, "incoming");
        var gate = new TaskCompletionSource();
        _world.Files.Opening = _ => gate.Task;
        Task<ModelFiles> filling = _world.Open().ResolveAsync("fraud/1", cancellationToken: Cancel);
        await ServingWorld.UntilAsync(() => _world.Files.Opened == 1);
        _world.Folder.Write("cache/incoming/0123.lock", "");
        _world.Folder.Write("cache/incoming/0123/files/half.bin", "ha");

        _world.Files.Opening = null;
        using ModelFiles files = await _world.Registry.ResolveAsync("fraud/2", cancellationToken: Cancel);
        Assert.False(Directory.Exists(Path.Join(incoming, "0123")));
        Assert.False(File.Exists(Path.Join(incoming, "0123.lock")));
        gate.SetResult();
        using ModelFiles filled = await filling;
        Assert.Equal("one", await File.ReadAllTextAsync(filled.GetPath("model.txt"), Cancel));
        Assert.Empty(Directory.EnumerateFileSystemEntries(incoming));
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_says_so_and_leaves_nothing_half()
    {
        await using ServingWorld world = new(options => options.CacheFolder = "/dev/full/models");
        await world.RegisterAsync("fraud", ("model.txt", "one"));
        IOException e = await Assert.ThrowsAsync<IOException>(() => world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel));
        Assert.Contains("CacheFolder", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cache_is_this_users_alone_and_its_files_are_read_only()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes.");
            return;
        }

        await _world.RegisterAsync("fraud", ("sub/model.txt", "one"));
        using ModelFiles files = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_world.Cache));
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(files.GetPath("sub/model.txt")));
    }

    [Fact]
    public async Task Many_registries_with_a_small_cache_never_see_a_file_that_is_not_whole()
    {
        int seed = Environment.TickCount, rounds = TestLength.Of(60, 1000);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        for (int i = 1; i <= 6; i++)
            await _world.RegisterAsync("fraud", ("a.txt", $"{i}"), ("model.txt", i + s_big));
        ModelRegistry[] registries = [.. Enumerable.Range(0, 4).Select(_ => _world.Open())];
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (worker, token) =>
        {
            var random = new Random(seed + worker);
            for (int round = 0; round < rounds; round++)
            {
                int number = random.Next(1, 7);
                using ModelFiles files = await registries[worker / 2].ResolveAsync($"fraud/{number}", cancellationToken: token);
                string text = await File.ReadAllTextAsync(files.GetPath("model.txt"), token);
                Assert.Equal(s_big.Length + 1, text.Length);
                Assert.Equal((char)('0' + number), text[0]);
            }
        });
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Join(_world.Cache, "incoming")));
    }
}
