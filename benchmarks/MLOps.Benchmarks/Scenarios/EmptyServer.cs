using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Kestrel that answers every POST with an empty 200: what a request costs before a server does anything with it.</summary>
internal static class EmptyServer
{
    /// <summary>Runs until its input ends; its first line is its address.</summary>
    public static async Task<int> RunChildAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        // Its lines would come before the address, and cost it time.
        builder.Services.RemoveAll<ILoggerProvider>();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication app = builder.Build();
        app.MapPost("/empty", (RequestDelegate)(_ => Task.CompletedTask));
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        await Console.In.ReadToEndAsync();
        await app.StopAsync();
        return 0;
    }
}
