using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using TorchSharp;

namespace MLOps.Training.Checkpoints;

/// <summary>What the bits of a training depend on beside its own state: libraries and machine.</summary>
internal static class CheckpointVersions
{
    public static Dictionary<string, string> Read() => new(StringComparer.Ordinal)
    {
        ["mlops_training"] = VersionOf(typeof(CheckpointVersions).Assembly),
        ["torchsharp"] = VersionOf(typeof(torch).Assembly),
        ["libtorch"] = torch.__version__,
        ["dotnet"] = Environment.Version.ToString(),
        ["platform"] = $"{(OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "macos" : "linux")}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
        ["cpu_capability"] = Environment.GetEnvironmentVariable("ATEN_CPU_CAPABILITY") ?? CpuCapability(),
        ["threads"] = $"{torch.get_num_threads()}",
    };

    /// <summary>One sentence for each difference.</summary>
    public static List<string> Compare(IReadOnlyDictionary<string, string> written, IReadOnlyDictionary<string, string> present) =>
        [.. present.Where(now => written.GetValueOrDefault(now.Key) != now.Value).Select(now => $"{now.Key}: {written.GetValueOrDefault(now.Key, "unknown")} when it was written, {now.Value} now")];

    // libtorch chooses its kernels by these, as its at::get_cpu_capability does.
    private static string CpuCapability() =>
        Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported ? "avx512"
        : Avx2.IsSupported && Fma.IsSupported ? "avx2"
        : AdvSimd.IsSupported ? "neon"
        : "default";

    private static string VersionOf(Assembly assembly) =>
        (assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "unknown").Split('+')[0];
}
