#pragma warning disable CS1591
namespace MLOps.Runtime;
public sealed class InterruptionNotices(InterruptionOptions options) : IAsyncDisposable { public InterruptionNotice? Current => null; public CancellationToken Token => options.TimeProvider is null ? default : CancellationToken.None; public ValueTask DisposeAsync() => default; }
