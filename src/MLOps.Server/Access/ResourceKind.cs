namespace MLOps.Server.Access;

/// <summary>What a route acts on.</summary>
internal enum ResourceKind
{
    /// <summary>The server itself.</summary>
    Server,

    /// <summary>Experiments.</summary>
    Experiment,

    /// <summary>Runs, their metrics and datasets.</summary>
    Run,

    /// <summary>Files.</summary>
    Artifact,

    /// <summary>Registered models and their versions.</summary>
    RegisteredModel,

    /// <summary>Logged models.</summary>
    LoggedModel,
}
