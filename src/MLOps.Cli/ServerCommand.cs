using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MLOps.Registry;
using MLOps.Tracking;

namespace MLOps.Cli;

/// <summary><c>mlops server</c>: MLflow's tracking server, by its own flags.</summary>
internal static class ServerCommand
{
    public static Command Create()
    {
        Option<string> host = new("--host", "-h") { Description = "The address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
        Option<int> port = new("--port", "-p") { Description = "The port to listen on.", DefaultValueFactory = _ => 5000 };
        Option<string> store = new("--backend-store-uri") { Description = "The store: sqlite:///FILE.", DefaultValueFactory = _ => "sqlite:///mlops.db" };
        Command command = new("server", "Runs a tracking and registry server for MLflow's clients.") { host, port, store };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string file = parsed.GetValue(store)!["sqlite:///".Length..];
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls($"http://{parsed.GetValue(host)}:{parsed.GetValue(port)}");
            builder.Services.AddSingleton<IMemoryPoolFactory<byte>, TransferMemoryPool.Factory>();
            builder.Services.AddMLOpsTracking(t => t.UseSqlite(file).UseArtifactProxy("./mlartifacts"));
            builder.Services.AddMLOpsRegistry(r => r.UseSqlite(file));
            builder.Services.AddMLOpsServer();
            WebApplication app = builder.Build();
            await using (app.ConfigureAwait(false))
            {
                app.MapMLOps();
                await HostingAbstractionsHostExtensions.RunAsync(app, cancellationToken).ConfigureAwait(false);
            }

            return 0;
        });
        return command;
    }
}
