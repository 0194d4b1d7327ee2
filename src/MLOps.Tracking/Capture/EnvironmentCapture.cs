using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace MLOps.Tracking.Capture;

/// <summary>Finds out what a run should know of the machine, the runtime and the packages that it ran with.</summary>
internal static class EnvironmentCapture
{
    private static readonly string[] s_always = ["DOTNET_ENVIRONMENT", "DOTNET_gcServer", "DOTNET_GCHeapCount", "DOTNET_TieredCompilation", "DOTNET_TieredPGO"];

    public static EnvironmentReport Read(SourceFacts source, IEnumerable<string> variables) => new()
    {
        Machine = new(
            Environment.MachineName,
            RuntimeInformation.OSDescription,
            RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
            OperatingSystem.IsLinux() ? CpuModelIn(TextOf("/proc/cpuinfo")) : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER"),
            Environment.ProcessorCount,
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
        Runtime = new(RuntimeInformation.FrameworkDescription, RuntimeInformation.RuntimeIdentifier, !RuntimeFeature.IsDynamicCodeSupported),
        Program = new(source.ProgramName, source.ProgramVersion, Environment.ProcessId, CommandLine(Environment.GetCommandLineArgs()), source.WorkingDirectory),
        Git = source.Git is { } git ? new(git.Commit, git.Branch, git.RemoteUrl, git.IsDirty) : null,
        Packages = PackagesIn(TextOf(Path.Join(AppContext.BaseDirectory, source.ProgramName + ".deps.json"))),
        EnvironmentVariables = Variables(s_always.Concat(variables), Environment.GetEnvironmentVariable),
    };

    public static byte[] ToJson(EnvironmentReport report) => JsonSerializer.SerializeToUtf8Bytes(report, EnvironmentReportJson.Default.EnvironmentReport);

    /// <summary>The model of the processor in a text of <c>/proc/cpuinfo</c>; null where it is not told, as on arm64.</summary>
    public static string? CpuModelIn(string cpuInfo)
    {
        foreach (ReadOnlySpan<char> line in cpuInfo.AsSpan().EnumerateLines())
        {
            int colon = line.IndexOf(':');
            if (colon > 0 && line[..colon].TrimEnd() is "model name" or "Model")
                return line[(colon + 1)..].Trim().ToString();
        }

        return null;
    }

    /// <summary>The packages in the text of a <c>.deps.json</c>; none when it is empty (AOT, single file) or cannot be read.</summary>
    public static IReadOnlyList<EnvironmentReport.PackageFacts> PackagesIn(string depsJson)
    {
        if (depsJson.Length == 0)
            return [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(depsJson);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root
                || !root.TryGetProperty("libraries", out JsonElement libraries) || libraries.ValueKind != JsonValueKind.Object)
                return [];
            return [.. libraries.EnumerateObject()
                .Where(library => library.Value is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty("type", out JsonElement type)
                    && type.ValueKind == JsonValueKind.String && type.ValueEquals("package"))
                .Select(library => library.Name.Split('/', 2))
                .Where(name => name.Length == 2)
                .Select(name => new EnvironmentReport.PackageFacts(name[0], name[1]))
                .OrderBy(package => package.Name, StringComparer.OrdinalIgnoreCase)];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The variables that are set, in their order, secrets masked.</summary>
    public static IReadOnlyDictionary<string, string> Variables(IEnumerable<string> names, Func<string, string?> valueOf)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (valueOf(name) is { } value)
                variables[name] = Redactor.IsSecretName(name) ? Redactor.Mask : Redactor.Redact(value);
        }

        return variables;
    }

    /// <summary>The arguments as one line that a shell would read back, redacted.</summary>
    public static string CommandLine(IReadOnlyList<string> arguments) =>
        string.Join(' ', Redactor.RedactArguments(arguments).Select(argument =>
            argument.Length == 0 || argument.AsSpan().IndexOfAny(" \t\n\"'") >= 0 ? "\"" + argument.Replace("\"", "\\\"", StringComparison.Ordinal) + "\"" : argument));

    private static string TextOf(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
