using System.Text.Json;
using MLOps.Registry.Promotions;

namespace MLOps.Registry;

/// <summary>The card of a version, as it was when it was written: what it is, what it is for, how good it is, where it came from and who approved it. Immutable.</summary>
/// <remarks>The same version with the same notes gives the same text, so that cards can be kept under version control and compared.</remarks>
public sealed record ModelCard
{
    /// <summary>The version: status, files, signature, metrics, params, lineage. Schema and profile of its datasets are left out.</summary>
    public required ModelVersion Version { get; init; }

    /// <summary>The version as a URI that resolves to its files, for example <c>models:/fraud/3</c>.</summary>
    public string Uri => Version.Ref.ToString();

    /// <summary>The size of all files in bytes; null as long as nobody has read them.</summary>
    public long? SizeBytes => Version.Facts.Manifest?.SizeBytes;

    /// <summary>The <see cref="ModelManifest.Digest"/> of the files; null as long as nobody has read them.</summary>
    public string? ContentDigest => Version.Facts.Manifest?.Digest;

    /// <summary>The description of its model; null when there is none.</summary>
    public string? ModelDescription { get; init; }

    /// <summary>What the model is meant for; null when nobody said.</summary>
    public string? IntendedUse { get; init; }

    /// <summary>What it is not meant for, and where it fails; null when nobody said.</summary>
    public string? Limits { get; init; }

    /// <summary>Whom it may harm, and what was done about it; null when nobody said.</summary>
    public string? EthicalNotes { get; init; }

    /// <summary>Whom to ask; null when nobody said.</summary>
    public string? Contact { get; init; }

    /// <summary>The promotions of the version with their evidence and approvals, the oldest first.</summary>
    public IReadOnlyList<Promotion> Promotions { get; init; } = [];

    /// <summary>The card in GitHub's Markdown. What people wrote is shown as text: its Markdown and HTML is escaped, so that no description forges a heading, a row or a link.</summary>
    /// <returns>Lines that end with <c>\n</c>.</returns>
    public string ToMarkdown() => ModelCardMarkdown.Write(this);

    /// <summary>The card as indented JSON: the members of this record by their names in snake case, keys in ordinal order, what is null left out.</summary>
    /// <returns>The JSON.</returns>
    public string ToJson() => JsonSerializer.Serialize(this, ModelCardJsonContext.Default.ModelCard);

    internal static ModelCard Of(RegisteredModel model, ModelVersion version, IReadOnlyList<Promotion> promotions, ModelCardOptions options)
    {
        VersionFacts facts = version.Facts with
        {
            Metrics = Ordered(version.Facts.Metrics),
            Params = Ordered(version.Facts.Params),
            Flavors = [.. version.Facts.Flavors.Select(flavor => flavor with { Properties = Ordered(flavor.Properties) })],
            Datasets = [.. version.Facts.Datasets.Select(dataset => dataset with { Schema = null, Profile = null })],
        };
        return new ModelCard
        {
            Version = version with { Tags = Ordered(version.Tags), Facts = facts },
            ModelDescription = model.Description,
            IntendedUse = options.IntendedUse ?? Tag("mlops.card.intended_use"),
            Limits = options.Limits ?? Tag("mlops.card.limits"),
            EthicalNotes = options.EthicalNotes ?? Tag("mlops.card.ethical_notes"),
            Contact = options.Contact ?? Tag("mlops.card.contact"),
            Promotions = [.. promotions.Select(promotion => promotion with { Policy = promotion.Policy with { RequiredTags = Ordered(promotion.Policy.RequiredTags) } })],
        };

        string? Tag(string key) => version.Tags.TryGetValue(key, out string? value) || model.Tags.TryGetValue(key, out value) ? value : null;
    }

    private static OrderedDictionary<string, T> Ordered<T>(IReadOnlyDictionary<string, T> entries) => new(entries.OrderBy(entry => entry.Key, StringComparer.Ordinal), StringComparer.Ordinal);
}
