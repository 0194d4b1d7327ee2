using Microsoft.Extensions.Logging;

namespace MLOps.Tracking.Storage;

/// <summary>What a store is given when it is made.</summary>
/// <param name="Clock">The clock for leases and timestamps.</param>
/// <param name="LoggerFactory">Where to log.</param>
/// <param name="ArtifactRoot">The root of the artifacts, from which the location of a new experiment derives.</param>
/// <param name="Services">The container; null without one.</param>
public sealed record StoreContext(TimeProvider Clock, ILoggerFactory LoggerFactory, string ArtifactRoot, IServiceProvider? Services);
