using System.Text.Json;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Audit;

public sealed class AliasHistoryTests : AuditTest
{
    private const int BytesBeforeJson = 1 + 8 + 8 + 16 + 4 + 3;
    private static readonly string[] Aliases = ["champion", "challenger"];

    [Fact]
    public async Task A_history_has_moves_removals_and_the_deletion_of_the_model()
    {
        Guid key = await CreateAsync("fraud");
        await CommitAsync(key, Move("champion", null, 1));
        await CommitAsync(key, Move("challenger", null, 2));
        await CommitAsync(key, new RegistryEvent.AliasMoved("champion", 1, 2, AliasCause.Promotion, "better", Guid.Empty));
        await CommitAsync(key, new RegistryEvent.AliasRemoved("champion", 2, "broken"));
        await CommitAsync(key, Move("champion", null, 3));
        await CommitAsync(key, new RegistryEvent.ModelDeleted("fraud", "retired"));

        IReadOnlyList<AliasChange> history = await Registry.GetAliasHistoryAsync("fraud", "champion", Cancel);
        Assert.Equal([(null, 1), (1, 2), (2, null), (null, 3), (3, null)], history.Select(change => (change.From, change.To)));
        Assert.Equal([2, 4, 5, 6, 7], history.Select(change => change.Sequence));
        Assert.Equal([null, "better", "broken", null, "retired"], history.Select(change => change.Reason));
        Assert.Equal(AliasCause.Promotion, history[1].Cause);
        Assert.Equal("ada", history[0].Actor);
        Assert.Empty(await Registry.GetAliasHistoryAsync("fraud", "nobody", Cancel));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => Registry.GetAliasHistoryAsync("nobody", "champion", Cancel));
    }

    [Fact]
    public async Task A_history_is_of_the_model_that_has_the_name_now_with_the_time_before_it_was_renamed()
    {
        Guid old = await CreateAsync("fraud");
        await CommitAsync(old, Move("champion", null, 1));
        await CommitAsync(old, new RegistryEvent.ModelDeleted("fraud", null));
        Guid now = await CreateAsync("fraud-new");
        await CommitAsync(now, Move("champion", null, 7));
        await CommitAsync(now, new RegistryEvent.ModelRenamed("fraud-new", "fraud"));

        Assert.Equal(7, Assert.Single(await Registry.GetAliasHistoryAsync("fraud", "champion", Cancel)).To);
    }

    [Fact]
    public async Task What_served_at_a_time_includes_what_happened_in_its_millisecond()
    {
        DateTimeOffset start = Clock.GetUtcNow();
        Guid key = await CreateAsync("fraud");
        Clock.Advance(TimeSpan.FromMilliseconds(10));
        await CommitAsync(key, Move("champion", null, 1));
        await CommitAsync(key, Move("champion", 1, 2));
        Clock.Advance(TimeSpan.FromMilliseconds(10));
        await CommitAsync(key, new RegistryEvent.AliasRemoved("champion", 2, null));

        Assert.Null(await AtAsync("fraud", start.AddMilliseconds(9)));
        Assert.Equal(2, await AtAsync("fraud", start.AddMilliseconds(10)));
        Assert.Equal(2, await AtAsync("fraud", start.AddMilliseconds(19.999)));
        Assert.Null(await AtAsync("fraud", start.AddMilliseconds(20)));
        Assert.Null(await AtAsync("nobody", start.AddMilliseconds(10)));
    }

    [Fact]
    public async Task What_served_is_judged_by_who_had_the_name_then()
    {
        DateTimeOffset start = Clock.GetUtcNow();
        Guid first = await CreateAsync("fraud");
        await CommitAsync(first, Move("champion", null, 1));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await CommitAsync(first, new RegistryEvent.ModelRenamed("fraud", "fraud-old"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        Guid second = await CreateAsync("fraud");
        await CommitAsync(second, Move("champion", null, 9));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await CommitAsync(second, new RegistryEvent.ModelDeleted("fraud", null));

        Assert.Equal(1, await AtAsync("fraud", start));
        Assert.Null(await AtAsync("fraud-old", start));
        Assert.Null(await AtAsync("fraud", start.AddSeconds(1)));
        Assert.Equal(1, await AtAsync("fraud-old", start.AddSeconds(1)));
        Assert.Equal(9, await AtAsync("fraud", start.AddSeconds(2)));
        Assert.Null(await AtAsync("fraud", start.AddSeconds(3)));
        Assert.Equal(1, await AtAsync("fraud-old", start.AddDays(100)));
    }

    [Fact]
    public async Task What_served_agrees_with_a_diary_for_any_sequence_of_changes()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] names = ["a", "b", "c"];
        Dictionary<string, (Guid Key, Dictionary<string, int> Aliases)> world = [];
        List<(DateTimeOffset At, Dictionary<string, int> Served)> diary = [];
        for (int i = 0; i < TestLength.Of(150, 3000); i++)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(random.Next(1, 4)));
            string name = names[random.Next(names.Length)], alias = Aliases[random.Next(Aliases.Length)];
            if (!world.TryGetValue(name, out (Guid Key, Dictionary<string, int> Aliases) model))
            {
                world[name] = (await CreateAsync(name), []);
            }
            else if (random.Next(8) == 0 && names.FirstOrDefault(free => !world.ContainsKey(free)) is { } to)
            {
                await CommitAsync(model.Key, new RegistryEvent.ModelRenamed(name, to));
                world.Remove(name);
                world[to] = model;
            }
            else if (random.Next(10) == 0)
            {
                await CommitAsync(model.Key, new RegistryEvent.ModelDeleted(name, null));
                world.Remove(name);
            }
            else if (model.Aliases.TryGetValue(alias, out int from) && random.Next(3) == 0)
            {
                await CommitAsync(model.Key, new RegistryEvent.AliasRemoved(alias, from, null));
                model.Aliases.Remove(alias);
            }
            else
            {
                await CommitAsync(model.Key, Move(alias, model.Aliases.TryGetValue(alias, out int before) ? before : null, i + 1));
                model.Aliases[alias] = i + 1;
            }

            diary.Add((Clock.GetUtcNow(), world.SelectMany(entry => entry.Value.Aliases.Select(a => ($"{entry.Key}@{a.Key}", a.Value))).ToDictionary()));
        }

        foreach ((DateTimeOffset at, Dictionary<string, int> served) in TestLength.IsFull ? diary.Where(_ => random.Next(20) == 0) : diary)
        {
            foreach (string name in names)
            {
                foreach (string alias in Aliases)
                    Assert.Equal(served.TryGetValue($"{name}@{alias}", out int version) ? version : null, (await Registry.FindAliasAtAsync(name, alias, at, Cancel))?.To);
            }
        }
    }

    [Fact]
    public async Task Events_are_found_by_any_name_that_a_model_ever_had_in_their_order()
    {
        Guid first = await CreateAsync("fraud");
        Guid other = await CreateAsync("churn");
        await CommitAsync(first, new RegistryEvent.ModelDeleted("fraud", null));
        Guid second = await CreateAsync("spam");
        await CommitAsync(other, new RegistryEvent.ModelTagDeleted("x"));
        await CommitAsync(second, new RegistryEvent.ModelRenamed("spam", "fraud"));

        Assert.Equal([1, 3, 4, 6], await SequencesAsync("fraud", 0));
        Assert.Equal([4, 6], await SequencesAsync("fraud", 3));
        Assert.Equal([1, 2, 3, 4, 5, 6], await SequencesAsync(null, 0));
        Assert.Empty(await SequencesAsync("nobody", 0));
    }

    [Fact]
    public async Task Aliases_that_were_changed_past_the_log_are_found()
    {
        Guid fraud = await CreateAsync("fraud");
        await CommitAsync(fraud, Move("champion", null, 1), Move("challenger", null, 2), Move("old", null, 1), new RegistryEvent.AliasRemoved("old", 1, null));
        Guid prompt = await CommitAsync(null, new RegistryEvent.ModelCreated("prompt", null, new Dictionary<string, string> { ["mlflow.prompt.is_prompt"] = "true" }));
        Guid gone = await CreateAsync("gone");
        await CommitAsync(gone, Move("champion", null, 1));
        Guid deleted = await CreateAsync("deleted");
        await CommitAsync(deleted, Move("champion", null, 1));
        await CommitAsync(deleted, new RegistryEvent.ModelDeleted("deleted", null));
        Assert.Empty(await Registry.VerifyAliasesAsync(Cancel));

        ModelAlias forged = new("champion", 3) { MovedAt = Clock.GetUtcNow(), MovedBy = "eve" };
        Lies.Distort = model => model.Name switch
        {
            "fraud" => model with { Aliases = [forged] },
            "prompt" => model with { Aliases = [forged] },
            _ => null,
        };
        Assert.Equal(
            [new(gone, null, "champion", null, 1, 8), new(fraud, "fraud", "challenger", null, 2, 3), new(fraud, "fraud", "champion", 3, 1, 2), new AliasDiscrepancy(prompt, "prompt", "champion", 3, null, null)],
            await Registry.VerifyAliasesAsync(Cancel));
    }

    [Fact]
    public async Task A_move_while_aliases_are_compared_is_no_discrepancy()
    {
        Guid key = await CreateAsync("fraud");
        await CommitAsync(key, Move("champion", null, 1));
        int moves = 1;
        bool armed = true;
        Lies.Distort = model =>
        {
            // Somebody moves the alias just after the log was read and just before the model is.
            if (armed && moves++ < 5)
            {
                armed = false;
                InMemory(() => CommitAsync(key, Move("champion", moves - 1, moves)));
                armed = true;
            }

            return InMemory(() => Store.FindModelAsync(key, Cancel).AsTask());
        };

        Assert.Empty(await Registry.VerifyAliasesAsync(Cancel));
        Assert.True(moves >= 5);
    }

    [Fact]
    public void The_json_of_an_event_begins_with_its_kind()
    {
        AuditRecord record = AuditRecord.After(AuditHead.Empty, DateTimeOffset.UnixEpoch, Guid.Empty, "ada", Move("a", null, 1));
        Assert.True(record.IsOf("alias."u8));
        Assert.False(record.IsOf("model."u8));
        using JsonDocument json = JsonDocument.Parse(record.Json);
        Assert.Equal("alias.moved", json.RootElement.GetProperty("event").GetString());
    }

    [Fact]
    public async Task Damage_is_told_as_damage_wherever_it_is_read()
    {
        await CreateAsync("fraud");
        List<AuditRecord> log = await LogAsync();
        for (int length = 0; length < log[0].Content.Length; length++)
        {
            Lies.Log = [log[0] with { Content = log[0].Content[..length] }];
            await Assert.ThrowsAsync<InvalidDataException>(() => SequencesAsync(null, 0));

            // A comparison of aliases does not read the JSON of other events.
            if (length <= BytesBeforeJson)
                await Assert.ThrowsAsync<InvalidDataException>(() => Registry.VerifyAliasesAsync(Cancel));
        }
    }

    // The store in memory answers at once.
    private static T InMemory<T>(Func<Task<T>> call) => call().GetAwaiter().GetResult();

    private async Task<int?> AtAsync(string model, DateTimeOffset at) => (await Registry.FindAliasAtAsync(model, "champion", at, Cancel))?.To;

    private async Task<List<long>> SequencesAsync(string? model, long after)
    {
        List<long> found = [];
        await foreach (AuditEvent change in Registry.FindAuditEventsAsync(model, after, Cancel))
            found.Add(change.Sequence);
        return found;
    }
}
