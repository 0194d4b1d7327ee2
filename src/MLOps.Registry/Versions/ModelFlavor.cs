namespace MLOps.Registry;

/// <summary>A library that can load a version, as MLflow's <c>MLmodel</c> file names it.</summary>
/// <param name="Name">The name, for example <c>onnx</c>, <c>torchsharp</c>, <c>mlnet</c>, <c>python_function</c>.</param>
public sealed record ModelFlavor(string Name)
{
    /// <summary>What that library needs to know, for example <c>data</c>: the path of the file.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;
}
