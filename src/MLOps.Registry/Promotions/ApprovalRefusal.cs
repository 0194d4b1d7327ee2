namespace MLOps.Registry.Promotions;

/// <summary>Why somebody may not approve a promotion.</summary>
public enum ApprovalRefusal
{
    /// <summary>They proposed it.</summary>
    IsProposer,

    /// <summary>They registered the version.</summary>
    IsRegistrant,

    /// <summary>They have approved it already, as it is now.</summary>
    HasApproved,
}
