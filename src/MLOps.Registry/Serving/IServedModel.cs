namespace MLOps.Registry.Serving;

/// <summary>A model source, whatever its model's type: what a host starts and a health check asks.</summary>
internal interface IServedModel : IAsyncDisposable
{
    ModelUri Uri { get; }

    ModelVersion? Version { get; }

    /// <summary>When the model was loaded; null when none is.</summary>
    DateTimeOffset? LoadedAt { get; }

    /// <summary>Why the last attempt to follow the alias failed; null when it did not.</summary>
    Exception? Failure { get; }

    /// <summary>Whether the registry is away, so that the alias may have moved unseen.</summary>
    bool IsOffline { get; }

    /// <summary>Loads for the first time and watches from then on. A second call does nothing.</summary>
    Task StartAsync(CancellationToken cancellationToken);
}
