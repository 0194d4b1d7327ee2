using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Tests.Serving;

/// <summary>Local files that can be out of reach, and that a test can hold back; counts what is opened.</summary>
internal sealed class GatedArtifactStore() : DelegatingArtifactStore(new LocalArtifactStore(TimeProvider.System))
{
    private int _opened;

    public bool IsAway { get; set; }

    public int Opened => Volatile.Read(ref _opened);

    /// <summary>Called before a model's file is opened.</summary>
    public Func<string, Task>? Opening { get; set; }

    public override async ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        if (!path.StartsWith(".mlops", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _opened);
            if (Opening is { } opening)
                await opening(path).WaitAsync(cancellationToken);
        }

        return await base.OpenReadAsync(location, path, range, cancellationToken);
    }

    public override IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        return base.ListAsync(location, prefix, cancellationToken);
    }

    private void ThrowIfAway()
    {
        if (IsAway)
            throw new ArtifactStoreException("The files are out of reach.", isTransient: true);
    }
}
