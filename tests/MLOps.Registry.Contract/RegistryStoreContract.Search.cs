using System.Globalization;
using System.Text;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Registry.Contract;

public abstract partial class RegistryStoreContract
{
    [Theory]
    [InlineData(null, "fraud Fraud fraud-2 risk")]
    [InlineData("name = 'fraud'", "fraud")]
    [InlineData("name != 'fraud'", "Fraud fraud-2 risk")]
    [InlineData("name LIKE 'fraud%'", "fraud fraud-2")]
    [InlineData("name ILIKE 'FRAUD%'", "fraud Fraud fraud-2")]
    [InlineData("tags.team = 'risk'", "fraud fraud-2")]
    [InlineData("tag.team != 'risk'", "Fraud")]
    [InlineData("tags.team LIKE 'r%' AND tags.team != 'risky'", "fraud fraud-2")]
    [InlineData("tags.team = 'risk' AND tags.team = 'sales'", "")]
    [InlineData("tags.nobody = 'x'", "")]
    [InlineData("tags.`mlflow.prompt.is_prompt` = 'true'", "greeting")]
    [InlineData("tags.`mlflow.prompt.is_prompt` != 'false'", "greeting")]
    [InlineData("tags.`mlflow.prompt.is_prompt` = 'false'", "fraud Fraud fraud-2 risk")]
    [InlineData("tags.`mlflow.prompt.is_prompt` != 'true'", "fraud Fraud fraud-2 risk")]
    [InlineData("tags.`mlflow.prompt.is_prompt` = 'true' AND name LIKE 'f%'", "")]
    [InlineData("name = 'greeting'", "")]
    public async Task Models_are_found_by_name_and_tags_and_prompts_only_when_asked_for(string? filter, string expected)
    {
        await MakeModelsAsync();

        RegisteredModelQuery query = RegisteredModelQuery.Parse(filter);
        IEnumerable<string> found = (await Store.FindModelsAsync(query, new(), Cancellation)).Items.Select(model => model.Name);
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), found);
    }

    [Theory]
    [InlineData("name", "Fraud fraud fraud-2 risk")]
    [InlineData("name DESC", "risk fraud-2 fraud Fraud")]
    [InlineData("last_updated_timestamp", "fraud fraud-2 Fraud risk")]
    [InlineData("timestamp DESC", "risk Fraud fraud fraud-2")]
    [InlineData("tags.team", "fraud fraud-2 Fraud risk")]
    [InlineData("tags.team DESC", "Fraud fraud fraud-2 risk")]
    public async Task Models_are_found_in_order_ties_by_name_and_what_lacks_a_tag_last(string order, string expected)
    {
        await MakeModelsAsync();

        Assert.Equal(expected, string.Join(' ', (await Store.FindModelsAsync(RegisteredModelQuery.Parse(null, order), new(), Cancellation)).Items.Select(model => model.Name)));
    }

    [Theory]
    [InlineData(null, "b3 b2 a2 a1 b1")]
    [InlineData("name = 'a'", "a2 a1")]
    [InlineData("name ILIKE 'A'", "a2 a1")]
    [InlineData("run_id = 'r1'", "b2 a1")]
    [InlineData("run_id != 'r1'", "b3")]
    [InlineData("run_id IN ('r1', 'r2')", "b3 b2 a1")]
    [InlineData("source_path LIKE 's3://%/x'", "a1")]
    [InlineData("source_path = 's3://A/x'", "")]
    [InlineData("version_number > 1", "b3 b2 a2")]
    [InlineData("version_number <= 2 AND name = 'b'", "b2 b1")]
    [InlineData("version_number != 2", "b3 a1 b1")]
    [InlineData("tags.stage = 'gold'", "b3 a1")]
    [InlineData("tags.`mlflow.prompt.is_prompt` = 'true'", "p1")]
    [InlineData("tags.`mlflow.prompt.is_prompt` != 'true'", "b3 b2 a2 a1 b1")]
    [InlineData("tags.`mlflow.prompt.is_prompt` = 'false' AND name = 'b'", "b3 b2 b1")]
    public async Task Versions_are_found_the_last_changed_first(string? filter, string expected)
    {
        await MakeVersionsAsync();

        Assert.Equal(expected, await FindAsync(ModelVersionQuery.Parse(filter)));
    }

    [Theory]
    [InlineData("a2 a1 b3 b2 b1", "name")]
    [InlineData("a1 b1 a2 b2 b3", "version_number")]
    [InlineData("b3 a2 b2 a1 b1", "version_number DESC", "name ASC")]
    [InlineData("b3 b2 b1 a2 a1", "name DESC")]
    [InlineData("a1 b1 a2 b2 b3", "creation_timestamp")]
    [InlineData("b1 a2 a1 b2 b3", "last_updated_timestamp")]
    [InlineData("a1 b3 a2 b2 b1", "tags.stage")]
    public async Task Versions_are_found_in_order_ties_by_name_and_the_highest_number_first(string expected, params string[] order)
    {
        await MakeVersionsAsync();

        Assert.Equal(expected, await FindAsync(ModelVersionQuery.Parse(null, order)));
    }

    [Fact]
    public async Task A_renamed_models_versions_are_found_by_the_new_name()
    {
        Guid key = await MakeModelAsync("old", Version(1));
        await CommitAsync(key, new RegistryEvent.ModelRenamed("old", "new"));

        Assert.Equal("new1", await FindAsync(ModelVersionQuery.Parse("name = 'new'")));
        Assert.Equal("", await FindAsync(ModelVersionQuery.Parse("name = 'old'")));
        Assert.Empty((await Store.FindModelsAsync(RegisteredModelQuery.Parse("name = 'old'"), new(), Cancellation)).Items);
    }

    [Fact]
    public async Task A_question_is_a_question_and_no_command()
    {
        const string Evil = "'; DROP TABLE models; --";
        await MakeModelAsync(Evil, new RegistryEvent.ModelTagSet("k", Evil), Version(1, Facts(Evil), ("k", Evil)));

        Assert.Equal(Evil, (await Store.FindModelsAsync(new RegisteredModelQuery { Filter = ModelField.Name.EqualTo(Evil) & ModelField.Tag("k").EqualTo(Evil) }, new(), Cancellation)).Items.Single().Name);
        Assert.Equal(1, (await Store.FindVersionsAsync(new ModelVersionQuery { Filter = VersionField.Source.EqualTo(Evil) & VersionField.Tag("k").EqualTo(Evil) }, new(), Cancellation)).Items.Single().Number);
        Assert.Empty((await Store.FindModelsAsync(new RegisteredModelQuery { Filter = ModelField.Tag("' OR 1=1 --").EqualTo("x") }, new(), Cancellation)).Items);
        Assert.Single((await Store.FindModelsAsync(new RegisteredModelQuery { OrderBy = [ModelField.Tag("'; DROP TABLE models; --").Descending] }, new(), Cancellation)).Items);
    }

    [Fact]
    public async Task A_question_that_makes_no_sense_is_refused()
    {
        foreach (SearchFilter filter in (SearchFilter[])[VersionField.RunId.EqualTo("r"), ModelField.Name.IsNull()])
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.FindModelsAsync(new RegisteredModelQuery { Filter = filter }, new(), Cancellation));
        foreach (IReadOnlyList<OrderKey> order in (IReadOnlyList<OrderKey>[])[[VersionField.Number.Ascending], [ModelField.Name.Ascending, ModelField.Name.Descending]])
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.FindModelsAsync(new RegisteredModelQuery { OrderBy = order }, new(), Cancellation));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.FindVersionsAsync(new ModelVersionQuery { OrderBy = [VersionField.Number.Ascending, VersionField.Number.Ascending] }, new(), Cancellation));
        foreach (int size in (int[])[0, -1, PageRequest.LargestSize + 1])
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.FindModelsAsync(new RegisteredModelQuery(), new() { Size = size }, Cancellation));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.FindVersionsAsync(new ModelVersionQuery(), new() { Size = size }, Cancellation));
        }
    }

    [Fact]
    public async Task A_page_that_is_the_last_has_no_token()
    {
        await MakeVersionsAsync();

        Assert.NotNull((await Store.FindVersionsAsync(new ModelVersionQuery(), new() { Size = 4 }, Cancellation)).NextToken);
        Assert.Null((await Store.FindVersionsAsync(new ModelVersionQuery(), new() { Size = 5 }, Cancellation)).NextToken);
        Assert.NotNull((await Store.FindModelsAsync(new RegisteredModelQuery(), new() { Size = 1 }, Cancellation)).NextToken);
        Assert.Null((await Store.FindModelsAsync(new RegisteredModelQuery(), new() { Size = 2 }, Cancellation)).NextToken);
        Assert.Null((await Store.FindModelsAsync(RegisteredModelQuery.Parse("name = 'nobody'"), new() { Size = 1 }, Cancellation)).NextToken);
    }

    [Fact]
    public async Task A_token_goes_with_its_question_alone()
    {
        await MakeVersionsAsync();
        string versions = (await Store.FindVersionsAsync(ModelVersionQuery.Parse("version_number < 9", "name"), new() { Size = 1 }, Cancellation)).NextToken!;
        string models = (await Store.FindModelsAsync(RegisteredModelQuery.Parse("name != 'x'", "name"), new() { Size = 1 }, Cancellation)).NextToken!;

        foreach (ModelVersionQuery other in (ModelVersionQuery[])[new(), ModelVersionQuery.Parse("version_number < 8", "name"), ModelVersionQuery.Parse("version_number < 9", "name DESC"), ModelVersionQuery.Parse("version_number < 9")])
            await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindVersionsAsync(other, new() { Token = versions }, Cancellation));
        foreach (RegisteredModelQuery other in (RegisteredModelQuery[])[new(), RegisteredModelQuery.Parse("name != 'x'"), RegisteredModelQuery.Parse("name != 'y'", "name"), RegisteredModelQuery.Parse("name != 'x'", "name DESC")])
            await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindModelsAsync(other, new() { Token = models }, Cancellation));
        foreach (string damaged in (string[])["", " ", "x", models[1..], models[..^1], models + "A", versions, "{\"offset\": 1}"])
            await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindModelsAsync(RegisteredModelQuery.Parse("name != 'x'", "name"), new() { Token = damaged }, Cancellation));
        Assert.Equal(["b"], (await Store.FindModelsAsync(RegisteredModelQuery.Parse("attributes.name!='x'", "name ASC"), new() { Token = models, Size = 7 }, Cancellation)).Items.Select(model => model.Name));
    }

    /// <summary>Compares the answers to random questions, whole and in pages, with plain rules that are written beside each part of a question.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Random_questions_about_versions_have_the_answers_that_plain_rules_give(int seed)
    {
        Random random = new(seed);
        List<ModelVersion> all = await MakeRandomWorldAsync(random);
        (string Text, Func<ModelVersion, bool> Holds)[] conditions =
        [
            ("name = 'fraud'", version => version.Model == "fraud"), ("name != 'Fraud'", version => version.Model != "Fraud"), ("name LIKE 'fra%'", version => version.Model.StartsWith("fra", StringComparison.Ordinal)),
            ("name ILIKE '%RAUD'", version => version.Model.EndsWith("raud", StringComparison.OrdinalIgnoreCase)), ("version_number > 3", version => version.Number > 3), ("version_number <= 6", version => version.Number <= 6),
            ("version_number = 2", version => version.Number == 2), ("version_number != 2", version => version.Number != 2), ("version_number >= 2.5", version => version.Number > 2), ("version_number < 0", _ => false),
            ("run_id = 'r1'", version => version.Facts.RunId?.Value == "r1"), ("run_id != 'r1'", version => version.Facts.RunId is { } run && run.Value != "r1"), ("run_id IN ('r0', 'r2')", version => version.Facts.RunId?.Value is "r0" or "r2"),
            ("source_path LIKE '%1'", version => version.Facts.Source.EndsWith('1')), ("tags.t = 'b'", version => version.Tags.GetValueOrDefault("t") == "b"), ("tags.t != 'b'", version => version.Tags.TryGetValue("t", out string? t) && t != "b"),
            ("tags.t LIKE '_'", version => version.Tags.TryGetValue("t", out string? t) && t.EnumerateRunes().Count() == 1), ("tags.u = ''", version => version.Tags.GetValueOrDefault("u") == ""),
        ];
        (string Text, Func<ModelVersion, object?> Of)[] orders =
        [
            ("name", version => version.Model), ("version_number", version => version.Number), ("creation_timestamp", version => version.CreatedAt), ("last_updated_timestamp", version => version.UpdatedAt), ("tags.t", version => version.Tags.GetValueOrDefault("t")),
            ("run_id", version => version.Facts.RunId?.Value), ("source_path", version => version.Facts.Source),
        ];
        for (int question = 0; question < TestLength.Of(60, 1_000); question++)
        {
            (string Text, Func<ModelVersion, bool> Holds)[] asked = [.. random.GetItems(conditions, random.Next(4)).DistinctBy(condition => condition.Text)];
            (string Text, Func<ModelVersion, object?> Of, bool Descending)[] keys = [.. random.GetItems(orders, random.Next(3)).DistinctBy(order => order.Text).Select(order => (order.Text, order.Of, random.Next(2) == 0))];
            ModelVersionQuery query = ModelVersionQuery.Parse(string.Join(" AND ", asked.Select(condition => condition.Text)), [.. keys.Select(key => $"{key.Text} {(key.Descending ? "DESC" : "ASC")}")]);

            List<(Func<ModelVersion, object?> Of, bool Descending)> order = [.. keys.Select(key => (key.Of, key.Descending)), .. keys.Length == 0 ? [(orders[3].Of, true)] : Array.Empty<(Func<ModelVersion, object?>, bool)>(), (orders[0].Of, false), (orders[1].Of, true)];
            List<ModelVersion> expected = [.. all.Where(version => asked.All(condition => condition.Holds(version)))];
            expected.Sort((left, right) => order.Select(key => Compare(key.Of(left), key.Of(right), key.Descending)).FirstOrDefault(compared => compared != 0));

            string place = $"Seed {seed}, question {question}: {query.Canonical}";
            string names = string.Join(' ', expected.Select(version => version.Ref));
            foreach (int size in (int[])[1_000, random.Next(1, 9)])
                Assert.Equal((place, names), (place, string.Join(' ', (await ReadPagesAsync(page => Store.FindVersionsAsync(query, page, Cancellation), size)).Select(version => version.Ref))));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Random_questions_about_models_have_the_answers_that_plain_rules_give(int seed)
    {
        Random random = new(seed);
        await MakeRandomWorldAsync(random);
        List<RegisteredModel> all = [];
        foreach (string name in s_names)
            all.Add(await GetModelAsync(name));
        (string Text, Func<RegisteredModel, bool> Holds)[] conditions =
        [
            ("name != 'Fraud'", model => model.Name != "Fraud"), ("name LIKE '%a%'", model => model.Name.Contains('a', StringComparison.Ordinal)), ("name ILIKE 'FR%'", model => model.Name.StartsWith("fr", StringComparison.OrdinalIgnoreCase)),
            ("tags.t = 'b'", model => model.Tags.GetValueOrDefault("t") == "b"), ("tags.t != 'b'", model => model.Tags.TryGetValue("t", out string? t) && t != "b"), ("tags.t ILIKE 'B'", model => model.Tags.GetValueOrDefault("t") is "b" or "B"),
        ];
        (string Text, Func<RegisteredModel, object?> Of)[] orders = [("name", model => model.Name), ("last_updated_timestamp", model => model.UpdatedAt), ("tags.t", model => model.Tags.GetValueOrDefault("t")), ("tags.none", _ => null)];
        for (int question = 0; question < TestLength.Of(60, 1_000); question++)
        {
            (string Text, Func<RegisteredModel, bool> Holds)[] asked = [.. random.GetItems(conditions, random.Next(3)).DistinctBy(condition => condition.Text)];
            (string Text, Func<RegisteredModel, object?> Of, bool Descending)[] keys = [.. random.GetItems(orders, random.Next(4)).DistinctBy(order => order.Text).Select(order => (order.Text, order.Of, random.Next(2) == 0))];
            RegisteredModelQuery query = RegisteredModelQuery.Parse(string.Join(" AND ", asked.Select(condition => condition.Text)), [.. keys.Select(key => $"{key.Text} {(key.Descending ? "DESC" : "ASC")}")]);

            List<RegisteredModel> expected = [.. all.Where(model => asked.All(condition => condition.Holds(model)))];
            expected.Sort((left, right) => keys.Select(key => Compare(key.Of(left), key.Of(right), key.Descending)).Append(Compare(left.Name, right.Name, descending: false)).FirstOrDefault(compared => compared != 0));

            string place = $"Seed {seed}, question {question}: {query.Canonical}";
            string names = string.Join(' ', expected.Select(model => model.Name));
            foreach (int size in (int[])[1_000, random.Next(1, 5)])
                Assert.Equal((place, names), (place, string.Join(' ', (await ReadPagesAsync(page => Store.FindModelsAsync(query, page, Cancellation), size)).Select(model => model.Name))));
        }
    }

    private static readonly string[] s_names = ["fraud", "Fraud", "risk", "\ud83d\ude80", "\ue000", "a b"];

    /// <summary>Texts by their UTF-8, which differs from UTF-16 beyond U+FFFF; what is missing last in either direction.</summary>
    private static int Compare(object? left, object? right, bool descending)
    {
        if (left is null || right is null)
            return (left is null).CompareTo(right is null);
        int compared = left is string text ? Encoding.UTF8.GetBytes(text).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes((string)right)) : ((IComparable)left).CompareTo(right);
        return descending ? -compared : compared;
    }

    private async Task<List<ModelVersion>> MakeRandomWorldAsync(Random random)
    {
        string[] tags = ["a", "b", "B", "", "\ud83d\ude80", "\ue000"];
        List<ModelVersion> versions = [];
        foreach (string name in s_names)
        {
            Guid key = await MakeModelAsync(name, random.Next(3) == 0 ? [] : [new RegistryEvent.ModelTagSet("t", tags[random.Next(tags.Length)])]);
            for (int number = 1; number <= 8; number++)
            {
                (string, string)[] some = [.. new[] { "t", "u" }.Where(_ => random.Next(3) > 0).Select(tag => (tag, tags[random.Next(tags.Length)]))];
                await CommitAsync(key, Version(number, Facts($"s3://{random.Next(3)}") with { RunId = random.Next(4) is var run and < 3 ? new RunId(string.Create(CultureInfo.InvariantCulture, $"r{run}")) : null }, some));
                if (random.Next(3) == 0)
                    Clock.Advance(TimeSpan.FromMilliseconds(1));
            }

            await CommitAsync(key, new RegistryEvent.VersionDescribed(random.Next(1, 8), "touched"), new RegistryEvent.VersionDeleted(8, Reason: null));
            for (int number = 1; number < 8; number++)
                versions.Add(await GetVersionAsync(number, name));
        }

        return versions;
    }

    private async Task MakeModelsAsync()
    {
        await MakeModelAsync("fraud", new RegistryEvent.ModelTagSet("team", "risk"));
        await MakeModelAsync("fraud-2", new RegistryEvent.ModelTagSet("team", "risk"), new RegistryEvent.ModelTagSet(Prompt, "false"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await MakeModelAsync("Fraud", new RegistryEvent.ModelTagSet("team", "sales"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await MakeModelAsync("risk");
        await MakeModelAsync("greeting", new RegistryEvent.ModelTagSet(Prompt, "true"));
        Guid gone = await MakeModelAsync("gone", new RegistryEvent.ModelTagSet("team", "risk"));
        await CommitAsync(gone, new RegistryEvent.ModelDeleted("gone", Reason: null));
    }

    private async Task MakeVersionsAsync()
    {
        Guid a = await MakeModelAsync("a", Version(1, Facts("s3://a/x") with { RunId = new RunId("r1") }, ("stage", "gold")));
        Guid b = await MakeModelAsync("b", Version(1));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await CommitAsync(a, Version(2), new RegistryEvent.VersionDescribed(1, "x"));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await CommitAsync(b, Version(2, Facts() with { RunId = new RunId("r1") }));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await CommitAsync(b, Version(3, Facts() with { RunId = new RunId("r2") }, ("stage", "gold")), Version(4));
        await CommitAsync(b, new RegistryEvent.VersionDeleted(4, Reason: null));
        await MakeModelAsync("p", new RegistryEvent.ModelTagSet(Prompt, "true"), Version(1, null, (Prompt, "true")));
    }

    private async Task<string> FindAsync(ModelVersionQuery query) => string.Join(' ', (await Store.FindVersionsAsync(query, new(), Cancellation)).Items.Select(version => $"{version.Model}{version.Number}"));

    private static async Task<List<T>> ReadPagesAsync<T>(Func<PageRequest, ValueTask<Page<T>>> find, int size)
    {
        List<T> items = [];
        string? token = null;
        do
        {
            Page<T> page = await find(new PageRequest { Size = size, Token = token });
            Assert.InRange(page.Items.Count, token is null ? 0 : 1, size);
            items.AddRange(page.Items);
            token = page.NextToken;
        }
        while (token is not null);
        return items;
    }
}
