using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §6.7–6.9: searches of the registry.</summary>
public sealed class Section6RegistrySearch(ConformanceServer server)
{
    private const string PromptTag = "mlflow.prompt.is_prompt";

    private readonly MlflowClient _client = server.Client;

    [Fact]
    public async Task Rule_6_7_models_are_found_by_name()
    {
        string prefix = ConformanceServer.Unique("find");
        string lower = await _client.CreateModelAsync($"{prefix}-abc"), upper = await _client.CreateModelAsync($"{prefix}-ABC"), other = await _client.CreateModelAsync($"{prefix}-xyz");
        Assert.Equal([lower], await ModelsAsync($"name = '{lower}'"));
        Assert.Equal([upper, other], await ModelsAsync($"name != '{lower}' AND name LIKE '{prefix}%'"));
        Assert.Equal([lower], await ModelsAsync($"name LIKE '{prefix}-a%'"));
        Assert.Equal([upper, lower], await ModelsAsync($"name ILIKE '{prefix}-ab_'"));
        Assert.Equal([lower], await ModelsAsync($"attribute.name = '{lower}'"));
    }

    [Fact]
    public async Task Rule_6_7_models_are_found_by_tags()
    {
        string prefix = ConformanceServer.Unique("find");
        string risk = await _client.CreateModelAsync($"{prefix}-1", ("team", "risk"), ("my key", "a")), sales = await _client.CreateModelAsync($"{prefix}-2", ("team", "Sales"));
        await _client.CreateModelAsync($"{prefix}-3");
        Assert.Equal([risk], await ModelsAsync($"tags.team = 'risk' AND name LIKE '{prefix}%'"));
        Assert.Equal([sales], await ModelsAsync($"tags.team != 'risk' AND name LIKE '{prefix}%'"));
        Assert.Equal([sales], await ModelsAsync($"tags.team ILIKE 's%' AND name LIKE '{prefix}%'"));
        Assert.Empty(await ModelsAsync($"tags.team LIKE 's%' AND name LIKE '{prefix}%'"));
        Assert.Equal([risk], await ModelsAsync($"tags.`my key` = 'a' AND name LIKE '{prefix}%'"));
    }

    [Fact]
    public async Task Rule_6_7_models_are_ordered_by_name_or_by_their_last_update()
    {
        string prefix = ConformanceServer.Unique("order");
        string a = await _client.CreateModelAsync($"{prefix}-a"), b = await _client.CreateModelAsync($"{prefix}-b"), c = await _client.CreateModelAsync($"{prefix}-c");
        // Two changes in one millisecond have one timestamp; the name decides then.
        await TouchAfterAsync(b);
        await TouchAfterAsync(a);
        string filter = $"name LIKE '{prefix}%'";
        Assert.Equal([a, b, c], await ModelsAsync(filter));
        Assert.Equal([c, b, a], await ModelsAsync(filter, "name DESC"));
        foreach (string field in (string[])["timestamp", "last_updated_timestamp"])
        {
            Assert.Equal([c, b, a], await ModelsAsync(filter, field));
            Assert.Equal([a, b, c], await ModelsAsync(filter, $"{field} DESC"));
        }

        // Changes a model until its time is later than every other's here.
        async Task TouchAfterAsync(string name)
        {
            long before = 0;
            foreach (string each in (string[])[a, b, c])
                before = Math.Max(before, (long)(await _client.GetModelAsync(each))["last_updated_timestamp"]!);
            do
                await _client.PostAsync("registered-models/set-tag", RegistryRequests.Body(("name", name), ("key", "touched"), ("value", "yes")));
            while ((long)(await _client.GetModelAsync(name))["last_updated_timestamp"]! <= before);
        }
    }

    [Theory]
    [InlineData("nonsense = 'a'")]
    [InlineData("name > 'a'")]
    [InlineData("name = a")]
    [InlineData("name = 'a' OR name = 'b'")]
    [InlineData("metrics.loss = 1")]
    [InlineData("last_updated_timestamp > 0")]
    [InlineData("name = 'a' AND")]
    public async Task Rule_6_7_a_filter_of_models_that_makes_no_sense_is_refused(string filter) =>
        (await _client.TryGetAsync("registered-models/search", ("filter", filter))).IsError(400, "INVALID_PARAMETER_VALUE");

    [Theory]
    [InlineData("registered-models/search", "version_number")]
    [InlineData("registered-models/search", "metrics.a")]
    [InlineData("registered-models/search", "name SIDEWAYS")]
    [InlineData("model-versions/search", "source_path SIDEWAYS")]
    [InlineData("model-versions/search", "nonsense")]
    public async Task Rule_6_7_an_order_that_makes_no_sense_is_refused(string route, string order) =>
        (await _client.TryGetAsync(route, ("order_by", order))).IsError(400, "INVALID_PARAMETER_VALUE");

