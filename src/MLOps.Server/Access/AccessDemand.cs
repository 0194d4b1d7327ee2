namespace MLOps.Server.Access;

/// <summary>What a route asks for before it answers: permissions per experiment and per model are to be decided by it.</summary>
/// <param name="Kind">What is acted on.</param>
/// <param name="IsWrite">Whether something changes.</param>
internal sealed record AccessDemand(ResourceKind Kind, bool IsWrite)
{
    public static AccessDemand ReadExperiment { get; } = new(ResourceKind.Experiment, IsWrite: false);

    public static AccessDemand WriteExperiment { get; } = new(ResourceKind.Experiment, IsWrite: true);

    public static AccessDemand ReadRun { get; } = new(ResourceKind.Run, IsWrite: false);

    public static AccessDemand WriteRun { get; } = new(ResourceKind.Run, IsWrite: true);

    public static AccessDemand ReadArtifact { get; } = new(ResourceKind.Artifact, IsWrite: false);

    public static AccessDemand WriteArtifact { get; } = new(ResourceKind.Artifact, IsWrite: true);

    public static AccessDemand ReadModel { get; } = new(ResourceKind.RegisteredModel, IsWrite: false);

    public static AccessDemand WriteModel { get; } = new(ResourceKind.RegisteredModel, IsWrite: true);

    public static AccessDemand ReadLoggedModel { get; } = new(ResourceKind.LoggedModel, IsWrite: false);

    public static AccessDemand WriteLoggedModel { get; } = new(ResourceKind.LoggedModel, IsWrite: true);

    /// <summary>What anybody may know who can reach the server: that it is there, and its version.</summary>
    public static AccessDemand Nothing { get; } = new(ResourceKind.Server, IsWrite: false);
}
