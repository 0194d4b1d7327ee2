using MLOps.Registry.Contract.Linearizability;

namespace MLOps.Registry.Tests.Storage.Linearizability;

public sealed class LinearizabilityCheckerTests
{
    [Fact]
    public void Nothing_happened_in_order() => Assert.True(LinearizabilityChecker.IsLinearizable<int>([], 0));

    [Fact]
    public void A_sequence_whose_results_fit_is_one()
    {
        Assert.True(Judge(Set(1, 2, 1), Get(3, 4, 1), Swap(5, 6, 1, 2), Refused(7, 8, 1, 2), Get(9, 10, 2)));
        Assert.False(Judge(Set(1, 2, 1), Get(3, 4, 0)));
        Assert.False(Judge(Set(1, 2, 1), Refused(3, 4, 1, 2)));
    }

    [Fact]
    public void A_call_may_take_effect_at_any_moment_while_it_lasts()
    {
        Assert.True(Judge(Set(1, 10, 1), Get(2, 3, 0), Get(4, 5, 1)));
        Assert.True(Judge(Get(1, 10, 1), Set(2, 3, 1)));
        Assert.True(Judge(Set(1, 10, 1), Set(2, 9, 2), Get(3, 4, 2), Get(5, 6, 1)));
    }

    [Fact]
    public void What_was_read_is_not_unread() => Assert.False(Judge(Set(1, 10, 1), Get(2, 3, 1), Get(4, 5, 0)));

    [Fact]
    public void A_lost_update_is_found() => Assert.False(Judge(Swap(1, 4, 0, 1), Swap(2, 3, 0, 2), Get(5, 6, 1)));

    [Fact]
    public void A_value_that_nobody_wrote_is_found() => Assert.False(Judge(Set(1, 4, 1), Get(2, 3, 7)));

    [Fact]
    public void A_refusal_that_names_what_was_never_there_is_found()
    {
        Assert.True(Judge(Set(1, 4, 1), Refused(2, 3, 0, 1)));
        Assert.False(Judge(Set(1, 4, 1), Refused(2, 3, 0, 2)));
    }

    [Fact]
    public void A_history_of_the_greatest_length_is_judged()
    {
        HistoryCall<int>[] calls = [.. Enumerable.Range(0, LinearizabilityChecker.MostCalls).Select(i => Swap((2 * i) + 1, (2 * i) + 2, i, i + 1))];
        Assert.True(Judge(calls));
        calls[40] = Swap(81, 82, 7, 41);
        Assert.False(Judge(calls));
        Assert.Throws<ArgumentOutOfRangeException>(() => Judge([.. calls, Get(1_000, 1_001, 0)]));
    }

    /// <summary>Compares with trying every order.</summary>
    [Fact]
    public void Random_small_histories_are_judged_as_by_trying_every_order()
    {
        int linearizable = 0;
        int count = TestLength.Of(400, 10_000);
        for (int seed = 1; seed <= count; seed++)
        {
            Random random = new(seed);
            HistoryCall<int>[] calls = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => AnyCall(random))];
            bool expected = Orders(calls, []).Any(order => Fits(order));
            Assert.True(expected == Judge(calls), $"Seed {seed}: {string.Join("; ", calls.Select(call => $"{call.Invoked}-{call.Returned} {call.Text}"))}");
            linearizable += expected ? 1 : 0;
        }

        Assert.InRange(linearizable, count / 20, count - (count / 20));
    }

    private static HistoryCall<int> AnyCall(Random random)
    {
        // Beginnings are odd and ends are even, so that no end is a beginning.
        long invoked = (random.Next(0, 40) * 2) + 1, returned = invoked + (random.Next(0, 20) * 2) + 1;
        return random.Next(4) switch
        {
            0 => Set(invoked, returned, random.Next(3)),
            1 => Swap(invoked, returned, random.Next(3), random.Next(3)),
            2 => Refused(invoked, returned, random.Next(3), random.Next(3)),
            _ => Get(invoked, returned, random.Next(3)),
        };
    }

    private static IEnumerable<List<HistoryCall<int>>> Orders(HistoryCall<int>[] left, List<HistoryCall<int>> before)
    {
        if (left.Length == 0)
            yield return before;
        foreach (HistoryCall<int> next in left)
        {
            foreach (List<HistoryCall<int>> order in Orders([.. left.Where(call => !ReferenceEquals(call, next))], [.. before, next]))
                yield return order;
        }
    }

    private static bool Fits(List<HistoryCall<int>> order)
    {
        for (int i = 0; i < order.Count; i++)
        {
            if (order.Skip(i + 1).Any(later => later.Returned < order[i].Invoked))
                return false;
        }

        int? state = 0;
        foreach (HistoryCall<int> call in order)
            state = state is { } now ? call.Apply(now) : null;
        return state is not null;
    }

    private static bool Judge(params HistoryCall<int>[] calls) => LinearizabilityChecker.IsLinearizable(calls, 0);

    private static HistoryCall<int> Set(long invoked, long returned, int value) => new(invoked, returned, $"set {value}", _ => value);

    private static HistoryCall<int> Get(long invoked, long returned, int value) => new(invoked, returned, $"get {value}", state => state == value ? state : null);

    private static HistoryCall<int> Swap(long invoked, long returned, int expected, int value) => new(invoked, returned, $"swap {expected} {value}", state => state == expected ? value : null);

    private static HistoryCall<int> Refused(long invoked, long returned, int expected, int actual) => new(invoked, returned, $"refused {expected} {actual}", state => state == actual && actual != expected ? state : null);
}
