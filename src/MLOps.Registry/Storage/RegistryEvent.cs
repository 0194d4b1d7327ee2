using System.Text.Json.Serialization;
using MLOps.Registry.Promotions;

namespace MLOps.Registry.Storage;

/// <summary>A change of a registered model: what a store applies to its tables and writes to the audit log. Immutable.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(ModelCreated), "model.created")]
[JsonDerivedType(typeof(ModelRenamed), "model.renamed")]
[JsonDerivedType(typeof(ModelDescribed), "model.described")]
[JsonDerivedType(typeof(ModelTagSet), "model.tag.set")]
[JsonDerivedType(typeof(ModelTagDeleted), "model.tag.deleted")]
[JsonDerivedType(typeof(ModelDeleted), "model.deleted")]
[JsonDerivedType(typeof(VersionCreated), "version.created")]
[JsonDerivedType(typeof(VersionVerified), "version.verified")]
[JsonDerivedType(typeof(VersionDescribed), "version.described")]
[JsonDerivedType(typeof(VersionTagSet), "version.tag.set")]
[JsonDerivedType(typeof(VersionTagDeleted), "version.tag.deleted")]
[JsonDerivedType(typeof(VersionStageChanged), "version.stage.changed")]
[JsonDerivedType(typeof(VersionDeleted), "version.deleted")]
[JsonDerivedType(typeof(AliasMoved), "alias.moved")]
[JsonDerivedType(typeof(AliasRemoved), "alias.removed")]
[JsonDerivedType(typeof(PolicySet), "policy.set")]
[JsonDerivedType(typeof(PolicyRemoved), "policy.removed")]
[JsonDerivedType(typeof(PromotionProposed), "promotion.proposed")]
[JsonDerivedType(typeof(EvidenceGiven), "promotion.evidence.given")]
[JsonDerivedType(typeof(PromotionApproved), "promotion.approved")]
[JsonDerivedType(typeof(PromotionRejected), "promotion.rejected")]
[JsonDerivedType(typeof(PromotionApplied), "promotion.applied")]
public abstract record RegistryEvent
{
    private RegistryEvent()
    {
    }

    /// <summary>For stores: the alias that it moves or removes; null for every other event.</summary>
    [JsonIgnore]
    public string? MovedAlias => this switch { AliasMoved moved => moved.Alias, AliasRemoved removed => removed.Alias, _ => null };

    /// <summary>The model was made.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Description">Its description; null for none.</param>
    /// <param name="Tags">Its tags.</param>
    public sealed record ModelCreated(string Name, string? Description, IReadOnlyDictionary<string, string> Tags) : RegistryEvent;

    /// <summary>The model has another name.</summary>
    /// <param name="From">The name before.</param>
    /// <param name="To">The name now.</param>
    public sealed record ModelRenamed(string From, string To) : RegistryEvent;

    /// <summary>The model has another description.</summary>
    /// <param name="Description">The description; null for none.</param>
    public sealed record ModelDescribed(string? Description) : RegistryEvent;

    /// <summary>A tag of the model was set.</summary>
    /// <param name="Key">Its key.</param>
    /// <param name="Value">Its value.</param>
    public sealed record ModelTagSet(string Key, string Value) : RegistryEvent;

    /// <summary>A tag of the model was deleted.</summary>
    /// <param name="Key">Its key.</param>
    public sealed record ModelTagDeleted(string Key) : RegistryEvent;

    /// <summary>The model was deleted with its versions, aliases, tags, policies and promotions; its name is free.</summary>
    /// <param name="Name">Its last name.</param>
    /// <param name="Reason">Why; null when nobody said.</param>
    public sealed record ModelDeleted(string Name, string? Reason) : RegistryEvent;

    /// <summary>A version was registered.</summary>
    /// <param name="Number">Its number, one more than <see cref="RegisteredModel.LastNumber"/>.</param>
    /// <param name="Facts">What was written down.</param>
    /// <param name="IsVerified">Whether its files were read and hashed.</param>
    /// <param name="Description">Its description; null for none.</param>
    /// <param name="Tags">Its tags.</param>
    public sealed record VersionCreated(int Number, VersionFacts Facts, bool IsVerified, string? Description, IReadOnlyDictionary<string, string> Tags) : RegistryEvent;

    /// <summary>The files of a version were read and hashed for the first time.</summary>
    /// <param name="Number">The version.</param>
    /// <param name="Manifest">The files.</param>
    public sealed record VersionVerified(int Number, ModelManifest Manifest) : RegistryEvent;

