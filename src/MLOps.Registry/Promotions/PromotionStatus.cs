namespace MLOps.Registry.Promotions;

/// <summary>Where a promotion stands.</summary>
public enum PromotionStatus
{
    /// <summary>It waits for evidence or approvals, unless it has expired.</summary>
    Open,

    /// <summary>Its target was moved.</summary>
    Applied,

    /// <summary>Somebody rejected it.</summary>
    Rejected,
}
