using System.Globalization;

namespace MLOps.Training;

/// <summary>Whether TorchSharp can be used in this process: see <see cref="TorchRuntime.Check"/>.</summary>
public sealed record TorchRuntimeReport
{
    internal TorchRuntimeReport() { }

    /// <summary>Whether TorchSharp's native library is loaded and answers.</summary>
    public bool IsUsable => Problem is null;

    /// <summary>What keeps it from being used, in one line; null when nothing does.</summary>
    public string? Problem { get; internal init; }

    /// <summary>What to do about <see cref="Problem"/>, in one line; null when there is none.</summary>
    public string? Advice { get; internal init; }

    /// <summary>The version of the TorchSharp package, <c>0.107.0</c>; null when TorchSharp itself is missing.</summary>
    public string? TorchSharpVersion { get; internal init; }

    /// <summary>The version of libtorch that this TorchSharp is made for, <c>2.10.0</c>; null when it can't be used.</summary>
    public string? LibtorchVersion { get; internal init; }

    /// <summary>The instructions that libtorch uses on this processor, <c>AVX512</c>; null where it does not tell.</summary>
    public string? CpuInstructions { get; internal init; }

    /// <summary>How many threads an operation may use on the CPU; 0 when it can't be used.</summary>
    public int Threads { get; internal init; }

    /// <summary>Whether libtorch sees a GPU that it can use.</summary>
    public bool CudaAvailable => CudaDevices > 0;

    /// <summary>How many such GPUs there are.</summary>
    public int CudaDevices { get; internal init; }

    /// <summary>What can be reached beyond what TorchSharp offers.</summary>
    public TorchCapabilities Capabilities { get; internal init; }

    /// <summary>All of this in one line: <c>TorchSharp 0.107.0, libtorch 2.10.0 (CPU, AVX512), 2 threads; autocast, fused AdamW, fused SGD, deterministic mode</c>, or the problem and the advice.</summary>
    public string Summary => IsUsable
        ? string.Create(CultureInfo.InvariantCulture, $"TorchSharp {TorchSharpVersion}, libtorch {LibtorchVersion} ({Device}{(CpuInstructions is null ? "" : $", {CpuInstructions}")}), {Threads} thread{(Threads == 1 ? "" : "s")}; {Features}")
        : $"TorchSharp can't be used: {Problem}. What to do: {Advice}.";

    private string Device => CudaDevices == 0 ? "CPU" : string.Create(CultureInfo.InvariantCulture, $"CPU, {CudaDevices} × CUDA");

    private string Features => Capabilities == TorchCapabilities.None ? "no autocast, no fused optimizers, no deterministic mode" : string.Join(", ", Names());

    /// <summary>Goes on when it can be used.</summary>
    /// <returns>This report.</returns>
    /// <exception cref="TorchUnusableException">It can't be used.</exception>
    public TorchRuntimeReport ThrowIfUnusable() => IsUsable ? this : throw new TorchUnusableException(this);

    /// <summary><see cref="Summary"/>.</summary>
    public override string ToString() => Summary;

    private IEnumerable<string> Names()
    {
        if (Capabilities.HasFlag(TorchCapabilities.Autocast))
            yield return "autocast";
        if (Capabilities.HasFlag(TorchCapabilities.FusedAdamW))
            yield return "fused AdamW";
        if (Capabilities.HasFlag(TorchCapabilities.FusedSgd))
            yield return "fused SGD";
        if (Capabilities.HasFlag(TorchCapabilities.DeterministicAlgorithms))
            yield return "deterministic mode";
    }
}
