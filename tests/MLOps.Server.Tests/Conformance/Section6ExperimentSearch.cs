using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §6.6 and 6.12: how experiments are searched, ordered and paged.</summary>
public sealed class Section6ExperimentSearch(ConformanceServer server, SearchedExperiments experiments) : IClassFixture<SearchedExperiments>
{
    private readonly MlflowClient _client = server.Client;

    [Theory]
    [InlineData("name = '{0}-b'", "b")]
    [InlineData("attribute.name != '{0}-b'", "ca")]
    [InlineData("attributes.name LIKE '{0}-_'", "cba")]
    [InlineData("name LIKE '%-A'", "")]
    [InlineData("name ILIKE '%-A'", "a")]
    [InlineData("name like '{0}-a'", "a")]
    [InlineData("creation_time > 0", "cba")]
    [InlineData("creation_time = 0", "")]
    [InlineData("last_update_time >= 0 AND creation_time != 1", "cba")]
    [InlineData("tags.team = 'Risk'", "a")]
    [InlineData("tag.team != 'Risk'", "b")]
    [InlineData("tags.team LIKE 'fr%'", "b")]
    [InlineData("tags.team ILIKE 'RISK'", "a")]
    [InlineData("tags.`a b` = 'x'", "c")]
    [InlineData("tags.team IS NULL", "c")]
    [InlineData("tags.team IS NOT NULL", "ba")]
    public async Task Rule_6_6_experiments_are_found_by_name_times_and_tags(string filter, string found) =>
        Assert.Equal(found, await experiments.FindAsync(filter.Replace("{0}", experiments.Mark, StringComparison.Ordinal)));

    [Theory]
    [InlineData("metrics.a > 1", "Invalid clause(s) in filter string")]
    [InlineData("name = 'a' OR name = 'b'", "Invalid clause(s) in filter string")]
    [InlineData("name = a", "Invalid clause(s) in filter string")]
    [InlineData("name > 'a'", "> does not go with attribute 'name'")]
    [InlineData("creation_time = 'x'", "Expected numeric value type")]
    [InlineData("experiment_id = 1", "Invalid attribute key")]
    [InlineData("owner = 'x'", "Invalid attribute key")]
    public async Task Rule_6_6_other_filters_are_refused(string filter, string message)
    {
        (await _client.TryPostAsync("experiments/search", new JsonObject { ["max_results"] = 5, ["filter"] = filter })).IsError(400, "INVALID_PARAMETER_VALUE", message);
        (await _client.TryGetAsync("experiments/search", ("max_results", "5"), ("filter", filter))).IsError(400, "INVALID_PARAMETER_VALUE", message);
    }

    [Theory]
    [InlineData("abc", "name")]
    [InlineData("cba", "name DESC")]
    [InlineData("abc", "experiment_id ASC")]
    [InlineData("cba", "experiment_id desc")]
    [InlineData("cba", "attribute.name DESC", "creation_time")]
    [InlineData("acb", "last_update_time DESC")]
    [InlineData("bca", "last_update_time")]
    public async Task Rule_6_6_experiments_are_ordered(string found, params string[] orderBy) => Assert.Equal(found, await experiments.FindAsync(null, orderBy));

    [Fact]
    public async Task Rule_6_6_an_order_of_what_is_not_there_or_twice_is_refused()
    {
        (await _client.TryPostAsync("experiments/search", new JsonObject { ["max_results"] = 5, ["order_by"] = new JsonArray("owner") })).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid attribute key");
        (await _client.TryPostAsync("experiments/search", new JsonObject { ["max_results"] = 5, ["order_by"] = new JsonArray("name", "name DESC") })).IsError(400, "INVALID_PARAMETER_VALUE", "twice");
    }

    [Fact]
    public async Task Rule_6_12_pages_of_experiments_follow_each_other()
    {
        string filter = $"name LIKE '{experiments.Mark}%'";
        JsonObject first = await _client.GetAsync("experiments/search", ("max_results", "2"), ("filter", filter), ("order_by", "name"));
        string token = (string)first["next_page_token"]!;
        JsonObject second = await _client.GetAsync("experiments/search", ("max_results", "2"), ("filter", filter), ("order_by", "name"), ("page_token", token));
        Assert.Equal((2, 1), (first["experiments"]!.AsArray().Count, second["experiments"]!.AsArray().Count));
        Assert.EndsWith("-c", (string)second["experiments"]![0]!["name"]!, StringComparison.Ordinal);
        Assert.False(second.ContainsKey("next_page_token"));
        Assert.False((await _client.GetAsync("experiments/search", ("max_results", "3"), ("filter", filter))).ContainsKey("next_page_token"));

        (await _client.TryGetAsync("experiments/search", ("max_results", "2"), ("page_token", token))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid page token");
        (await _client.TryGetAsync("experiments/search", ("max_results", "2"), ("page_token", "nonsense"))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid page token");
    }
}
