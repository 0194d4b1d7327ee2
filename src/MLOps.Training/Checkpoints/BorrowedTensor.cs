using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>A tensor over memory that somebody else owns, for copies from a device or from strided tensors.</summary>
internal static unsafe partial class BorrowedTensor
{
    /// <param name="address">Where its elements lie; outlives the tensor.</param>
    /// <param name="type">Their type.</param>
    /// <param name="shape">Its shape.</param>
    /// <returns>A tensor on the CPU, which the caller disposes.</returns>
    public static Tensor Over(nint address, ScalarType type, long[] shape)
    {
        long count = 1;
        foreach (long size in shape)
            count *= size;
        nint handle = FromBuffer(address, &Keep, count, 0, (sbyte)type, (sbyte)type, 0, -1, 0);
        if (handle == 0)
            throw new InvalidOperationException($"libtorch made no tensor of {count} elements over existing memory.");
        using Tensor flat = Tensor.UnsafeCreateTensor(handle);
        return flat.view(shape);
    }

    // Called when the tensor goes: the memory is not its own.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Keep(nint address)
    {
    }

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_frombuffer")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    private static partial nint FromBuffer(
        nint address, delegate* unmanaged[Cdecl]<nint, void> deleter, long count, nint offset, sbyte type, sbyte dtype, int deviceType, int deviceIndex, byte requiresGradient);
}
