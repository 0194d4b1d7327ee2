namespace MLOps.Registry.Audit;

/// <summary>Signs checkpoints with a key that whoever can rewrite the registry does not have.</summary>
public interface ICheckpointSigner
{
    /// <summary>The key's name.</summary>
    string Name { get; }
}
