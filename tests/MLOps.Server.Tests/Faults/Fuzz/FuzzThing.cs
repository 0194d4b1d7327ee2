namespace MLOps.Server.Tests.Faults.Fuzz;

/// <summary>What a request can name.</summary>
internal enum FuzzThing
{
    Experiment,
    Run,
    RegisteredModel,
    Version,
    LoggedModel,
    PageToken,
    Artifact,
}
