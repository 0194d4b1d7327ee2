// A web service that scores with whatever version of an ONNX model the alias "champion" points to, and takes up the next one without a failed request.
// Without --serve it shows that itself: it sends itself requests while the alias moves.
using Microsoft.Extensions.DependencyInjection;
using ModelHost;
using MLOps.Registry;

if (Settings.Parse(args) is not { } settings)
{
    Console.Error.WriteLine($"usage: ModelHost {Settings.Usage}");
    return 2;
}

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.WebHost.UseUrls(settings.Url);
builder.Logging.SetMinimumLevel(LogLevel.Warning);

// The model: loaded before the first request is taken, swapped when the alias moves.
builder.Services.AddMLOpsRegistry(r => r.UseSqlite(settings.Database).Configure(o =>
{
    o.WatchInterval = TimeSpan.FromMilliseconds(50);
    o.CacheFolder = settings.Cache;
}));
builder.Services.AddModel<Scorer>("churn@champion", (files, _) => ValueTask.FromResult(new Scorer(files.GetPath("model.onnx"))));
builder.Services.AddHealthChecks().AddCheck<ModelHealthCheck>("models");

WebApplication app = builder.Build();
app.MapPost("/score", (ScoreRequest request, IModelSource<Scorer> models) =>
{
    using ModelLease<Scorer> lease = models.Acquire();
    return request.Features is { Length: Scorer.Features } features
        ? Results.Ok(new ScoreAnswer(lease.Model.Score(features), lease.Version!.Number))
        : Results.Problem($"features must be {Scorer.Features} numbers", statusCode: StatusCodes.Status400BadRequest);
});
app.MapHealthChecks("/health");

ModelRegistry registry = app.Services.GetRequiredService<ModelRegistry>();
await Versions.RegisterAsync(registry, settings.Models);
await app.StartAsync();
string address = app.Urls.Single();
Console.WriteLine(address);
if (settings.IsServing)
{
    await app.WaitForShutdownAsync();
    return 0;
}

bool isWhole = await Demonstration.RunAsync(registry, address);
await app.StopAsync();
return isWhole ? 0 : 1;
