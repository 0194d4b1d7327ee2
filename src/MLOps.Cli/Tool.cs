using System.Reflection;
using MLOps.Cli.CommandLine;
using MLOps.Cli.Keys;
using MLOps.Cli.Server;

namespace MLOps.Cli;

/// <summary>The tool: takes the command, says what went wrong in one sentence, and how it ended.</summary>
internal static class Tool
{
    public const int Done = 0, Failed = 1, Misused = 2;

    private const string Help = """
        mlops: the MLOps SDK for .NET at the command line.

          mlops server    runs a tracking and registry server for MLflow's clients; `mlops ui` is the same
          mlops keys      makes, lists and revokes the API keys of a server

        `mlops COMMAND --help` says more. `mlops --version` tells the version.
        """;

    public static string Version { get; } = typeof(Tool).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            return args switch
            {
                ["server" or "ui", .. var rest] => await ServerCommand.RunAsync(rest).ConfigureAwait(false),
                ["keys", .. var rest] => await KeysCommand.RunAsync(rest).ConfigureAwait(false),
                ["--version", ..] => Say($"mlops {Version}"),
                [] or ["--help" or "-h" or "-?" or "help", ..] => Say(Help),
                [var other, ..] => throw new UsageException($"There is no command '{other}'. `mlops --help` lists the commands."),
            };
        }
        catch (UsageException e)
        {
            return Complain(e.Message, Misused);
        }
    }

    /// <summary>Writes a line for people and scripts.</summary>
    public static int Say(string line)
    {
        Console.Out.WriteLine(line);
        return Done;
    }

    /// <summary>Says why the tool did not do it.</summary>
    public static int Complain(string sentence, int exitCode)
    {
        Console.Error.WriteLine($"mlops: {sentence}");
        return exitCode;
    }
}
