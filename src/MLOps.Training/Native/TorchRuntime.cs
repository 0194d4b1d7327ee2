using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;

namespace MLOps.Training;

/// <summary>TorchSharp's native library in this process: whether it loads, what it can do, and whether its algorithms are deterministic.</summary>
/// <remarks>Safe for several threads.</remarks>
public static class TorchRuntime
{
    private static volatile bool _isLoaded;

    /// <summary>
    /// Finds out whether TorchSharp can be used here, and when not, what is missing and what to do. Call it first in a program that trains: TorchSharp itself says of every failure that a package
    /// is not referenced, and does so at whatever line happens to use it first.
    /// </summary>
    /// <returns>What was found; its <see cref="TorchRuntimeReport.Summary"/> is one line to print.</returns>
    /// <remarks>
    /// Does not throw. It loads the library in the order in which TorchSharp does, and uses TorchSharp only once that has worked: a type of TorchSharp that has failed once fails for the rest of the
    /// process, so that after a check that failed a program can still load the library from elsewhere by <see cref="NativeLibrary.Load(string)"/> and go on. Takes milliseconds once the library is loaded.
    /// TorchSharp's last resort is left aside: to copy the libraries from the NuGet cache beside the program, where they are found on the machine that built it and on no other.
    /// On Windows and macOS the library is looked for in the same way; the reasons for a failure are told apart less finely there.
    /// </remarks>
    public static TorchRuntimeReport Check()
    {
        try
        {
            return Look();
        }
#pragma warning disable CA1031 // A check that throws would be one more thing to check; what it met is the problem that it reports.
        catch (Exception error)
        {
            Exception cause = error is TypeInitializationException { InnerException: { } inner } ? inner : error;
            return new TorchRuntimeReport
            {
                Problem = $"it fails with {NativeDiagnosis.OneLine($"{cause.GetType().Name}: {cause.Message}")}",
                Advice = "see that the program, TorchSharp and its native package have the versions that were restored together",
            };
        }
#pragma warning restore CA1031
    }

    /// <summary>
    /// Whether libtorch is to use deterministic algorithms alone, for the whole process; PyTorch's <c>use_deterministic_algorithms</c>, with cuDNN's benchmark off and its deterministic mode on.
    /// Off at first.
    /// </summary>
    /// <remarks>
    /// <para>
    /// What it guarantees: an operation gives the same bits for the same inputs, on the same machine with the same libtorch and number of threads. An operation that has no deterministic algorithm
    /// throws when it is used (an <see cref="ExternalException"/> that names it). New tensors that no one has filled hold NaN, so that code that reads them is found.
    /// </para>
    /// <para>
    /// What it does not: equal bits on another kind of processor or GPU, another version or another number of threads; and random numbers, which come from <see cref="TrainerOptions.Seed"/>.
    /// On the CPU training is deterministic without it, except for some operations on indices. On CUDA set the environment variable <c>CUBLAS_WORKSPACE_CONFIG</c> to <c>:4096:8</c> before the process
    /// starts, else matrix products throw. The CUDA part has not been run on a GPU. It costs speed where the fast algorithm is not deterministic.
    /// </para>
    /// </remarks>
    /// <param name="use">True to allow nothing else, false to go back to PyTorch's defaults.</param>
    /// <exception cref="TorchUnusableException">TorchSharp can't be used here.</exception>
    /// <exception cref="NotSupportedException">This libtorch does not have the functions, as on Windows and macOS: see <see cref="TorchCapabilities.DeterministicAlgorithms"/>.</exception>
    public static unsafe void UseDeterministicAlgorithms(bool use = true)
    {
        nint context = Context();
        byte flag = use ? (byte)1 : (byte)0;
        ((delegate* unmanaged<nint, byte, byte, void>)NativeExports.Find(NativeExports.SetDeterministicAlgorithms))(context, flag, 0);
        ((delegate* unmanaged<nint, byte, void>)NativeExports.Find(NativeExports.SetDeterministicCudnn))(context, flag);
        ((delegate* unmanaged<nint, byte, void>)NativeExports.Find(NativeExports.SetBenchmarkCudnn))(context, 0);
    }

