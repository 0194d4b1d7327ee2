namespace MLOps.Registry.Promotions;

/// <summary>Somebody's word for a promotion.</summary>
/// <param name="Actor">Who approved.</param>
/// <param name="At">When, to the millisecond.</param>
/// <param name="Digest">The <see cref="Promotion.Digest"/> that was approved.</param>
/// <param name="Comment">What they said; null when nothing.</param>
public sealed record PromotionApproval(string Actor, DateTimeOffset At, string Digest, string? Comment);
