namespace MLOps.Training;

/// <summary>What of libtorch can be reached in this process beyond what TorchSharp itself offers.</summary>
[Flags]
public enum TorchCapabilities
{
    /// <summary>None of these.</summary>
    None = 0,

    /// <summary><see cref="MLOps.Training.Autocast"/> on the CPU.</summary>
    Autocast = 1,

    /// <summary>The fused AdamW of libtorch: one pass over parameters, gradients and moments.</summary>
    FusedAdamW = 2,

    /// <summary>The fused SGD of libtorch.</summary>
    FusedSgd = 4,

    /// <summary><see cref="TorchRuntime.UseDeterministicAlgorithms"/>.</summary>
    DeterministicAlgorithms = 8,
}
