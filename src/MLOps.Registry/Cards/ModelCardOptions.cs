namespace MLOps.Registry;

/// <summary>What a card says that a registry cannot know. What is null is taken from a tag of the version, else of its model.</summary>
public sealed record ModelCardOptions
{
    /// <summary>What the model is meant for, and by whom it is used. Null takes the tag <c>mlops.card.intended_use</c>.</summary>
    public string? IntendedUse { get; init; }

    /// <summary>What it is not meant for, and where it fails. Null takes the tag <c>mlops.card.limits</c>.</summary>
    public string? Limits { get; init; }

    /// <summary>Whom it may harm, and what was done about it. Null takes the tag <c>mlops.card.ethical_notes</c>.</summary>
    public string? EthicalNotes { get; init; }

    /// <summary>Whom to ask. Null takes the tag <c>mlops.card.contact</c>.</summary>
    public string? Contact { get; init; }
}
