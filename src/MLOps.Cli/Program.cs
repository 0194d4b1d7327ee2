namespace MLOps.Cli;

/// <summary>Where the tool begins.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => Tool.RunAsync(args);
}
