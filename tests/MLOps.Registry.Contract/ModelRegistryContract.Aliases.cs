using System.Collections.Concurrent;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class ModelRegistryContract
{
    [Theory]
    [MemberData(nameof(IllegalAliases))]
    public async Task An_alias_that_is_not_legal_points_nowhere(string alias)
    {
        await RegisterAsync();
        string before = await ReadAllAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => Registry.MoveAliasAsync("fraud", alias, 1, cancellationToken: Cancellation));
        Assert.Equal(before, await ReadAllAsync());
        Assert.False(await Registry.RemoveAliasAsync("fraud", alias, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_stale_expectation_moves_nothing_and_learns_both_versions()
    {
        Needs(RegistryCapabilities.AtomicCommit);
        await RegisterAsync(count: 3);
        await AssertConflictAsync(1, 0, () => Registry.MoveAliasAsync("fraud", "champion", 2, expected: 1, cancellationToken: Cancellation));
        await Registry.MoveAliasAsync("fraud", "champion", 2, expected: 0, cancellationToken: Cancellation);
        string before = await ReadAllAsync();

        await AssertConflictAsync(0, 2, () => Registry.MoveAliasAsync("fraud", "champion", 3, expected: 0, cancellationToken: Cancellation));
        await AssertConflictAsync(1, 2, () => Registry.MoveAliasAsync("fraud", "champion", 3, expected: 1, cancellationToken: Cancellation));
        await AssertConflictAsync(1, 2, () => Registry.MoveAliasAsync("fraud", "champion", 2, expected: 1, cancellationToken: Cancellation));
        await AssertConflictAsync(3, 2, () => Registry.RemoveAliasAsync("fraud", "champion", expected: 3, cancellationToken: Cancellation));
        await AssertConflictAsync(3, 2, () => Registry.RollbackAsync("fraud", "champion", expected: 3, cancellationToken: Cancellation));
        await AssertConflictAsync(1, 0, () => Registry.RemoveAliasAsync("fraud", "challenger", expected: 1, cancellationToken: Cancellation), "challenger");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Registry.MoveAliasAsync("fraud", "champion", 3, expected: -1, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Registry.RemoveAliasAsync("fraud", "champion", expected: -1, cancellationToken: Cancellation));

        Assert.Equal(before, await ReadAllAsync());
        Assert.True(await Registry.RemoveAliasAsync("fraud", "champion", expected: 2, cancellationToken: Cancellation));
        await Registry.MoveAliasAsync("fraud", "champion", 3, expected: 0, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task What_a_move_returns_is_what_is_read_afterwards()
    {
        await RegisterAsync(count: 2);
        Clock.Advance(TimeSpan.FromTicks(12_345));
        await Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancellation);
        ModelAlias moved = await Registry.MoveAliasAsync("fraud", "champion", 2, reason: "better", cancellationToken: Cancellation);

        ModelAlias read = (await Registry.GetModelAsync("fraud", Cancellation)).FindAlias("champion")!;
        Assert.Equal(RegistryContract.Describe(read), RegistryContract.Describe(moved));
        Assert.Equal((2, "better", Ann), (read.Version, read.Reason, read.MovedBy));
    }

    [Fact]
    public async Task An_alias_that_is_not_there_says_so()
    {
        await RegisterAsync();
        await Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancellation);

        foreach (string alias in (string[])["Champion", "challenger", "v1", "", "a/b"])
            Assert.Equal(("fraud", alias), await Assert.ThrowsAsync<AliasNotFoundException>(() => Registry.GetVersionAsync("fraud", alias, Cancellation)) is var missing ? (missing.Model, missing.Alias) : default);
    }

    /// <summary>Writers take turns by compare-and-set only: every move that was told done is in the alias's history, and nothing else.</summary>
    [Fact]
    public async Task Of_many_who_swap_an_alias_every_one_is_accounted_for()
    {
        Needs(RegistryCapabilities.AtomicCommit | RegistryCapabilities.Audit);
        await RegisterAsync(count: 5);
        ModelRegistry other = Open("bob", await OpenAnotherAsync());
        int moves = TestLength.Of(20, 200);
        ConcurrentBag<(int From, int To)> done = [];
        int refused = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(async () =>
        {
            ModelRegistry registry = writer % 2 == 0 ? Registry : other;
            Random random = new(writer);
            for (int i = 0; i < moves; i++)
            {
                int from = (await registry.GetModelAsync("fraud", Cancellation)).FindAlias("champion")?.Version ?? 0;
                int to = (from % 5) + 1;
                await Task.Yield();
                try
                {
                    await registry.MoveAliasAsync("fraud", "champion", to, from, cancellationToken: Cancellation);
                    done.Add((from, to));
                }
                catch (AliasConflictException conflict)
                {
                    Assert.NotEqual(conflict.Expected, conflict.Actual);
                    Interlocked.Increment(ref refused);
                }
            }
        })));

        IReadOnlyList<AliasChange> history = await Registry.GetAliasHistoryAsync("fraud", "champion", Cancellation);
        Assert.Equal(6 * moves, done.Count + refused);
        Assert.Equal(done.Order(), history.Select(change => (change.From ?? 0, change.To!.Value)).Order());
        Assert.All(history.Zip(history.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
        Assert.Equal(history[^1].To, (await Registry.GetVersionAsync("fraud", "champion", Cancellation)).Number);
    }

    [Fact]
    public async Task Of_many_who_register_each_gets_a_number_of_its_own()
    {
        Needs(RegistryCapabilities.AtomicCommit);
        ModelRegistry other = Open("bob", await OpenAnotherAsync());
        ConcurrentBag<int> numbers = [];
        await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
                numbers.Add((await (writer % 2 == 0 ? Registry : other).RegisterAsync("fraud", ModelContent.FromUri("s3://x"), cancellationToken: Cancellation)).Number);
        })));

        Assert.Equal(Enumerable.Range(1, 60), numbers.Order());
        Assert.Equal(60, (await GetModelAsync("fraud")).LastNumber);
    }

    [Fact]
    public async Task Of_many_who_change_a_model_none_is_lost()
    {
        Needs(RegistryCapabilities.AtomicCommit);
        await RegisterAsync();
        ModelRegistry other = Open("bob", await OpenAnotherAsync());
        await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
                await (writer % 2 == 0 ? Registry : other).SetVersionTagAsync("fraud", 1, $"{writer}-{i}", "v", Cancellation);
        })));

        Assert.Equal(60, (await GetVersionAsync(1)).Tags.Count);
        Assert.Equal(61, (await GetModelAsync("fraud")).Revision);
    }

    private static async Task AssertConflictAsync(int expected, int actual, Func<Task> call, string alias = "champion")
    {
        AliasConflictException conflict = await Assert.ThrowsAsync<AliasConflictException>(call);
        Assert.Equal(("fraud", alias, expected, actual), (conflict.Model, conflict.Alias, conflict.Expected, conflict.Actual));
    }
}
