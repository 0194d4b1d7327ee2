namespace MLOps.Cli.CommandLine;

/// <summary>The tool was called in a way that it does not know; the message is a sentence that says how to call it.</summary>
internal sealed class UsageException(string message) : Exception(message);
