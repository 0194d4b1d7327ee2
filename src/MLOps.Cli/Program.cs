using System.CommandLine;
using MLOps.Cli;

RootCommand root = new("The MLOps SDK for .NET at the command line.") { ServerCommand.Create() };
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
