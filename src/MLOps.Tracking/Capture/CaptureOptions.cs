namespace MLOps.Tracking;

/// <summary>What a run writes down of its program and machine when it starts. Command lines and addresses are redacted of secrets.</summary>
public sealed class CaptureOptions
{
    /// <summary>Whether the run gets the tags <c>mlflow.user</c>, <c>mlflow.source.*</c> and <c>mlops.git.dirty</c>. Default true.</summary>
    public bool Source { get; set; } = true;

    /// <summary>Whether the run gets the artifact <c>environment.json</c>: machine, runtime, command line, packages. Default true.</summary>
    public bool Environment { get; set; } = true;

    /// <summary>Further environment variables to write down, by exact name. Default none; always written are, where they are set, <c>DOTNET_ENVIRONMENT</c>, <c>DOTNET_gcServer</c>, <c>DOTNET_GCHeapCount</c>, <c>DOTNET_TieredCompilation</c> and <c>DOTNET_TieredPGO</c>. The value of a variable whose name says secret is masked.</summary>
    public IList<string> EnvironmentVariables { get; } = [];
}
