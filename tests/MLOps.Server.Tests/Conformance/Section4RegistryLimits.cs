using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §4: names and limits of the registry.</summary>
public sealed class Section4RegistryLimits(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Theory]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("   ")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("..a")]
    [InlineData("a\tb")]
    public async Task Rule_4_a_model_has_a_name_that_is_no_path(string name)
    {
        (await _client.TryPostAsync("registered-models/create", RegistryRequests.Body(("name", name)))).IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'name' supplied");
        string model = await _client.CreateModelAsync();
        (await _client.TryPostAsync("registered-models/rename", RegistryRequests.Body(("name", model), ("new_name", name)))).IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'new_name' supplied");
        (await _client.TryGetAsync("registered-models/get", ("name", name))).IsError(400, "INVALID_PARAMETER_VALUE");
        await _client.GetModelAsync(model);
    }

    [Fact]
    public async Task Rule_4_a_model_has_a_name_of_at_most_256_characters()
    {
        string longest = ConformanceServer.Unique("n").PadRight(256, 'x');
        await _client.CreateModelAsync(longest);
        (await _client.TryPostAsync("registered-models/create", RegistryRequests.Body(("name", longest + "x")))).IsError(400, "INVALID_PARAMETER_VALUE", "256");
    }

    [Fact]
    public async Task Rule_4_a_model_may_be_called_what_people_call_things()
    {
        string name = ConformanceServer.Unique("Prognose für Köln (v2), 100 % – 模型 🚀");
        await _client.CreateModelAsync(name);
        await _client.CreateVersionAsync(name);
        Assert.Equal(name, (string)(await _client.GetVersionAsync(name, "1"))["name"]!);
        Assert.Equal([name], (await _client.GetAsync("registered-models/search", ("filter", $"name = '{name}'"))).Each("registered_models", "name"));
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("LATEST")]
    [InlineData("v1")]
    [InlineData("V20")]
    [InlineData("a b")]
    [InlineData("a.b")]
    [InlineData("a/b")]
    public async Task Rule_4_an_alias_is_a_word_and_not_reserved(string alias)
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        (await _client.TryPostAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", alias), ("version", "1")))).IsError(400, "INVALID_PARAMETER_VALUE", alias.StartsWith('a') ? "lias" : "reserved");
    }

    [Fact]
    public async Task Rule_4_an_alias_has_at_most_255_characters()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        await _client.SetAliasAsync(name, "v" + new string('_', 254), "1");
        await _client.SetAliasAsync(name, "v1-a", "1");
        (await _client.TryPostAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", new string('a', 256)), ("version", "1")))).IsError(400, "INVALID_PARAMETER_VALUE", "255");
    }

    [Theory]
    [InlineData("one")]
    [InlineData("1.5")]
    [InlineData("1; DROP TABLE model")]
    [InlineData("-")]
    [InlineData(" ")]
    public async Task Rule_4_a_version_must_parse_as_an_integer(string version)
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        JsonObject Body(params (string, string)[] more) => RegistryRequests.Body([("name", name), ("version", version), .. more]);
        foreach (string route in (string[])["model-versions/get", "model-versions/get-download-uri"])
            (await _client.TryGetAsync(route, ("name", name), ("version", version))).IsError(400, "INVALID_PARAMETER_VALUE", "must be an integer");
        (await _client.TryPatchAsync("model-versions/update", Body())).IsError(400, "INVALID_PARAMETER_VALUE", "must be an integer");
        (await _client.TryDeleteAsync("model-versions/delete", Body())).IsError(400, "INVALID_PARAMETER_VALUE", "must be an integer");
        (await _client.TryPostAsync("model-versions/transition-stage", Body(("stage", "Staging")))).IsError(400, "INVALID_PARAMETER_VALUE", "must be an integer");
        (await _client.TryPostAsync("registered-models/alias", Body(("alias", "a")))).IsError(400, "INVALID_PARAMETER_VALUE", "must be an integer");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    public async Task Rule_4_an_integer_that_no_version_has_is_not_found(string version)
    {
        string name = await _client.CreateModelAsync();
        (await _client.TryGetAsync("model-versions/get", ("name", name), ("version", version))).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"version={version}");
    }

    [Theory]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData(".")]
    [InlineData("a*b")]
    public async Task Rule_4_the_key_of_a_tag_is_checked(string key)
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        (await _client.TryPostAsync("registered-models/set-tag", RegistryRequests.Body(("name", name), ("key", key), ("value", "v")))).IsError(400, "INVALID_PARAMETER_VALUE");
        (await _client.TryPostAsync("model-versions/set-tag", RegistryRequests.Body(("name", name), ("version", "1"), ("key", key), ("value", "v")))).IsError(400, "INVALID_PARAMETER_VALUE");
        (await _client.TryPostAsync("model-versions/create", new JsonObject { ["name"] = name, ["source"] = RegistryRequests.RemoteSource, ["tags"] = RegistryRequests.Pairs((key, "v")) })).IsError(400, "INVALID_PARAMETER_VALUE");
        Assert.Equal(["1"], (await _client.GetAsync("model-versions/search", ("filter", $"name = '{name}'"))).Each("model_versions", "version"));
    }

    [Fact]
    public async Task Rule_4_tags_of_the_registry_hold_250_and_100000_characters()
    {
        string name = await _client.CreateModelAsync(), key = new('k', 250), value = new('v', 100_000);
        await _client.CreateVersionAsync(name);
        foreach ((string route, JsonObject body) in new[] { ("registered-models/set-tag", RegistryRequests.Body(("name", name))), ("model-versions/set-tag", RegistryRequests.Body(("name", name), ("version", "1"))) })
        {
            JsonObject With(string k, string v)
            {
                JsonObject copy = body.DeepClone().AsObject();
                (copy["key"], copy["value"]) = (k, v);
                return copy;
            }

            await _client.PostAsync(route, With(key, value));
            (await _client.TryPostAsync(route, With(key + "k", "v"))).IsError(400, "INVALID_PARAMETER_VALUE", "250");
            (await _client.TryPostAsync(route, With("k", value + "v"))).IsError(400, "INVALID_PARAMETER_VALUE", "100000");
        }

        Assert.Equal(100_000, ((string)(await _client.GetVersionAsync(name, "1"))["tags"]![0]!["value"]!).Length);
    }

    [Theory]
    [InlineData("registered-models/search", "1000", "1001")]
    [InlineData("model-versions/search", "200000", "200001")]
    public async Task Rule_4_max_results_of_the_registry_is_bounded(string route, string largest, string tooLarge)
    {
        (string, string) nothing = ("filter", $"name = '{ConformanceServer.Unique("absent")}'");
        Assert.Empty(await _client.GetAsync(route, nothing, ("max_results", largest)));
        foreach (string size in (string[])[tooLarge, "0", "-1"])
            (await _client.TryGetAsync(route, nothing, ("max_results", size))).IsError(400, "INVALID_PARAMETER_VALUE", $"Invalid value \"{size}\" for parameter 'max_results' supplied");
        (await _client.TryGetAsync(route, nothing, ("max_results", "many"))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid value \"many\" for parameter 'max_results' supplied");
    }

    [Fact]
    public async Task Rule_4_a_run_id_that_no_run_can_have_is_refused_at_once()
    {
        string name = await _client.CreateModelAsync();
        (await _client.TryCreateVersionAsync(name, RegistryRequests.RemoteSource, ("run_id", "not a run/id"))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid value \"not a run/id\" for parameter 'run_id' supplied");
    }
}