    /// <summary>A version has another description.</summary>
    /// <param name="Number">The version.</param>
    /// <param name="Description">The description; null for none.</param>
    public sealed record VersionDescribed(int Number, string? Description) : RegistryEvent;

    /// <summary>A tag of a version was set.</summary>
    /// <param name="Number">The version.</param>
    /// <param name="Key">Its key.</param>
    /// <param name="Value">Its value.</param>
    public sealed record VersionTagSet(int Number, string Key, string Value) : RegistryEvent;

    /// <summary>A tag of a version was deleted.</summary>
    /// <param name="Number">The version.</param>
    /// <param name="Key">Its key.</param>
    public sealed record VersionTagDeleted(int Number, string Key) : RegistryEvent;

    /// <summary>A version is in another stage.</summary>
    /// <param name="Number">The version.</param>
    /// <param name="From">The stage before.</param>
    /// <param name="To">The stage now.</param>
    /// <param name="Reason">Why; null when nobody said.</param>
    public sealed record VersionStageChanged(int Number, ModelStage From, ModelStage To, string? Reason) : RegistryEvent;

    /// <summary>A version was deleted with its tags. Aliases that pointed to it were removed before, by events of their own.</summary>
    /// <param name="Number">The version.</param>
    /// <param name="Reason">Why; null when nobody said.</param>
    public sealed record VersionDeleted(int Number, string? Reason) : RegistryEvent;

    /// <summary>An alias was made, or moved.</summary>
    /// <param name="Alias">Its name.</param>
    /// <param name="From">The version that it pointed to; null when it is new.</param>
    /// <param name="To">The version that it points to.</param>
    /// <param name="Cause">What moved it.</param>
    /// <param name="Reason">Why; null when nobody said.</param>
    /// <param name="Promotion">The promotion that moved it; null for another cause.</param>
    public sealed record AliasMoved(string Alias, int? From, int To, AliasCause Cause, string? Reason, Guid? Promotion) : RegistryEvent;

    /// <summary>An alias was removed.</summary>
    /// <param name="Alias">Its name.</param>
    /// <param name="From">The version that it pointed to.</param>
    /// <param name="Reason">Why; null when nobody said.</param>
    public sealed record AliasRemoved(string Alias, int From, string? Reason) : RegistryEvent;

    /// <summary>A policy guards a target, in place of the one before it.</summary>
    /// <param name="Target">What it guards.</param>
    /// <param name="Policy">The policy.</param>
    /// <param name="Reason">Why; null when nobody said.</param>
    public sealed record PolicySet(PromotionTarget Target, PromotionPolicy Policy, string? Reason) : RegistryEvent;

    /// <summary>A target is not guarded any more.</summary>
    /// <param name="Target">What was guarded.</param>
    /// <param name="Policy">The policy's name.</param>
    /// <param name="Reason">Why; null when nobody said.</param>
    public sealed record PolicyRemoved(PromotionTarget Target, string Policy, string? Reason) : RegistryEvent;

    /// <summary>A promotion was proposed.</summary>
    /// <param name="Promotion">The promotion, open.</param>
    public sealed record PromotionProposed(Promotion Promotion) : RegistryEvent;

    /// <summary>Evidence was given for a promotion, in place of earlier evidence of its name.</summary>
    /// <param name="Promotion">The promotion.</param>
    /// <param name="Evidence">The evidence.</param>
    public sealed record EvidenceGiven(Guid Promotion, Evidence Evidence) : RegistryEvent;

    /// <summary>A promotion was approved.</summary>
    /// <param name="Promotion">The promotion.</param>
    /// <param name="Digest">What was approved.</param>
    /// <param name="Comment">What the approver said; null when nothing.</param>
    public sealed record PromotionApproved(Guid Promotion, string Digest, string? Comment) : RegistryEvent;

    /// <summary>A promotion was rejected.</summary>
    /// <param name="Promotion">The promotion.</param>
    /// <param name="Reason">Why; null when nobody said.</param>
    public sealed record PromotionRejected(Guid Promotion, string? Reason) : RegistryEvent;

    /// <summary>A promotion was applied; the events that moved its target come after it in the same commit.</summary>
    /// <param name="Promotion">The promotion.</param>
    public sealed record PromotionApplied(Guid Promotion) : RegistryEvent;
}
