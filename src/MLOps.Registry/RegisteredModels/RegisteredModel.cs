using MLOps.Registry.Promotions;

namespace MLOps.Registry;

/// <summary>A name under which versions of a model are kept, as it was when it was read. Immutable.</summary>
public sealed record RegisteredModel
{
    /// <summary>What identifies the model for good: a rename changes the name, never the key.</summary>
    public required Guid Key { get; init; }

    /// <summary>The name, unique among the models that are not deleted.</summary>
    public required string Name { get; init; }

    /// <summary>A description in Markdown; null when none was ever given.</summary>
    public string? Description { get; init; }

    /// <summary>Who made the model.</summary>
    public required string User { get; init; }

    /// <summary>When the model was made, to the millisecond.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the model, one of its versions or of its aliases was last changed, to the millisecond.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The tags by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The aliases in ordinal order of their names.</summary>
    public IReadOnlyList<ModelAlias> Aliases { get; init; } = [];

    /// <summary>The policies, each by the alias or the stage that it guards.</summary>
    public IReadOnlyDictionary<PromotionTarget, PromotionPolicy> Policies { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<PromotionTarget, PromotionPolicy>.Empty;

    /// <summary>The largest number that a version ever had, deleted ones included; 0 before the first.</summary>
    public int LastNumber { get; init; }

    /// <summary>How many commits have changed the model. A commit that names another revision is refused, so that two who decide at once cannot both be right.</summary>
    public required long Revision { get; init; }

    /// <summary>An alias by its name.</summary>
    /// <param name="alias">The name; case counts.</param>
    /// <returns>The alias, or null when there is none.</returns>
    public ModelAlias? FindAlias(string alias) => Aliases.FirstOrDefault(candidate => string.Equals(candidate.Name, alias, StringComparison.Ordinal));
}
