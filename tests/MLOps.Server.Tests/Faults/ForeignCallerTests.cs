using System.Net;
using System.Text.Json.Nodes;
using MLOps.Server.Tests.Conformance;

namespace MLOps.Server.Tests.Faults;

/// <summary>What a page of a foreign site can make a browser send changes nothing here and reads nothing by a name of its own.</summary>
public sealed class ForeignCallerTests(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    [InlineData("http://localhost.evil.example")]
    [InlineData("http://127.0.0.1.evil.example")]
    [InlineData("http://localhost@evil.example")]
    public async Task A_foreign_origin_changes_nothing(string origin)
    {
        string name = ConformanceServer.Unique("foreign");

        MlflowClient.Answer answer = await _client.SendAsync(HttpMethod.Post, "experiments/create", MlflowClient.Json(new JsonObject { ["name"] = name }), ("Origin", origin));

        answer.IsError(403, "PERMISSION_DENIED", "Cross-origin");
        Assert.Equal(HttpStatusCode.NotFound, (await _client.TryGetAsync("experiments/get-by-name", ("experiment_name", name))).Status);
    }

    [Theory]
    [InlineData("http://localhost:3000")]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://[::1]:8080")]
    public async Task An_origin_on_this_machine_may_write(string origin)
    {
        MlflowClient.Answer answer = await _client.SendAsync(HttpMethod.Post, "experiments/create", MlflowClient.Json(new JsonObject { ["name"] = ConformanceServer.Unique("own") }), ("Origin", origin));
        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("8.8.8.8")]
    [InlineData("2130706433.evil.example")]
    public async Task A_foreign_host_is_told_nothing_but_that_the_server_lives(string host)
    {
        (await _client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", content: null, ("Host", host))).IsError(403, "PERMISSION_DENIED", "Invalid Host header");
        (await _client.SendAsync(HttpMethod.Post, "experiments/create", MlflowClient.Json("{}"), ("Host", host))).IsError(403, "PERMISSION_DENIED", "Invalid Host header");
        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(HttpMethod.Get, "/health", content: null, ("Host", host))).Status);
        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(HttpMethod.Get, "/version", content: null, ("Host", host))).Status);
    }

    // A form posts without asking the browser first; its three content types are none of ours.
    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    [InlineData("text/plain")]
    public async Task What_a_form_can_post_is_refused_without_an_origin_too(string type)
    {
        using StringContent form = new("{\"name\":\"form\"}", System.Text.Encoding.UTF8, type);
        (await _client.SendAsync(HttpMethod.Post, "experiments/create", form)).IsError(400, "INVALID_PARAMETER_VALUE", "Content-Type must be one of ['application/json']");
    }
}
