#pragma warning disable CS1591
namespace MLOps.Runtime;
public sealed class InterruptionOptions { public TimeSpan GracePeriod { get; set; } public TimeProvider? TimeProvider { get; set; } }
