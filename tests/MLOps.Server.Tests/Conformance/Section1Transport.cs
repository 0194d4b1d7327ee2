using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §1: transport and encoding.</summary>
public sealed class Section1Transport(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    [Endpoint("GET /health")]
    public async Task Rule_1_9_health_answers_OK_as_html()
    {
        MlflowClient.Answer answer = await _client.TryGetAsync("/health");
        Assert.Equal((200, "OK", "text/html"), ((int)answer.Status, answer.Body, answer.MediaType));
    }

    [Fact]
    public async Task Rule_1_7_a_missing_parameter_is_named()
    {
        (await _client.TryPostAsync("experiments/create", [])).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'");
        (await _client.TryPostAsync("experiments/create", new JsonObject { ["name"] = "" })).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'");
    }
}
