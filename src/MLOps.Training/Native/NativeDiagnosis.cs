using System.Text.RegularExpressions;

namespace MLOps.Training;

/// <summary>Why TorchSharp's native library does not load, and what to do about it, each in one line.</summary>
/// <param name="Problem">What is missing.</param>
/// <param name="Advice">What to do.</param>
internal sealed partial record NativeDiagnosis(string Problem, string Advice)
{
    private static readonly string[] Platforms = ["linux-x64", "win-x64", "osx-arm64"];

    /// <summary>The most telling reason among the facts about a library that did not load.</summary>
    public static NativeDiagnosis Of(NativeFacts facts)
    {
        string message = OneLine(facts.LoaderMessage ?? "");
        if (!Platforms.Contains(facts.Platform))
            return new($"there is no libtorch package for {facts.Platform}", $"run on {string.Join(", ", Platforms)}{(facts.Platform.StartsWith("linux-musl", StringComparison.Ordinal) ? ": libtorch needs glibc, so choose an image of Debian or Ubuntu over Alpine" : "")}");
        if (facts.LibTorchSharp is null || facts.Libtorch is null)
        {
            return new(
                $"the program has no native {(facts.Libtorch is null ? "libtorch" : "library of TorchSharp")}",
                $"add the package TorchSharp-cpu {facts.TorchSharpVersion} to the program that runs, or for NVIDIA GPUs TorchSharp-cuda-linux or TorchSharp-cuda-windows of this version");
        }

        if (facts.Damage is { } damage)
            return new(damage, "delete it, and its package from the NuGet cache when that has the same fault; restore and build again");
        if (facts.MissingVersion is { } missing)
        {
            return new(
                $"TorchSharp {facts.TorchSharpVersion} needs {missing.Version} of {missing.Library}, this machine has {missing.Newest ?? "none of that family"}",
                missing.Version == "GLIBCXX_3.4.32" ? "run on Ubuntu 24.04+ or Debian 13+; the .NET 10 default container images fit" : $"run on a newer system, whose {missing.Library} has it; the .NET 10 default container images are the first to try");
        }

        if (MissingLibrary().Match(message) is { Success: true } dependency)
            return new($"the library {dependency.Groups["library"].Value} is missing, which libtorch needs", "restore and build again when it is one of libtorch's own (its folder has libtorch_cpu); else install the system's package that has it");
        return facts.Platform == "win-x64"
            ? new($"{facts.LibTorchSharp} does not load: {message}", "install the Visual C++ Redistributable 2015-2022 for x64, and see that every DLL of libtorch lies in one folder")
            : new($"{facts.LibTorchSharp} does not load: {message}", "see what the loader says; LD_DEBUG=libs shows more of it on Linux, DYLD_PRINT_LIBRARIES=1 on macOS");
    }

    /// <summary>Puts a text of several lines into one.</summary>
    public static string OneLine(string text) => Space().Replace(text, " ").Trim();

    [GeneratedRegex(@"(?<library>\S+): cannot open shared object file", RegexOptions.None, 1_000)]
    private static partial Regex MissingLibrary();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1_000)]
    private static partial Regex Space();
}
