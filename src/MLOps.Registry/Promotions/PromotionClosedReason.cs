namespace MLOps.Registry.Promotions;

/// <summary>Why a promotion takes no evidence, approval or rejection any more.</summary>
public enum PromotionClosedReason
{
    /// <summary>It was applied.</summary>
    Applied,

    /// <summary>It was rejected.</summary>
    Rejected,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>Another policy guards the target by now, or none.</summary>
    PolicyChanged,

    /// <summary>The target has another version by now than when it was proposed.</summary>
    TargetMoved,
}
