namespace MLOps.Registry.Tests.Promotions;

/// <summary>Something that somebody does, told by numbers that any bytes can be.</summary>
public readonly record struct PromotionStep(byte What, byte Who, byte Which, byte Detail);
