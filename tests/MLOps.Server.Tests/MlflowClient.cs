using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests;

/// <summary>Asks a server over HTTP as MLflow's clients do.</summary>
internal sealed class MlflowClient(Uri server) : IDisposable
{
    public HttpClient Http { get; } = new() { BaseAddress = server, Timeout = TimeSpan.FromMinutes(2) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Http.Dispose();

    /// <summary>Sends a JSON body to a path below <c>/api/2.0/mlflow/</c>, and expects 200.</summary>
    public Task<JsonObject> PostAsync(string path, JsonObject body) => SendOkAsync(HttpMethod.Post, path, body);

    public Task<JsonObject> PatchAsync(string path, JsonObject body) => SendOkAsync(HttpMethod.Patch, path, body);

    public Task<JsonObject> DeleteAsync(string path, JsonObject body) => SendOkAsync(HttpMethod.Delete, path, body);

    /// <summary>Asks a path below <c>/api/2.0/mlflow/</c>, and expects 200.</summary>
    public async Task<JsonObject> GetAsync(string path, params (string Key, string Value)[] query) => Ok(await SendAsync(HttpMethod.Get, PathWith(path, query), content: null), path);

    public Task<Answer> TryGetAsync(string path, params (string Key, string Value)[] query) => SendAsync(HttpMethod.Get, PathWith(path, query), content: null);

    public Task<Answer> TryPostAsync(string path, JsonObject body) => SendAsync(HttpMethod.Post, path, Json(body));

    public Task<Answer> TryPatchAsync(string path, JsonObject body) => SendAsync(HttpMethod.Patch, path, Json(body));

    public Task<Answer> TryDeleteAsync(string path, JsonObject body) => SendAsync(HttpMethod.Delete, path, Json(body));

    /// <summary>Sends whatever it is given. A path without a slash at its beginning lies below <c>/api/2.0/mlflow/</c>.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path.StartsWith('/') ? path : $"/api/2.0/mlflow/{path}") { Content = content };
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await Http.SendAsync(request, Cancel);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), response.Content.Headers.ContentType?.MediaType);
    }

    public static StringContent Json(JsonObject body) => Json(body.ToJsonString());

    public static StringContent Json(string body) => new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private static string PathWith(string path, (string Key, string Value)[] query) =>
        query.Length == 0 ? path : $"{path}?{string.Join('&', query.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"))}";

    private async Task<JsonObject> SendOkAsync(HttpMethod method, string path, JsonObject body) => Ok(await SendAsync(method, path, Json(body)), path);

    private static JsonObject Ok(Answer answer, string path)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, $"{path}: {(int)answer.Status} {answer.Body}");
        return answer.Json;
    }

    /// <summary>What came back.</summary>
    public sealed record Answer(HttpStatusCode Status, string Body, string? MediaType)
    {
        public JsonObject Json => JsonNode.Parse(Body)!.AsObject();

        /// <summary>Expects an error in MLflow's form (contract §1.5).</summary>
        public void IsError(int status, string code, string? messagePart = null)
        {
            Assert.Equal((status, "application/json"), ((int)Status, MediaType));
            JsonObject error = Json;
            Assert.Equal(code, (string?)error["error_code"]);
            string? message = (string?)error["message"];
            Assert.False(string.IsNullOrEmpty(message));
            if (messagePart is not null)
                Assert.Contains(messagePart, message, StringComparison.Ordinal);
        }
    }
}
