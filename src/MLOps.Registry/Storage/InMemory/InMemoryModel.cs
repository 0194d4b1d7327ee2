using System.Collections.Immutable;
using MLOps.Registry.Promotions;

namespace MLOps.Registry.Storage;

/// <summary>A model with all that belongs to it, before or after an event. Immutable.</summary>
internal sealed record InMemoryModel
{
    public required RegisteredModel Model { get; init; }

    public ImmutableSortedDictionary<int, ModelVersion> Stored { get; init; } = ImmutableSortedDictionary<int, ModelVersion>.Empty;

    public ImmutableSortedDictionary<Guid, Promotion> Promotions { get; init; } = ImmutableSortedDictionary<Guid, Promotion>.Empty;

    public IEnumerable<ModelVersion> Versions => Stored.Keys.Select(number => FindVersion(number)!);

    public ModelVersion? FindVersion(int number) => Stored.GetValueOrDefault(number) is { } version
        ? version with { Model = Model.Name, Aliases = [.. Model.Aliases.Where(alias => alias.Version == number).Select(alias => alias.Name)] }
        : null;

    public static InMemoryModel? After(InMemoryModel? before, RegistryEvent change, Guid key, string actor, DateTimeOffset at) => change switch
    {
        RegistryEvent.ModelCreated created => new InMemoryModel
        {
            Model = new RegisteredModel { Key = key, Name = created.Name, Description = created.Description, Tags = created.Tags, User = actor, CreatedAt = at, UpdatedAt = at, Revision = 0 },
        },
        RegistryEvent.ModelDeleted => null,
        _ => before!.After(change, actor, at) is var after ? after with { Model = after.Model with { UpdatedAt = at } } : null,
    };

    private InMemoryModel After(RegistryEvent change, string actor, DateTimeOffset at) => change switch
    {
        RegistryEvent.ModelRenamed renamed => this with { Model = Model with { Name = renamed.To } },
        RegistryEvent.ModelDescribed described => this with { Model = Model with { Description = described.Description } },
        RegistryEvent.ModelTagSet set => this with { Model = Model with { Tags = With(Model.Tags, set.Key, set.Value) } },
        RegistryEvent.ModelTagDeleted deleted => this with { Model = Model with { Tags = Without(Model.Tags, deleted.Key) } },
        RegistryEvent.VersionCreated created => this with
        {
            Model = Model with { LastNumber = created.Number },
            Stored = Stored.Add(created.Number, new ModelVersion
            {
                ModelKey = Model.Key, Model = Model.Name, Number = created.Number, IsVerified = created.IsVerified, Description = created.Description,
                Tags = created.Tags, User = actor, CreatedAt = at, UpdatedAt = at, Facts = created.Facts,
            }),
        },
        RegistryEvent.VersionVerified verified => Version(verified.Number, at, version => version with { IsVerified = true, Facts = version.Facts with { Manifest = verified.Manifest } }),
        RegistryEvent.VersionDescribed described => Version(described.Number, at, version => version with { Description = described.Description }),
        RegistryEvent.VersionTagSet set => Version(set.Number, at, version => version with { Tags = With(version.Tags, set.Key, set.Value) }),
        RegistryEvent.VersionTagDeleted deleted => Version(deleted.Number, at, version => version with { Tags = Without(version.Tags, deleted.Key) }),
        RegistryEvent.VersionStageChanged changed => Version(changed.Number, at, version => version with { Stage = changed.To }),
        RegistryEvent.VersionDeleted deleted => this with { Stored = Stored.Remove(deleted.Number) },
        RegistryEvent.AliasMoved moved => this with { Model = Model with { Aliases = [.. Others(moved.Alias).Append(ModelAlias.After(Model.FindAlias(moved.Alias), moved, actor, at)).OrderBy(alias => alias.Name, StringComparer.Ordinal)] } },
        RegistryEvent.AliasRemoved removed => this with { Model = Model with { Aliases = [.. Others(removed.Alias)] } },
        RegistryEvent.PolicySet set => this with { Model = Model with { Policies = Model.Policies.ToImmutableDictionary().SetItem(set.Target, set.Policy) } },
        RegistryEvent.PolicyRemoved removed => this with { Model = Model with { Policies = Model.Policies.ToImmutableDictionary().Remove(removed.Target) } },
        RegistryEvent.PromotionProposed proposed => this with { Promotions = Promotions.Add(proposed.Promotion.Id, proposed.Promotion) },
        RegistryEvent.EvidenceGiven given => Promotion(given.Promotion, change, actor, at),
        RegistryEvent.PromotionApproved approved => Promotion(approved.Promotion, change, actor, at),
        RegistryEvent.PromotionRejected rejected => Promotion(rejected.Promotion, change, actor, at),
        RegistryEvent.PromotionApplied applied => Promotion(applied.Promotion, change, actor, at),
        _ => throw new NotSupportedException($"Events of type {change.GetType().Name} are not known here."),
    };

    private static ImmutableDictionary<string, string> With(IReadOnlyDictionary<string, string> tags, string key, string value) => tags.ToImmutableDictionary(StringComparer.Ordinal).SetItem(key, value);

    private static ImmutableDictionary<string, string> Without(IReadOnlyDictionary<string, string> tags, string key) => tags.ToImmutableDictionary(StringComparer.Ordinal).Remove(key);

    private InMemoryModel Version(int number, DateTimeOffset at, Func<ModelVersion, ModelVersion> change) => this with { Stored = Stored.SetItem(number, change(Stored[number]) with { UpdatedAt = at }) };

    private InMemoryModel Promotion(Guid id, RegistryEvent change, string actor, DateTimeOffset at) => this with { Promotions = Promotions.SetItem(id, Promotions[id].After(change, actor, at)) };

    private IEnumerable<ModelAlias> Others(string alias) => Model.Aliases.Where(other => other.Name != alias);
}
