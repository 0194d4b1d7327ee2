using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>What TorchSharp's native library tells of a tensor and its managed side does not.</summary>
internal static partial class NativeTensor
{
    /// <summary>The address of a tensor's first element, its storage offset included; on the tensor's device.</summary>
    public static nint DataOf(Tensor tensor)
    {
        nint address = Data(tensor.Handle);
        GC.KeepAlive(tensor);
        return address;
    }

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    private static partial nint Data(nint tensor);
}
