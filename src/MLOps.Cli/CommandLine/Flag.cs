namespace MLOps.Cli.CommandLine;

/// <summary>A flag of a command.</summary>
/// <param name="Name">As it is written: <c>--port</c>.</param>
/// <param name="Value">What its value is called in the help; null for a switch, which has none.</param>
/// <param name="Help">What it does.</param>
internal sealed record Flag(string Name, string? Value, string Help)
{
    /// <summary>Its one letter: <c>-p</c>.</summary>
    public char? Letter { get; init; }

    /// <summary>What turns a switch off: <c>--no-serve-artifacts</c>.</summary>
    public string? Opposite { get; init; }

    /// <summary>The environment variable that stands for it where it is not given.</summary>
    public string? Variable { get; init; }

    /// <summary>Why it is known but cannot be had here.</summary>
    public string? Refused { get; init; }

    /// <summary>Why it has no effect here.</summary>
    public string? Ignored { get; init; }
}