    [Fact]
    public async Task Rule_6_8_versions_are_found_by_their_attributes()
    {
        string name = await _client.CreateModelAsync(), run = await server.CreateRunAsync(), otherRun = await server.CreateRunAsync();
        string key = Guid.NewGuid().ToString("N");
        await _client.CreateVersionAsync(name, $"s3://bucket/{key}/one", ("run_id", run));
        await _client.CreateVersionAsync(name, $"s3://bucket/{key}/Two", ("run_id", otherRun));
        await _client.CreateVersionAsync(name, $"s3://bucket/{key}/three");
        Assert.Equal(["1"], await VersionsAsync($"run_id = '{run}'"));
        Assert.Equal(["2"], await VersionsAsync($"run_id != '{run}' AND name = '{name}'"));
        Assert.Equal(["1", "2"], await VersionsAsync($"run_id IN ('{run}', '{otherRun}')"));
        Assert.Equal(["1"], await VersionsAsync($"source_path = 's3://bucket/{key}/one'"));
        Assert.Equal(["3"], await VersionsAsync($"source_path LIKE '%{key}/t%'"));
        Assert.Equal(["2", "3"], await VersionsAsync($"source_path ILIKE '%{key}/t%'"));
        Assert.Equal(["2", "3"], await VersionsAsync($"name = '{name}' AND version_number > 1"));
        Assert.Equal(["1", "2"], await VersionsAsync($"name = '{name}' AND version_number <= 2"));
        Assert.Equal(["1", "3"], await VersionsAsync($"name = '{name}' AND version_number != 2"));
    }

    [Fact]
    public async Task Rule_6_8_versions_are_found_by_tags()
    {
        string name = await _client.CreateModelAsync();
        foreach (string value in (string[])["yes", "no", "Yes"])
            await _client.PostAsync("model-versions/create", new JsonObject { ["name"] = name, ["source"] = RegistryRequests.RemoteSource, ["tags"] = RegistryRequests.Pairs(("reviewed", value)) });
        Assert.Equal(["1"], await VersionsAsync($"name = '{name}' AND tags.reviewed = 'yes'"));
        Assert.Equal(["2", "3"], await VersionsAsync($"name = '{name}' AND tags.reviewed != 'yes'"));
        Assert.Equal(["1", "3"], await VersionsAsync($"name = '{name}' AND tags.reviewed ILIKE 'y%'"));
    }

    [Theory]
    [InlineData("version_number = '1'")]
    [InlineData("version_number LIKE '1'")]
    [InlineData("run_id IN ()")]
    [InlineData("nonsense = 'a'")]
    public async Task Rule_6_8_a_filter_of_versions_that_makes_no_sense_is_refused(string filter) =>
        (await _client.TryGetAsync("model-versions/search", ("filter", filter))).IsError(400, "INVALID_PARAMETER_VALUE");

    [Fact]
    public async Task Rule_6_8_versions_are_ordered_by_their_last_update_then_by_name_then_by_number()
    {
        string prefix = ConformanceServer.Unique("order");
        string a = await _client.CreateModelAsync($"{prefix}-a"), b = await _client.CreateModelAsync($"{prefix}-b");
        foreach (string name in (string[])[a, a, b, b])
            await _client.CreateVersionAsync(name);
        string filter = $"name LIKE '{prefix}%'";
        JsonObject[] all = [.. (await SearchAsync("model-versions/search", filter))["model_versions"]!.AsArray().Select(version => version!.AsObject())];
        Assert.Equal(4, all.Length);
        Assert.Equal(
            [.. all.OrderByDescending(version => (long)version["last_updated_timestamp"]!).ThenBy(version => (string)version["name"]!, StringComparer.Ordinal).ThenByDescending(version => (string)version["version"]!).Select(NameAndVersion)],
            all.Select(NameAndVersion));
        Assert.Equal([$"{a}/2", $"{a}/1", $"{b}/2", $"{b}/1"], await OrderedAsync("name"));
        Assert.Equal([$"{b}/2", $"{b}/1", $"{a}/2", $"{a}/1"], await OrderedAsync("name DESC"));
        Assert.Equal([$"{a}/1", $"{b}/1", $"{a}/2", $"{b}/2"], await OrderedAsync("version_number ASC"));
        Assert.Equal([$"{b}/2", $"{a}/2", $"{b}/1", $"{a}/1"], await OrderedAsync("version_number DESC", "name DESC"));
        foreach (string field in (string[])["creation_timestamp", "last_updated_timestamp"])
        {
            JsonObject[] ordered = [.. (await SearchAsync("model-versions/search", filter, field))["model_versions"]!.AsArray().Select(version => version!.AsObject())];
            Assert.Equal(ordered.Select(version => (long)version[field]!).Order(), ordered.Select(version => (long)version[field]!));
            Assert.Equal(4, ordered.Length);
        }

        async Task<string[]> OrderedAsync(params string[] orderBy) =>
            [.. (await SearchAsync("model-versions/search", filter, orderBy))["model_versions"]!.AsArray().Select(version => NameAndVersion(version!.AsObject()))];

        static string NameAndVersion(JsonObject version) => $"{version["name"]}/{version["version"]}";
    }

