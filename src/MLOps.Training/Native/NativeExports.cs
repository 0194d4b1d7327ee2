using System.Runtime.InteropServices;
using TorchSharp;

namespace MLOps.Training;

/// <summary>
/// C++ functions that libtorch exports, that take plain arguments and that TorchSharp does not reach, by their mangled names. A name belongs to a version of libtorch: all of them are here,
/// each is looked up before it is called, and a test looks all of them up in the version that this package is built for.
/// </summary>
/// <remarks>Linux on x64 alone: there the names and the passing of arguments (Itanium C++ ABI, System V x86-64) are known. Elsewhere nothing is found.</remarks>
internal static class NativeExports
{
    public const string IsAutocastEnabled = "_ZN2at8autocast19is_autocast_enabledEN3c1010DeviceTypeE";
    public const string SetAutocastEnabled = "_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb";
    public const string GetAutocastType = "_ZN2at8autocast18get_autocast_dtypeEN3c1010DeviceTypeE";
    public const string SetAutocastType = "_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE";
    public const string IncrementNesting = "_ZN2at8autocast17increment_nestingEv";
    public const string DecrementNesting = "_ZN2at8autocast17decrement_nestingEv";
    public const string ClearCache = "_ZN2at8autocast11clear_cacheEv";

    public const string GlobalContext = "_ZN2at13globalContextEv";
    public const string SetDeterministicAlgorithms = "_ZN2at7Context26setDeterministicAlgorithmsEbb";
    public const string AreAlgorithmsDeterministic = "_ZNK2at7Context23deterministicAlgorithmsEv";
    public const string SetBenchmarkCudnn = "_ZN2at7Context17setBenchmarkCuDNNEb";
    public const string SetDeterministicCudnn = "_ZN2at7Context21setDeterministicCuDNNEb";

    public const string CpuCapability = "_ZN2at18get_cpu_capabilityB5cxx11Ev";

    private static nint _library;

    /// <summary>What <see cref="Autocast"/> calls.</summary>
    public static IReadOnlyList<string> OfAutocast { get; } = [IsAutocastEnabled, SetAutocastEnabled, GetAutocastType, SetAutocastType, IncrementNesting, DecrementNesting, ClearCache];

    /// <summary>What <see cref="TorchRuntime.UseDeterministicAlgorithms"/> calls.</summary>
    public static IReadOnlyList<string> OfDeterminism { get; } = [GlobalContext, SetDeterministicAlgorithms, AreAlgorithmsDeterministic, SetBenchmarkCudnn, SetDeterministicCudnn];

    /// <summary>The address of a function; 0 where there is none. Does not throw.</summary>
    public static nint Find(string name) => Library() is var library && library != 0 && NativeLibrary.TryGetExport(library, name, out nint address) ? address : 0;

    /// <summary>Whether all of these are there. Does not throw.</summary>
    public static bool HasAll(IReadOnlyList<string> names) => names.All(name => Find(name) != 0);

    /// <summary>Says why not all of these are there.</summary>
    public static string Explain(IReadOnlyList<string> names) =>
        !IsKnownPlatform ? $"on {RuntimeInformation.RuntimeIdentifier} the functions of libtorch that this needs can't be called; it works on linux-x64"
        : Library() == 0 ? "libtorch is not loaded; TorchRuntime.Check() says why"
        : $"this libtorch does not export {string.Join(", ", names.Where(name => Find(name) == 0))}; MLOps.Training is made for the libtorch of TorchSharp 0.107";

    private static bool IsKnownPlatform => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>The handle of libtorch_cpu. Only success is remembered: the library may be loaded later.</summary>
    private static nint Library()
    {
        if (_library == 0 && IsKnownPlatform && NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, null, out nint library))
            _library = library;
        return _library;
    }
}