    /// <summary>Whether libtorch uses deterministic algorithms alone at present.</summary>
    /// <exception cref="TorchUnusableException">TorchSharp can't be used here.</exception>
    /// <exception cref="NotSupportedException">This libtorch does not have the functions: see <see cref="TorchCapabilities.DeterministicAlgorithms"/>.</exception>
    public static unsafe bool AreAlgorithmsDeterministic => ((delegate* unmanaged<nint, byte>)NativeExports.Find(NativeExports.AreAlgorithmsDeterministic))(Context()) != 0;

    /// <summary>Loads the library when it is not loaded yet.</summary>
    /// <exception cref="TorchUnusableException">It does not load.</exception>
    internal static void Load()
    {
        if (_isLoaded)
            return;
        Check().ThrowIfUnusable();
        _isLoaded = true;
    }

    private static unsafe nint Context()
    {
        Load();
        if (!NativeExports.HasAll(NativeExports.OfDeterminism))
            throw new NotSupportedException($"Deterministic mode is not to be had here: {NativeExports.Explain(NativeExports.OfDeterminism)}. Without it, training on the CPU is repeatable with a fixed seed and number of threads.");
        return ((delegate* unmanaged<nint>)NativeExports.Find(NativeExports.GlobalContext))();
    }

    private static bool TryLoad()
    {
        // The order of TorchSharp: of a CUDA build torch_cuda goes first.
        Assembly torchSharp = typeof(torch).Assembly;
        NativeLibrary.TryLoad("torch_cuda", torchSharp, null, out _);
        NativeLibrary.TryLoad("torch_cpu", torchSharp, null, out _);
        return NativeLibrary.TryLoad("LibTorchSharp", torchSharp, null, out _);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchRuntimeReport Look()
    {
        NativeFacts facts = NativeFacts.Locate();
        if (facts.Damage is null)
        {
            if (TryLoad())
                return Describe();
            facts = facts.AskWhy();
            // Loaded by its full path, it is found by its name from then on.
            if (facts.LoaderMessage is "" && TryLoad())
                return Describe();
        }

        NativeDiagnosis diagnosis = NativeDiagnosis.Of(facts);
        return new TorchRuntimeReport { TorchSharpVersion = facts.TorchSharpVersion, Problem = diagnosis.Problem, Advice = diagnosis.Advice };
    }

    /// <summary>From here on TorchSharp is used.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchRuntimeReport Describe() => new()
    {
        TorchSharpVersion = NativeFacts.VersionOf(typeof(torch).Assembly),
        LibtorchVersion = Version.TryParse(torch.__version__, out Version? version) ? version.ToString(3) : torch.__version__,
        CpuInstructions = CpuInstructions(),
        Threads = torch.get_num_threads(),
        CudaDevices = torch.cuda.is_available() ? torch.cuda.device_count() : 0,
        Capabilities = (NativeExports.HasAll(NativeExports.OfAutocast) ? TorchCapabilities.Autocast : TorchCapabilities.None)
            | (NativeExports.HasAll(NativeExports.OfDeterminism) ? TorchCapabilities.DeterministicAlgorithms : TorchCapabilities.None)
            | (TorchScriptKernels.FindAdamW(torch.CPU, torch.ScalarType.Float32) is null ? TorchCapabilities.None : TorchCapabilities.FusedAdamW)
            | (TorchScriptKernels.FindSgd(torch.CPU, torch.ScalarType.Float32) is null ? TorchCapabilities.None : TorchCapabilities.FusedSgd),
    };

    private static unsafe string? CpuInstructions()
    {
        nint function = NativeExports.Find(NativeExports.CpuCapability);
        if (function == 0)
            return null;
        // A std::string is returned into memory of the caller, whose address goes before all arguments: pointer, length, and 16 bytes in which a text as short as these lies.
        NativeString text = default;
        ((delegate* unmanaged<NativeString*, void>)function)(&text);
        return Encoding.UTF8.GetString(text.Start, (int)text.Length);
    }

    /// <summary>A std::string of libstdc++ (GCC 5 ABI).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct NativeString
    {
        public byte* Start;
        public nuint Length;
        public fixed byte Inside[16];
    }
}
