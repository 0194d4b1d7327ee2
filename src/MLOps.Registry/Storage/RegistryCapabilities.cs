namespace MLOps.Registry.Storage;

/// <summary>What a store can do beyond the core that every store does. An operation whose capability is absent raises <see cref="NotSupportedException"/> that names it.</summary>
[Flags]
public enum RegistryCapabilities
{
    /// <summary>The core alone: models, versions, tags, stages and aliases, the last writer wins.</summary>
    None = 0,

    /// <summary>A commit is whole or absent, and refused when the model has changed: aliases can be moved by compare-and-set.</summary>
    AtomicCommit = 1,

    /// <summary>Every change is in an audit log.</summary>
    Audit = 2,

    /// <summary>Policies and promotions.</summary>
    Promotion = 4,

    /// <summary>Cursors, by which events are delivered once by one of many processes.</summary>
    Cursors = 8,
}
