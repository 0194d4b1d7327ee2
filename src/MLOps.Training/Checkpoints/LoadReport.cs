using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>What became of each entry when tensors were loaded into a module.</summary>
/// <param name="Loaded">Names that both have, with equal shape and type.</param>
/// <param name="Missing">Names that the module has and the tensors lack: these kept their values.</param>
/// <param name="Unexpected">Names that the tensors have and the module lacks.</param>
/// <param name="Mismatched">Names that both have with another shape or type, and how they differ: these kept their values.</param>
public sealed record LoadReport(IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> Mismatched)
{
    /// <summary>Whether every entry was loaded and nothing was left over.</summary>
    public bool IsComplete => Missing.Count == 0 && Unexpected.Count == 0 && Mismatched.Count == 0;

    /// <summary>Compares without changing anything.</summary>
    internal static LoadReport Compare(IReadOnlyDictionary<string, Tensor> into, IReadOnlyDictionary<string, Tensor> tensors)
    {
        List<string> loaded = [], missing = [], mismatched = [];
        foreach ((string name, Tensor target) in into)
        {
            if (!tensors.TryGetValue(name, out Tensor? source))
                missing.Add(name);
            else if (source.dtype != target.dtype || !source.shape.AsSpan().SequenceEqual(target.shape))
                mismatched.Add($"{name}: {Describe(source)} in the file, {Describe(target)} in the model");
            else
                loaded.Add(name);
        }

        return new(loaded, missing, [.. tensors.Keys.Where(name => !into.ContainsKey(name))], mismatched);

        static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
    }

    /// <summary>Loads what fits when everything does, and nothing otherwise.</summary>
    internal static LoadReport Load(nn.Module module, IReadOnlyDictionary<string, Tensor> tensors)
    {
        Dictionary<string, Tensor> into = module.state_dict();
        LoadReport report = Compare(into, tensors);
        if (report.IsComplete)
            report.Copy(into, tensors);
        return report;
    }

    internal void Copy(IReadOnlyDictionary<string, Tensor> into, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using IDisposable noGrad = no_grad();
        foreach (string name in Loaded)
            into[name].copy_(tensors[name]);
    }

    /// <exception cref="CheckpointMismatchException">Something is missing, unexpected or mismatched.</exception>
    internal void ThrowIfIncomplete(string part)
    {
        if (!IsComplete)
            throw new CheckpointMismatchException(part, this);
    }
}
