using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MLOps.Server.Tests.Conformance;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Tests.LoggedModels;

/// <summary>A server over a store that keeps no logged models: clients of MLflow 3 see that it has none, and do without.</summary>
public sealed class StoreWithoutLoggedModelsTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlops-core-store-").FullName;
    private WebApplication _app = null!;
    private MlflowClient _client = null!;

    public static TheoryData<string, string> LoggedModelRoutes { get; } =
        [.. ContractEndpoint.All.Where(endpoint => endpoint.Path.Contains("logged-models", StringComparison.Ordinal)).Select(endpoint => new TheoryDataRow<string, string>(endpoint.Method, endpoint.Address))];

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        StorePlaces places = new() { JournalFolder = Path.Join(_folder, "journal"), ArtifactRoot = Path.Join(_folder, "artifacts") };
        builder.Services.AddMLOpsTracking(t => t.UseStore(_ => CoreStoreProxy.Over(new InMemoryTrackingStore(artifactRoot: places.ArtifactRoot)), places));
        builder.Services.AddMLOpsRegistry(r => r.UseInMemory(Path.Join(_folder, "registry")));
        builder.Services.AddMLOpsServer();
        _app = builder.Build();
        _app.MapMLOps();
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _client = new MlflowClient(new Uri(_app.Urls.Single()));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(LoggedModelRoutes))]
    public async Task Their_routes_are_not_there(string method, string address)
    {
        using HttpContent? body = method == "GET" ? null : MlflowClient.Json(new JsonObject());
        (await _client.SendAsync(new HttpMethod(method), address, body)).IsError(404, "ENDPOINT_NOT_FOUND");
    }

    [Fact]
    public async Task Other_routes_are() =>
        await _client.GetAsync("experiments/get", ("experiment_id", "0"));
}
