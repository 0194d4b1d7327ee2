using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;

namespace MLOps.Server.Experiments;

/// <summary>Experiments as MLflow's clients see them.</summary>
internal static class ExperimentConversions
{
    public static WireExperiment ToWire(this Experiment experiment) => new()
    {
        ExperimentId = experiment.Id.Value,
        Name = experiment.Name,
        ArtifactLocation = experiment.ArtifactLocation,
        LifecycleStage = experiment.Lifecycle.ToWire(),
        CreationTime = experiment.CreatedAt.ToUnixTimeMilliseconds(),
        LastUpdateTime = experiment.UpdatedAt.ToUnixTimeMilliseconds(),
        Tags = experiment.Tags.ToWire(),
    };
}
