namespace MLOps.Tracking;

/// <summary>The identity of an experiment, given by the store: an increasing whole number as text, as in MLflow. <c>0</c> is <c>Default</c>.</summary>
/// <param name="Value">The id as text.</param>
public readonly record struct ExperimentId(string Value)
{
    /// <summary>The experiment <c>Default</c>, which every store has from its making.</summary>
    public static ExperimentId Default { get; } = new("0");

    /// <summary>The id as text.</summary>
    /// <returns><see cref="Value"/>.</returns>
    public override string ToString() => Value ?? "";
}
