using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Moves artifacts through a server's proxy as MLflow's clients do. Paths are sent as they are written, without the resolving of dots that programs do by themselves.</summary>
internal sealed class ArtifactClient(MlflowClient client)
{
    public const string Route = "/api/2.0/mlflow-artifacts/artifacts";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The folder of a run's artifacts on the proxy: what follows <c>mlflow-artifacts:/</c>.</summary>
    public async Task<string> FolderOfAsync(string run)
    {
        JsonObject read = await client.GetAsync("runs/get", ("run_id", run));
        string uri = (string)read["run"]!["info"]!["artifact_uri"]!;
        Assert.StartsWith("mlflow-artifacts:/", uri, StringComparison.Ordinal);
        return uri["mlflow-artifacts:/".Length..];
    }

    public static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    /// <summary>Uploads a file and expects <c>{}</c>.</summary>
    public async Task PutAsync(string path, byte[] content)
    {
        MlflowClient.Answer answer = await TryPutAsync($"{Route}/{Escape(path)}", new ByteArrayContent(content));
        Assert.True(answer.Status == HttpStatusCode.OK, $"{path}: {(int)answer.Status} {answer.Body}");
        Assert.Equal(("{}", "application/json"), (answer.Body, answer.MediaType));
    }

    public Task PutAsync(string path, string content) => PutAsync(path, Encoding.UTF8.GetBytes(content));

    public Task<MlflowClient.Answer> TryPutAsync(string target, HttpContent content) => RawAsync(HttpMethod.Put, target, content);

    /// <summary>Downloads a file; the caller disposes the answer.</summary>
    public async Task<HttpResponseMessage> GetAsync(string path, RangeHeaderValue? range = null, HttpMethod? method = null)
    {
        using HttpRequestMessage request = new(method ?? HttpMethod.Get, Raw($"{Route}/{Escape(path)}"));
        request.Headers.Range = range;
        return await client.Http.SendAsync(request, Cancel);
    }

    public async Task<byte[]> DownloadAsync(string path)
    {
        using HttpResponseMessage answer = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsByteArrayAsync(Cancel);
    }

    public async Task<string> DownloadTextAsync(string path) => Encoding.UTF8.GetString(await DownloadAsync(path));

    /// <summary>Lists a folder as <c>name</c> or <c>name/</c> with sizes.</summary>
    public async Task<string[]> ListAsync(string path)
    {
        MlflowClient.Answer answer = await client.TryGetAsync(Route, ("path", path));
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return NamesOf(answer.Json);
    }

    public static string[] NamesOf(JsonObject answer) => [.. (answer["files"]?.AsArray() ?? []).Select(file =>
        (bool)file!["is_dir"]! ? $"{(string)file["path"]!}/" + (file["file_size"] is null ? "" : "?") : $"{(string)file["path"]!} {(long)file["file_size"]!}")];

    public Task<MlflowClient.Answer> DeleteAsync(string path) => RawAsync(HttpMethod.Delete, $"{Route}/{Escape(path)}", content: null);

    /// <summary>Sends a request whose target is exactly what is written.</summary>
    public async Task<MlflowClient.Answer> RawAsync(HttpMethod method, string target, HttpContent? content)
    {
        using HttpRequestMessage request = new(method, Raw(target)) { Content = content };
        using HttpResponseMessage response = await client.Http.SendAsync(request, Cancel);
        return new MlflowClient.Answer(response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), response.Content.Headers.ContentType?.MediaType);
    }

    private Uri Raw(string target) => new(client.Http.BaseAddress!.AbsoluteUri.TrimEnd('/') + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
}
