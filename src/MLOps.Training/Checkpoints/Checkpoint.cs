namespace MLOps.Training.Checkpoints;

/// <summary>A checkpoint that has been written whole.</summary>
public sealed class Checkpoint
{
    internal Checkpoint(string name, TrainingPosition position) => (Name, Position) = (name, position);

    /// <summary>Its name in its store, <c>step-000000120</c>.</summary>
    public string Name { get; }

    /// <summary>How far the training had come.</summary>
    public TrainingPosition Position { get; }

    /// <summary>The folder on this machine that has its files; null when they lie elsewhere.</summary>
    internal string? Folder { get; init; }
}
