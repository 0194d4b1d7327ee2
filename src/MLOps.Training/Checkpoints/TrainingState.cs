using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>What one part of a training keeps in a checkpoint: named tensors and named values.</summary>
/// <remarks>Saving, tensors are given by reference and copied once, before the next step. Loading, tensors are on the CPU and belong to the checkpoint.</remarks>
public sealed class TrainingState
{
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>An empty state.</summary>
    /// <param name="name">The part that it belongs to: lower case, digits and hyphens.</param>
    public TrainingState(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>The part that it belongs to.</summary>
    public string Name { get; }

    /// <summary>The tensors, by name.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>The values, by name, as text of the invariant culture.</summary>
    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>Keeps a tensor.</summary>
    /// <exception cref="ArgumentException">There is one of this name.</exception>
    public void Set(string name, Tensor tensor)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(tensor);
        _tensors.Add(name, tensor);
    }

    /// <summary>Keeps a text.</summary>
    /// <exception cref="ArgumentException">There is a value of this name.</exception>
    public void Set(string name, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        _values.Add(name, value);
    }

    /// <summary>Keeps a number, to the last bit.</summary>
    /// <exception cref="ArgumentException">There is a value of this name.</exception>
    public void Set(string name, double value) => Set(name, value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>Keeps a whole number.</summary>
    /// <exception cref="ArgumentException">There is a value of this name.</exception>
    public void Set(string name, long value) => Set(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A tensor that was kept.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public Tensor GetTensor(string name) => _tensors.TryGetValue(name, out Tensor? tensor) ? tensor : throw Missing("tensor", name);

    /// <summary>A text that was kept.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public string GetText(string name) => _values.TryGetValue(name, out string? value) ? value : throw Missing("value", name);

    /// <summary>A number that was kept.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    /// <exception cref="FormatException">It is not a number.</exception>
    public double GetDouble(string name) => double.Parse(GetText(name), CultureInfo.InvariantCulture);

    /// <summary>A whole number that was kept.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    /// <exception cref="FormatException">It is not a whole number.</exception>
    public long GetInt64(string name) => long.Parse(GetText(name), CultureInfo.InvariantCulture);

    private KeyNotFoundException Missing(string kind, string name) => new($"The state '{Name}' of this checkpoint has no {kind} '{name}'. It was written by another version, or by another callback of this name.");
}