    [Fact]
    public async Task Rule_6_9_prompts_are_hidden_unless_they_are_asked_for()
    {
        string prefix = ConformanceServer.Unique("prompt");
        string model = await _client.CreateModelAsync($"{prefix}-model"), prompt = await _client.CreateModelAsync($"{prefix}-prompt", (PromptTag, "true"));
        string like = $"name LIKE '{prefix}%'";
        Assert.Equal([model], await ModelsAsync(like));
        Assert.Equal([prompt], await ModelsAsync($"{like} AND tags.`{PromptTag}` = 'true'"));
        Assert.Equal([prompt], await ModelsAsync($"{like} AND tags.`{PromptTag}` != 'false'"));
        Assert.Equal([model], await ModelsAsync($"{like} AND tags.`{PromptTag}` = 'false'"));
        Assert.Equal([model], await ModelsAsync($"{like} AND tags.`{PromptTag}` != 'true'"));
        await _client.CreateVersionAsync(model);
        await _client.PostAsync("model-versions/create", new JsonObject { ["name"] = prompt, ["source"] = "prompt-template", ["tags"] = RegistryRequests.Pairs((PromptTag, "true")) });
        Assert.Equal([model], (await SearchAsync("model-versions/search", like)).Each("model_versions", "name"));
        Assert.Equal([prompt], (await SearchAsync("model-versions/search", $"{like} AND tags.`{PromptTag}` = 'true'")).Each("model_versions", "name"));
        Assert.Equal([model], (await SearchAsync("model-versions/search", $"{like} AND tags.`{PromptTag}` != 'true'")).Each("model_versions", "name"));
    }

    [Theory]
    [InlineData("registered-models/search")]
    [InlineData("model-versions/search")]
    public async Task Rule_6_1_a_filter_of_the_registry_has_up_to_500_conditions(string path)
    {
        Assert.Equal(200, (int)(await AskAsync(500)).Status);
        (await AskAsync(501)).IsError(400, "INVALID_PARAMETER_VALUE", "at most 500 conditions");

        // So many do not fit into a line; a GET without a query reads its body (contract §1.2).
        Task<MlflowClient.Answer> AskAsync(int conditions) =>
            _client.SendAsync(HttpMethod.Get, path, MlflowClient.Json(new JsonObject { ["filter"] = string.Join(" AND ", Enumerable.Range(0, conditions).Select(i => $"name != 'none{i}'")) }));
    }

    [Fact]
    public async Task Rule_6_9_conditions_on_one_tag_must_all_hold()
    {
        string prefix = ConformanceServer.Unique("and");
        string both = await _client.CreateModelAsync($"{prefix}-1", ("stamp", "alpha-beta"));
        await _client.CreateModelAsync($"{prefix}-2", ("stamp", "alpha"));
        Assert.Equal([both], await ModelsAsync($"tags.stamp LIKE 'alpha%' AND tags.stamp LIKE '%beta' AND name LIKE '{prefix}%'"));
    }

    [Theory]
    [InlineData("registered-models/search")]
    [InlineData("model-versions/search")]
    public async Task Rule_6_12_a_token_that_is_none_is_refused(string route) =>
        (await _client.TryGetAsync(route, ("page_token", "nonsense"))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid page token");

    [Fact]
    public async Task Rule_6_12_a_full_last_page_has_no_token_and_a_token_belongs_to_its_question()
    {
        string prefix = ConformanceServer.Unique("token");
        for (int i = 0; i < 4; i++)
            await _client.CreateModelAsync($"{prefix}-{i}");
        string filter = $"name LIKE '{prefix}%'";
        JsonObject first = await _client.GetAsync("registered-models/search", ("filter", filter), ("max_results", "2"));
        string token = (string)first["next_page_token"]!;
        JsonObject last = await _client.GetAsync("registered-models/search", ("filter", filter), ("max_results", "2"), ("page_token", token));
        Assert.Equal([$"{prefix}-2", $"{prefix}-3"], last.Each("registered_models", "name"));
        Assert.False(last.ContainsKey("next_page_token"));
        (await _client.TryGetAsync("registered-models/search", ("filter", $"{filter} AND name != 'x'"), ("max_results", "2"), ("page_token", token))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid page token");
    }

    [Fact]
    public async Task Rule_1_4_a_search_without_hits_is_an_empty_object()
    {
        string filter = $"name = '{ConformanceServer.Unique("absent")}'";
        Assert.Empty(await SearchAsync("registered-models/search", filter));
        Assert.Empty(await SearchAsync("model-versions/search", filter));
    }

    private async Task<string[]> ModelsAsync(string filter, params string[] orderBy) => (await SearchAsync("registered-models/search", filter, orderBy)).Each("registered_models", "name");

    private async Task<string[]> VersionsAsync(string filter) => (await SearchAsync("model-versions/search", filter, "version_number")).Each("model_versions", "version");

    private Task<JsonObject> SearchAsync(string route, string filter, params string[] orderBy) => _client.GetAsync(route, [("filter", filter), .. orderBy.Select(key => ("order_by", key))]);
}
