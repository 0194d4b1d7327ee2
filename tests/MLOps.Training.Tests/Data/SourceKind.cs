namespace MLOps.Training.Tests.Data;

/// <summary>What a loader can read from.</summary>
public enum SourceKind
{
    List,
    Sequence,
    AsyncSequence,
}
