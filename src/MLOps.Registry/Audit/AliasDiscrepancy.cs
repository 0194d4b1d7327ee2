namespace MLOps.Registry.Audit;

/// <summary>An alias that the store has otherwise than the audit log: somebody has changed one of them past the registry. Immutable.</summary>
/// <param name="ModelKey">The <see cref="RegisteredModel.Key"/> of the model.</param>
/// <param name="Model">The model's name; null when the store has no such model any more.</param>
/// <param name="Alias">The alias.</param>
/// <param name="Stored">The version that it points to in the store; null when the store has no such alias.</param>
/// <param name="Logged">The version that it points to by the audit log; null when the log has none, or removed it.</param>
/// <param name="Sequence">The last event that moved or removed it; null when there is none.</param>
public sealed record AliasDiscrepancy(Guid ModelKey, string? Model, string Alias, int? Stored, int? Logged, long? Sequence);
