using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class RegistryStoreContract
{
    private static readonly TimeSpan s_hold = TimeSpan.FromSeconds(30);
    private static readonly Guid s_one = Guid.NewGuid();
    private static readonly Guid s_two = Guid.NewGuid();

    [Fact]
    public async Task A_new_cursor_begins_at_the_end_of_the_log()
    {
        Needs(RegistryCapabilities.Cursors);
        Assert.Equal(0, await TakeAsync("empty", s_one));
        await MakeModelAsync("fraud", Version(1));

        Assert.Equal(2, await TakeAsync("hooks", s_one));
        Assert.Equal(0, await TakeAsync("empty", s_one));
    }

    [Fact]
    public async Task A_cursor_is_held_by_one_until_its_time_is_over()
    {
        Needs(RegistryCapabilities.Cursors);
        Assert.NotNull(await TakeAsync("hooks", s_one));
        Assert.Null(await TakeAsync("hooks", s_two));
        Assert.NotNull(await TakeAsync("Hooks", s_two));

        Clock.Advance(s_hold - TimeSpan.FromMilliseconds(1));
        Assert.Null(await TakeAsync("hooks", s_two));
        Assert.NotNull(await TakeAsync("hooks", s_one));

        Clock.Advance(s_hold - TimeSpan.FromMilliseconds(1));
        await ReopenAsync();
        Assert.Null(await TakeAsync("hooks", s_two));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotNull(await TakeAsync("hooks", s_two));
        Assert.Null(await TakeAsync("hooks", s_one));
    }

    [Fact]
    public async Task Only_its_holder_moves_a_cursor_and_it_stays_where_it_was_moved()
    {
        Needs(RegistryCapabilities.Cursors);
        Assert.False(await MoveAsync("hooks", s_one, 5));
        await TakeAsync("hooks", s_one);
        Assert.True(await MoveAsync("hooks", s_one, 5));
        Assert.False(await MoveAsync("hooks", s_two, 9));
        Assert.False(await MoveAsync("other", s_one, 9));
        Assert.Equal(5, await TakeAsync("hooks", s_one));

        Clock.Advance(s_hold);
        Assert.False(await MoveAsync("hooks", s_one, 9));
        await ReopenAsync();
        Assert.Equal(5, await TakeAsync("hooks", s_two));
        Assert.False(await MoveAsync("hooks", s_one, 9));
        Assert.True(await MoveAsync("hooks", s_two, 7));
        Assert.Equal(7, await TakeAsync("hooks", s_two));
    }

    [Fact]
    public async Task Of_many_who_want_a_cursor_one_gets_it()
    {
        Needs(RegistryCapabilities.Cursors);
        IRegistryStore other = await OpenAnotherAsync();
        for (int round = 0; round < TestLength.Of(10, 100); round++)
        {
            string name = $"cursor {round} \ud83d\ude80'";
            long?[] taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(taker => Task.Run(async () => await (taker % 2 == 0 ? Store : other).TakeCursorAsync(name, Guid.NewGuid(), s_hold, Cancellation))));
            Assert.Single(taken, position => position is not null);
        }
    }

    private ValueTask<long?> TakeAsync(string name, Guid holder) => Store.TakeCursorAsync(name, holder, s_hold, Cancellation);

    private ValueTask<bool> MoveAsync(string name, Guid holder, long position) => Store.MoveCursorAsync(name, holder, position, Cancellation);
}
