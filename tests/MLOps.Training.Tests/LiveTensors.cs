using static TorchSharp.torch;

namespace MLOps.Training.Tests;

/// <summary>Counts the tensors that are not disposed.</summary>
internal static class LiveTensors
{
    /// <summary>Their number once those of earlier tests that nobody disposed have been collected. From then on it grows by leaks only.</summary>
    public static long Baseline()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }

    public static void AssertNoneMoreThan(long baseline) => Assert.InRange(Tensor.TotalCount, 0, baseline);
}
