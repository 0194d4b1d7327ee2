using MLOps.Registry.Contract.Linearizability;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class ModelRegistryContract
{
    private const int Tasks = 6;
    private const int CallsOfATask = 8;
    private static readonly string[] s_raced = ["champion", "challenger", "shadow"];

    /// <summary>Six tasks on two registries move, read and remove aliases at once; what each was told must fit one order of all calls.</summary>
    [Fact]
    public async Task Concurrent_histories_of_aliases_are_linearizable()
    {
        Needs(RegistryCapabilities.AtomicCommit);
        ModelRegistry[] registries = [Registry, Open("bob", await OpenAnotherAsync())];
        int first = new Random().Next(1, 1_000_000);
        int refused = 0;
        for (int seed = first; seed < first + TestLength.Of(40, 500); seed++)
        {
            string model = $"raced-{seed}";
            await MakeModelAsync(model, [.. Enumerable.Range(1, 5).Select(number => Version(number))]);
            List<HistoryCall<AliasState>> history = await RaceAsync(registries, model, new Random(seed));

            Assert.Equal(Tasks * CallsOfATask, history.Count);
            Assert.True(LinearizabilityChecker.IsLinearizable(history, default), $"Seed {seed}:\n{string.Join('\n', history.OrderBy(call => call.Invoked).Select(call => $"{call.Invoked}-{call.Returned} {call.Text}"))}");
            refused += history.Count(call => call.Text.Contains("refused", StringComparison.Ordinal));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"Seeds from {first}; {refused} calls were refused for what somebody else did.");
        Assert.NotEqual(0, refused);
    }

    private static async Task<List<HistoryCall<AliasState>>> RaceAsync(ModelRegistry[] registries, string model, Random random)
    {
        long time = 0;
        int aliases = random.Next(1, s_raced.Length + 1);
        using Barrier start = new(Tasks);
        Random[] randoms = [.. Enumerable.Range(0, Tasks).Select(_ => new Random(random.Next()))];
        HistoryCall<AliasState>[][] calls = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Factory.StartNew(
            async () =>
            {
                start.SignalAndWait(Cancellation);
                List<HistoryCall<AliasState>> own = [];
                int[] seen = new int[s_raced.Length];
                for (int i = 0; i < CallsOfATask; i++)
                {
                    long invoked = Interlocked.Increment(ref time);
                    (string text, Func<AliasState, AliasState?> apply) = await CallAsync(registries[task % registries.Length], model, randoms[task].Next(aliases), seen, randoms[task]);
                    own.Add(new HistoryCall<AliasState>(invoked, Interlocked.Increment(ref time), $"task {task}: {text}", apply));
                }

                return own.ToArray();
            },
            Cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap()));
        return [.. calls.SelectMany(own => own)];
    }

    /// <summary>Makes one call and says what its result means.</summary>
    private static async Task<(string Text, Func<AliasState, AliasState?> Apply)> CallAsync(ModelRegistry registry, string model, int alias, int[] seen, Random random)
    {
        string name = s_raced[alias];
        int to = random.Next(1, 6);
        int expected = random.Next(4) == 0 ? random.Next(0, 6) : seen[alias];
        try
        {
            switch (random.Next(6))
            {
                case 0:
                    seen[alias] = (await registry.MoveAliasAsync(model, name, to, cancellationToken: Cancellation)).Version;
                    return ($"{name} := {to}", state => state.With(alias, to));
                case 1 or 2:
                    seen[alias] = (await registry.MoveAliasAsync(model, name, to, expected, cancellationToken: Cancellation)).Version;
                    return ($"{name}: {expected} -> {to}", state => state[alias] == expected ? state.With(alias, to) : null);
                case 3:
                    bool asks = random.Next(2) == 0;
                    bool removed = await registry.RemoveAliasAsync(model, name, asks ? expected : null, cancellationToken: Cancellation);
                    seen[alias] = 0;
                    return ($"{name}{(asks ? $": {expected}" : "")} removed: {removed}", state => removed == (state[alias] != 0) && (!asks || state[alias] == expected) ? state.With(alias, 0) : null);
                case 4:
                    RegisteredModel read = await registry.GetModelAsync(model, Cancellation);
                    int[] all = [.. s_raced.Select(each => read.FindAlias(each)?.Version ?? 0)];
                    all.CopyTo(seen, 0);
                    return ($"all are {string.Join(',', all)}", state => state == new AliasState(all[0], all[1], all[2]) ? state : null);
                default:
                    int number = (await registry.GetVersionAsync(model, name, Cancellation)).Number;
                    seen[alias] = number;
                    return ($"{name} is {number}", state => state[alias] == number ? state : null);
            }
        }
        catch (AliasNotFoundException)
        {
            seen[alias] = 0;
            return ($"{name} is not there", state => state[alias] == 0 ? state : null);
        }
        catch (AliasConflictException conflict)
        {
            seen[alias] = conflict.Actual;
            return ($"{name}: refused, {conflict.Actual} is not {expected}", state => state[alias] == conflict.Actual && conflict.Actual != expected ? state : null);
        }
    }
}
