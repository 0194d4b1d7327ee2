namespace MLOps.Tracking.Storage;

/// <summary>What a store can do beyond the core that every store does. An operation whose capability is absent raises <see cref="NotSupportedException"/> that names it.</summary>
[Flags]
public enum StoreCapabilities
{
    /// <summary>The core alone.</summary>
    None = 0,

    /// <summary>A batch is applied whole or not at all, together with its source's cursor: each record exactly once.</summary>
    AtomicBatch = 1,

    /// <summary>NaN, +∞ and −∞ come back as they were logged.</summary>
    NonFiniteValues = 2,

    /// <summary>The caller's run id is the store's run id.</summary>
    CallerRunIds = 4,

    /// <summary>Runs are leased to the journal that writes them, and a run whose lease has run out reads as killed.</summary>
    Leases = 8,

    /// <summary>Runs and experiments can be softly deleted and restored.</summary>
    SoftDelete = 16,

    /// <summary>Softly deleted runs and experiments can be purged for good.</summary>
    Purge = 32,

    /// <summary>The store can be checked for damage and compacted.</summary>
    Maintenance = 64,

    /// <summary>Logged models are kept, and what runs put in and out of them.</summary>
    LoggedModels = 128,
}
