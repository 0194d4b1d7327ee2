namespace MLOps.Training;

/// <summary>The settings of a <see cref="FlatAdamW"/>, with PyTorch's defaults. Read once, when the optimizer is made.</summary>
public sealed class AdamWOptions
{
    /// <summary>The base learning rate, greater than 0; 1e-3 by default.</summary>
    public double LearningRate { get; set; } = 1e-3;

    /// <summary>The decay of the running mean of gradients, in [0, 1); 0.9 by default.</summary>
    public double Beta1 { get; set; } = 0.9;

    /// <summary>The decay of the running mean of squared gradients, in [0, 1); 0.999 by default.</summary>
    public double Beta2 { get; set; } = 0.999;

    /// <summary>What is added to the root of the second moment, greater than 0; 1e-8 by default.</summary>
    public double Epsilon { get; set; } = 1e-8;

    /// <summary>The decoupled weight decay, 0 or greater; 0.01 by default.</summary>
    public double WeightDecay { get; set; } = 0.01;

    /// <summary>What is special about groups of the model, by their names; empty by default. <c>Groups = { ["no-decay"] = new() { WeightDecay = 0 } }</c> goes with <see cref="FlatModel.ExcludeFromDecay"/>.</summary>
    public IDictionary<string, ParameterGroupOptions> Groups { get; } = new Dictionary<string, ParameterGroupOptions>(StringComparer.Ordinal);
}
