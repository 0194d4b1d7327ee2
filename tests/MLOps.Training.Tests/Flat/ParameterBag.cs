using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Flat;

/// <summary>A module of nothing but parameters, <c>p0</c>, <c>p1</c> and so on, whose loss gives each a gradient of its own.</summary>
internal sealed class ParameterBag : nn.Module
{
    public ParameterBag(params IEnumerable<Tensor> values)
        : base(nameof(ParameterBag))
    {
        foreach (Tensor value in values)
            Add(value);
    }

    public List<Parameter> All { get; } = [];

    /// <summary>One bag of float32 or float64 vectors, filled from a seed.</summary>
    public static ParameterBag Of(int seed, ScalarType type, params IEnumerable<long> lengths)
    {
        Random random = new(seed);
        return new([.. lengths.Select(length => tensor([.. Enumerable.Range(0, (int)length).Select(_ => 2 * random.NextDouble() - 1)], [length], type))]);
    }

    public Parameter Add(Tensor value, bool requiresGrad = true) => Add($"p{All.Count}", new Parameter(value, requiresGrad));

    public Parameter Add(string name, Parameter parameter)
    {
        parameter.DetachFromDisposeScope();
        register_parameter(name, parameter);
        All.Add(parameter);
        return parameter;
    }

    public void Replace(string name, Parameter? parameter) => ConditionallyRegisterParameter(name, parameter);

    public void AddBuffer(string name, Tensor tensor) => register_buffer(name, tensor);

    public void AddChild(string name, nn.Module child) => register_module(name, child);

    /// <summary>The sum of squares, each parameter's weighted by its place.</summary>
    public Tensor Loss(int factor = 1) =>
        All.Where(parameter => parameter.requires_grad).Select((parameter, i) => (parameter * parameter * (factor * (i + 1))).sum().to(ScalarType.Float64)).Aggregate((sum, next) => sum + next);
}
