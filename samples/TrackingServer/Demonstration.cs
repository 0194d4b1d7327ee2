using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using MLOps.Server.ApiKeys;

namespace TrackingServer;

/// <summary>Starts the server on a free port of this machine, and calls it as MLflow's clients do: without a key, with one, and with the same after it was revoked.</summary>
internal static class Demonstration
{
    public static async Task<bool> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("tracking-server-").FullName;
        try
        {
            Settings settings = new("http://127.0.0.1:0", Path.Join(folder, "mlops.db"), Path.Join(folder, "mlops.keys"));
            await using WebApplication app = Server.Create(settings);
            await app.StartAsync();
            using HttpClient http = new() { BaseAddress = new Uri(app.Urls.Single()) };
            bool isAsExpected = await CallAsync(http, new ApiKeyFile(settings.Keys));
            await app.StopAsync();
            return isAsExpected;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<bool> CallAsync(HttpClient http, ApiKeyFile keys)
    {
        HttpStatusCode before = await ShowAsync(http, "without a key");
        string secret = await keys.CreateAsync("demonstration");
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        HttpStatusCode known = await ShowAsync(http, "with a key");
        await keys.RevokeAsync("demonstration");
        HttpStatusCode after = await ShowAsync(http, "with the key, revoked");
        return (before, known, after) == (HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.Unauthorized);
    }

    private static async Task<HttpStatusCode> ShowAsync(HttpClient http, string who)
    {
        JsonObject body = new() { ["name"] = who };
        using StringContent content = new(body.ToJsonString(), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.PostAsync("/api/2.0/mlflow/experiments/create", content);
        Console.WriteLine($"{who}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return answer.StatusCode;
    }
}
