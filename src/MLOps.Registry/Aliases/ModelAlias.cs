namespace MLOps.Registry;

/// <summary>An alias of a model: a name that points to one of its versions.</summary>
/// <param name="Name">The name: 1 to 255 letters, digits, <c>_</c> or <c>-</c>; not <c>latest</c>, not <c>v</c> and digits.</param>
/// <param name="Version">The number of the version that it points to.</param>
public sealed record ModelAlias(string Name, int Version)
{
    /// <summary>The versions that it pointed to before, the most recent last, at most 100: where <see cref="ModelRegistry.RollbackAsync"/> leads.</summary>
    public IReadOnlyList<int> Earlier { get; init; } = [];

    /// <summary>When it was last moved, to the millisecond.</summary>
    public required DateTimeOffset MovedAt { get; init; }

    /// <summary>Who moved it.</summary>
    public required string MovedBy { get; init; }

    /// <summary>Why it was moved; null when nobody said.</summary>
    public string? Reason { get; init; }

    internal const int MostEarlier = 100;

    /// <summary>For stores: the alias after a move. A rollback forgets the versions up to the one that it leads to; every other move remembers the version that it leaves.</summary>
    /// <param name="before">The alias before; null when it is new.</param>
    /// <param name="moved">The move.</param>
    /// <param name="actor">Who moved it.</param>
    /// <param name="at">When.</param>
    /// <returns>The alias.</returns>
    public static ModelAlias After(ModelAlias? before, Storage.RegistryEvent.AliasMoved moved, string actor, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(moved);
        List<int> earlier = [.. before?.Earlier ?? []];
        if (moved.Cause == AliasCause.Rollback)
        {
            int target = earlier.LastIndexOf(moved.To);
            earlier.RemoveRange(Math.Max(target, 0), earlier.Count - Math.Max(target, 0));
        }
        else if (before is not null && before.Version != moved.To)
        {
            earlier.Add(before.Version);
            if (earlier.Count > MostEarlier)
                earlier.RemoveAt(0);
        }

        return new ModelAlias(moved.Alias, moved.To) { Earlier = earlier, MovedAt = at, MovedBy = actor, Reason = moved.Reason };
    }
}
