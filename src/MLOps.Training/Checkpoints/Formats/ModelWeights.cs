using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>
/// Weights in files that others read: safetensors, which PyTorch and most of its world take, and TorchSharp's own <c>.dat</c>. Entries have the names of the module's <c>state_dict</c>, which are PyTorch's.
/// </summary>
/// <remarks>
/// A file appears under its name whole or not at all: it is written beside it, synced to the disk and renamed; one that was there stays until then. Tensors are streamed between disk and their memory,
/// whatever their size; those on a device pass through the CPU one by one. Files are little-endian, and hold elements of the types int64, float64, float32, int32, bfloat16, float16, int16, int8, uint8 and bool.
/// The module must not be trained meanwhile. Different modules and files may be used from different threads.
/// </remarks>
public static class ModelWeights
{
    /// <summary>Writes the parameters and buffers of a module as safetensors.</summary>
    /// <param name="module">The module, on any device. Tied weights are written under each of their names.</param>
    /// <param name="path">The file; replaced if it is there.</param>
    /// <param name="metadata">Free texts for the file's header; null for none. Python's transformers looks for <c>format</c> = <c>pt</c>.</param>
    /// <exception cref="ArgumentException">An entry has elements of a type that safetensors or TorchSharp lacks.</exception>
    /// <exception cref="IOException">The file can't be written; what was there is still there.</exception>
    public static void SaveSafetensors(nn.Module module, string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(path);
        SaveSafetensors(module.state_dict(), path, metadata);
    }

    /// <summary>Writes tensors as safetensors.</summary>
    /// <param name="tensors">The tensors by name, on any device.</param>
    /// <param name="path">The file; replaced if it is there.</param>
    /// <param name="metadata">Free texts for the file's header; null for none.</param>
    /// <exception cref="ArgumentException">A tensor has elements of a type that safetensors or TorchSharp lacks, or is named <c>__metadata__</c>.</exception>
    /// <exception cref="IOException">The file can't be written; what was there is still there.</exception>
    public static void SaveSafetensors(IReadOnlyDictionary<string, Tensor> tensors, string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentException.ThrowIfNullOrEmpty(path);
        Complete(AtomicFile.WriteAsync(path, stream => Safetensors.WriteAsync(stream, tensors, metadata, CancellationToken.None)));
    }

    /// <summary>Loads the parameters and buffers of a module from safetensors.</summary>
    /// <param name="module">The module, on any device; its tensors stay where they are and take the file's values.</param>
    /// <param name="path">The file.</param>
    /// <param name="strict">Whether the names, shapes and types must be the module's; else what fits is loaded. True by default.</param>
    /// <returns>What became of each entry.</returns>
    /// <exception cref="CheckpointMismatchException">The file does not fit and <paramref name="strict"/> is true. Nothing was changed.</exception>
    /// <exception cref="ModelFileException">The file breaks a rule of safetensors. Nothing was changed.</exception>
    /// <exception cref="IOException">The file is not there or can't be read. Nothing was changed.</exception>
    public static LoadReport LoadSafetensors(nn.Module module, string path, bool strict = true)
    {
        ArgumentNullException.ThrowIfNull(module);
        return Load(module, ReadSafetensors(path), strict);
    }

    /// <summary>Reads the tensors of a safetensors file, to rename or change them before they go into a module, by <c>load_state_dict</c> for one.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensors by name, on the CPU. They belong to no dispose scope: dispose them.</returns>
    /// <exception cref="ModelFileException">The file breaks a rule of safetensors.</exception>
    /// <exception cref="IOException">The file is not there or can't be read.</exception>
    public static Dictionary<string, Tensor> ReadSafetensors(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = Open(path);
        return Complete(Safetensors.ReadAsync(file, file.Length, path, CancellationToken.None));
    }

    /// <summary>Reads the free texts of a safetensors file, and none of its tensors.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The texts by name; empty when it has none.</returns>
    /// <exception cref="ModelFileException">The header breaks a rule of safetensors.</exception>
    /// <exception cref="IOException">The file is not there or can't be read.</exception>
    public static IReadOnlyDictionary<string, string> ReadSafetensorsMetadata(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = Open(path);
        return Complete(SafetensorsHeader.ReadAsync(file, file.Length, path, CancellationToken.None)).Metadata;
    }

    /// <summary>Writes the parameters and buffers of a module as TorchSharp's <c>module.save</c> does, so that <c>module.load</c> takes them.</summary>
    /// <param name="module">The module, on any device; unlike <c>module.save</c>, this does not move it.</param>
    /// <param name="path">The file; replaced if it is there.</param>
    /// <exception cref="IOException">The file can't be written; what was there is still there.</exception>
    public static void SaveTorchSharp(nn.Module module, string path)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(path);
        Complete(AtomicFile.WriteAsync(path, stream => TorchSharpFile.WriteAsync(stream, module.state_dict(), CancellationToken.None)));
    }

    /// <summary>Loads the parameters and buffers of a module from what TorchSharp's <c>module.save</c>, its script <c>exportsd.py</c> or <see cref="SaveTorchSharp"/> wrote.</summary>
    /// <param name="module">The module, on any device; its tensors stay where they are and take the file's values.</param>
    /// <param name="path">The file.</param>
    /// <param name="strict">Whether the names, shapes and types must be the module's; else what fits is loaded. True by default.</param>
    /// <returns>What became of each entry.</returns>
    /// <exception cref="CheckpointMismatchException">The file does not fit and <paramref name="strict"/> is true. Nothing was changed, where <c>module.load</c> would have changed the entries before.</exception>
    /// <exception cref="ModelFileException">The file is not of this format, or was cut short. Nothing was changed.</exception>
    /// <exception cref="IOException">The file is not there or can't be read. Nothing was changed.</exception>
    public static LoadReport LoadTorchSharp(nn.Module module, string path, bool strict = true)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Load(module, Complete(TorchSharpFile.ReadAsync(file, file.Length, path, CancellationToken.None)), strict);
    }

    /// <summary>Puts tensors into a module and disposes them.</summary>
    internal static LoadReport Load(nn.Module module, IReadOnlyDictionary<string, Tensor> tensors, bool strict)
    {
        try
        {
            Dictionary<string, Tensor> into = module.state_dict();
            LoadReport report = LoadReport.Compare(into, tensors);
            if (strict)
                report.ThrowIfIncomplete("model");
            report.Copy(into, tensors);
            return report;
        }
        finally
        {
            foreach (Tensor tensor in tensors.Values)
                tensor.Dispose();
        }
    }

    // Not buffered: tensors are read by the megabyte.
    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

    // Files that were opened for synchronous use: these never wait for anything but the disk.
    private static void Complete(ValueTask work) => work.AsTask().GetAwaiter().GetResult();

    private static T Complete<T>(ValueTask<T> work) => work.AsTask().GetAwaiter().GetResult();
}
