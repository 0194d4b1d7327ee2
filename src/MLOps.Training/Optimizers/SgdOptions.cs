namespace MLOps.Training;

/// <summary>The settings of a <see cref="FlatSgd"/>, with PyTorch's defaults. Read once, when the optimizer is made.</summary>
public sealed class SgdOptions
{
    /// <summary>The base learning rate, greater than 0; 1e-3 by default.</summary>
    public double LearningRate { get; set; } = 1e-3;

    /// <summary>How much of the last update goes into the next, in [0, 1); 0 by default, which keeps no buffer.</summary>
    public double Momentum { get; set; }

    /// <summary>How much of the gradient is left out of the momentum, in [0, 1]; 0 by default. The first step leaves nothing out, as in PyTorch.</summary>
    public double Dampening { get; set; }

    /// <summary>Whether the momentum is Nesterov's; false by default. Needs a momentum, and no dampening.</summary>
    public bool Nesterov { get; set; }

    /// <summary>The weight decay, added to the gradient, 0 or greater; 0 by default.</summary>
    public double WeightDecay { get; set; }

    /// <summary>What is special about groups of the model, by their names; empty by default.</summary>
    public IDictionary<string, ParameterGroupOptions> Groups { get; } = new Dictionary<string, ParameterGroupOptions>(StringComparer.Ordinal);
}
