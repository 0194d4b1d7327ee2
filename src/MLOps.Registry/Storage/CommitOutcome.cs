namespace MLOps.Registry.Storage;

/// <summary>What became of a commit.</summary>
public enum CommitOutcome
{
    /// <summary>All of it is true, and will be after the end of the process.</summary>
    Committed,

    /// <summary>Nothing of it: the model has another revision by now, or is gone. Read it again and decide again.</summary>
    RevisionChanged,

    /// <summary>Nothing of it: another model has the name that it gives.</summary>
    NameTaken,
}
