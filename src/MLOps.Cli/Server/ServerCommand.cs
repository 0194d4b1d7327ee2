using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MLOps.Cli.CommandLine;
using MLOps.Tracking;

namespace MLOps.Cli.Server;

/// <summary><c>mlops server</c>: MLflow's tracking server, by its own flags.</summary>
internal static class ServerCommand
{
    private const string Help = """
        mlops server: a tracking and registry server for MLflow's clients.

        It takes the flags of `mlflow server`, and the environment variables in brackets.

        """;

    public static async Task<int> RunAsync(string[] args)
    {
        var given = GivenFlags.Parse("server", ServerFlags.All, args, Environment.GetEnvironmentVariable);
        if (given.AsksForHelp)
            return Tool.Say($"{Help}{Environment.NewLine}{GivenFlags.Describe(ServerFlags.All)}");
        if (given.Arguments is [var first, ..])
            throw new UsageException($"`mlops server` takes flags alone, and '{first}' is none. `mlops server --help` lists them.");
        var settings = ServerSettings.From(given);
        foreach (string note in given.Notes)
            Tool.Say($"mlops: {note}");
        try
        {
            WebApplication app = ServerHost.Build(settings);
            await using (app.ConfigureAwait(false))
            {
                await app.StartAsync().ConfigureAwait(false);
                Announce(app, settings);
                await app.WaitForShutdownAsync().ConfigureAwait(false);
            }

            return Tool.Done;
        }
        catch (OptionsValidationException e)
        {
            throw new UsageException($"--model-sources {e.Message}");
        }
        catch (Exception e) when (ReasonOf(e, settings.Listening) is { } reason)
        {
            return Tool.Complain(reason, Tool.Failed);
        }
    }

    private static void Announce(WebApplication app, ServerSettings settings)
    {
        ICollection<string> addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        string callers = settings.ApiKeys is { } keys ? $"asks for API keys of {keys}" : settings.AllowAnonymous ? "lets everybody in" : "lets this machine in";
        Tool.Say($"mlops {Tool.Version} answers at {string.Join(", ", addresses.Select(address => address + settings.StaticPrefix))} from {settings.Database} and {callers}");
    }

    private static string? ReasonOf(Exception exception, Listening listening) => exception switch
    {
        MLOpsException => exception.Message,
        IOException { InnerException: { } inner } when inner.GetType().Name == "AddressInUseException" => Taken(listening),
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => Taken(listening),
        SocketException { SocketErrorCode: SocketError.AccessDenied } => $"The port {listening.Port} may not be listened on by the user '{Environment.UserName}'. Choose one above 1023 with --port.",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => $"'{listening.Host}' is no address of this machine. Choose another with --host.",
        IOException or UnauthorizedAccessException or SocketException => exception.Message,
        _ => null,
    };

    private static string Taken(Listening listening) => $"The port {listening.Port} of {listening.Host} is taken (address already in use). Choose another with --port, or end the program that has it.";
}
