using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;
using static MLOps.Registry.Storage.RegistryEvent;

namespace MLOps.Sqlite.Registry;

/// <summary>Applies a commit inside the writer's transaction, which its caller commits.</summary>
internal sealed class RegistryWriter(Connection connection, RegistryReader reader, AuditTable audit)
{
    private Statement FindModel => field ??= connection.Prepare("SELECT id, revision FROM registered_model WHERE key = ?");

    private Statement FindName => field ??= connection.Prepare("SELECT key FROM registered_model WHERE name = ?");

    private Statement InsertModel => field ??= connection.Prepare(
        "INSERT INTO registered_model(key, name, description, user, created_ms, updated_ms, last_number, revision) VALUES(?, ?, ?, ?, ?, ?, 0, 0)");

    private Statement UpdateName => field ??= connection.Prepare("UPDATE registered_model SET name = ? WHERE id = ?");

    private Statement UpdateDescription => field ??= connection.Prepare("UPDATE registered_model SET description = ? WHERE id = ?");

    private Statement UpdateLastNumber => field ??= connection.Prepare("UPDATE registered_model SET last_number = ? WHERE id = ?");

    private Statement UpdateRevision => field ??= connection.Prepare("UPDATE registered_model SET revision = ?, updated_ms = ? WHERE id = ?");

    private Statement DeleteModel => field ??= connection.Prepare("DELETE FROM registered_model WHERE id = ?");

    private Statement UpsertModelTag => field ??= connection.Prepare("INSERT INTO registered_model_tag(model, key, value) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value");

    private Statement DeleteModelTag => field ??= connection.Prepare("DELETE FROM registered_model_tag WHERE model = ? AND key = ?");

    private Statement FindVersion => field ??= connection.Prepare("SELECT id FROM model_version WHERE model = ? AND number = ?");

    private Statement InsertVersion => field ??= connection.Prepare(
        "INSERT INTO model_version(model, number, status, is_verified, stage, created_ms, updated_ms, run_id, user, source, description, facts) VALUES(?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)");

    private Statement InsertLink => field ??= connection.Prepare("INSERT INTO version_link(version, kind, value) VALUES(?, ?, ?) ON CONFLICT DO NOTHING");

    private Statement SelectFacts => field ??= connection.Prepare("SELECT facts FROM model_version WHERE id = ?");

    private Statement UpdateFacts => field ??= connection.Prepare("UPDATE model_version SET is_verified = 1, facts = ? WHERE id = ?");

    private Statement UpdateVersionDescription => field ??= connection.Prepare("UPDATE model_version SET description = ? WHERE id = ?");

    private Statement UpdateStage => field ??= connection.Prepare("UPDATE model_version SET stage = ? WHERE id = ?");

    private Statement TouchVersion => field ??= connection.Prepare("UPDATE model_version SET updated_ms = ? WHERE id = ?");

    private Statement DeleteVersion => field ??= connection.Prepare("DELETE FROM model_version WHERE id = ?");

    private Statement UpsertVersionTag => field ??= connection.Prepare("INSERT INTO model_version_tag(version, key, value) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value");

    private Statement DeleteVersionTag => field ??= connection.Prepare("DELETE FROM model_version_tag WHERE version = ? AND key = ?");

    private Statement UpsertAlias => field ??= connection.Prepare("""
        INSERT INTO model_alias(model, name, version, earlier, moved_ms, moved_by, reason) VALUES(?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET version = excluded.version, earlier = excluded.earlier, moved_ms = excluded.moved_ms, moved_by = excluded.moved_by, reason = excluded.reason
        """);

    private Statement DeleteAlias => field ??= connection.Prepare("DELETE FROM model_alias WHERE model = ? AND name = ?");

    private Statement UpsertPolicy => field ??= connection.Prepare("INSERT INTO promotion_policy(model, target, policy) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET policy = excluded.policy");

    private Statement DeletePolicy => field ??= connection.Prepare("DELETE FROM promotion_policy WHERE model = ? AND target = ?");

    private Statement UpsertPromotion => field ??= connection.Prepare(
        "INSERT INTO promotion(id, model, status, document) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET status = excluded.status, document = excluded.document");

    /// <summary>Applies the commit, or ends the transaction without effect.</summary>
    public CommitOutcome Apply(RegistryCommit commit, Action rollback)
    {
        (long Id, long Revision)? model = Find(commit.ModelKey);
        if ((model?.Revision ?? 0) != commit.Revision || (commit.Revision == 0 && commit.Changes is not [ModelCreated, ..]))
            return CommitOutcome.RevisionChanged;
        AuditHead head = audit.Head();
        long id = model?.Id ?? 0;
        foreach (RegistryEvent change in commit.Changes)
        {
            string? name = change switch { ModelCreated created => created.Name, ModelRenamed renamed => renamed.To, _ => null };
            if (name is not null && IsTaken(name, commit.ModelKey))
            {
                rollback();
                return CommitOutcome.NameTaken;
            }

            head = audit.Append(head, commit, change);
            Apply(ref id, change, commit, head.At);
        }

        audit.SetHead(head);
        UpdateRevision.With(commit.Revision + 1).With(head.At.ToUnixTimeMilliseconds()).With(id).Run();
        return CommitOutcome.Committed;
    }

    private void Apply(ref long model, RegistryEvent change, RegistryCommit commit, DateTimeOffset at)
    {
        long ms = at.ToUnixTimeMilliseconds();
        switch (change)
        {
            case ModelCreated created:
                InsertModel.With(commit.ModelKey).With(created.Name).With(created.Description).With(commit.Actor).With(ms).With(ms).Run();
                model = connection.LastInsertId;
                foreach ((string key, string value) in created.Tags)
                    UpsertModelTag.With(model).With(key).With(value).Run();
                break;
            case ModelRenamed renamed:
                UpdateName.With(renamed.To).With(model).Run();
                break;
            case ModelDescribed described:
                UpdateDescription.With(described.Description).With(model).Run();
                break;
            case ModelTagSet tag:
                UpsertModelTag.With(model).With(tag.Key).With(tag.Value).Run();
                break;
            case ModelTagDeleted tag:
                DeleteModelTag.With(model).With(tag.Key).Run();
                break;
            case ModelDeleted:
                DeleteModel.With(model).Run();
                break;
            case VersionCreated created:
                Create(model, created, commit.Actor, ms);
                break;
            case VersionVerified verified:
                Verify(Touch(model, verified.Number, ms), verified.Manifest);
                break;
            case VersionDescribed described:
                UpdateVersionDescription.With(described.Description).With(Touch(model, described.Number, ms)).Run();
                break;
            case VersionTagSet tag:
                UpsertVersionTag.With(Touch(model, tag.Number, ms)).With(tag.Key).With(tag.Value).Run();
                break;
            case VersionTagDeleted tag:
                DeleteVersionTag.With(Touch(model, tag.Number, ms)).With(tag.Key).Run();
                break;
            case VersionStageChanged changed:
                UpdateStage.With((long)changed.To).With(Touch(model, changed.Number, ms)).Run();
                break;
            case VersionDeleted deleted:
                DeleteVersion.With(Version(model, deleted.Number)).Run();
                break;
            case AliasMoved moved:
                ModelAlias alias = ModelAlias.After(reader.FindAlias(model, moved.Alias), moved, commit.Actor, at);
                UpsertAlias.With(model).With(alias.Name).With(alias.Version).With(RegistryReader.Join(alias.Earlier)).With(ms).With(alias.MovedBy).With(alias.Reason).Run();
                break;
            case AliasRemoved removed:
                DeleteAlias.With(model).With(removed.Alias).Run();
                break;
            case PolicySet set:
                UpsertPolicy.With(model).With(set.Target.ToString()).With(RegistryJson.Write(set.Policy)).Run();
                break;
            case PolicyRemoved removed:
                DeletePolicy.With(model).With(removed.Target.ToString()).Run();
                break;
            case PromotionProposed proposed:
                Keep(model, proposed.Promotion);
                break;
            case EvidenceGiven given:
                Change(model, given.Promotion, change, commit.Actor, at);
                break;
            case PromotionApproved approved:
                Change(model, approved.Promotion, change, commit.Actor, at);
                break;
            case PromotionRejected rejected:
                Change(model, rejected.Promotion, change, commit.Actor, at);
                break;
            case PromotionApplied applied:
                Change(model, applied.Promotion, change, commit.Actor, at);
                break;
            default:
                throw new NotSupportedException($"Events of type {change.GetType().Name} are not known here.");
        }
    }

    private (long Id, long Revision)? Find(Guid key)
    {
        using Rows rows = FindModel.With(key).Query();
        return rows.Next() ? (FindModel.Int64(0), FindModel.Int64(1)) : null;
    }

    private bool IsTaken(string name, Guid by)
    {
        using Rows rows = FindName.With(name).Query();
        return rows.Next() && FindName.Guid(0) != by;
    }

    private long Version(long model, int number)
    {
        using Rows rows = FindVersion.With(model).With(number).Query();
        return rows.Next() ? FindVersion.Int64(0) : throw new InvalidOperationException($"The commit changes version {number}, which is not there.");
    }

    private long Touch(long model, int number, long ms)
    {
        long version = Version(model, number);
        TouchVersion.With(ms).With(version).Run();
        return version;
    }

    private void Create(long model, VersionCreated created, string actor, long ms)
    {
        VersionFacts facts = created.Facts;
        InsertVersion.With(model).With(created.Number).With((long)ModelVersionStatus.Ready).With(created.IsVerified ? 1 : 0).With(ms).With(ms)
            .With(facts.RunId?.Value).With(actor).With(facts.Source).With(created.Description).With(RegistryJson.Write(facts)).Run();
        long version = connection.LastInsertId;
        UpdateLastNumber.With(created.Number).With(model).Run();
        foreach ((string key, string value) in created.Tags)
            UpsertVersionTag.With(version).With(key).With(value).Run();
        foreach (ModelVersionRef parent in facts.Parents)
            InsertLink.With(version).With((long)LinkKind.Parent).With(parent.ToString()).Run();
        foreach (DatasetInput dataset in facts.Datasets)
            InsertLink.With(version).With((long)LinkKind.Dataset).With(dataset.Digest).Run();
        if (facts.Code?.Commit is { } commit)
            InsertLink.With(version).With((long)LinkKind.Commit).With(commit).Run();
    }

    private void Verify(long version, ModelManifest manifest)
    {
        VersionFacts facts;
        using (Rows rows = SelectFacts.With(version).Query())
        {
            rows.Next();
            facts = RegistryJson.ReadFacts(SelectFacts.Blob(0));
        }

        UpdateFacts.With(RegistryJson.Write(facts with { Manifest = manifest })).With(version).Run();
    }

    private void Change(long model, Guid promotion, RegistryEvent change, string actor, DateTimeOffset at) =>
        Keep(model, (reader.FindPromotion(promotion) ?? throw new InvalidOperationException($"The commit changes promotion {promotion}, which is not there.")).After(change, actor, at));

    private void Keep(long model, Promotion promotion) => UpsertPromotion.With(promotion.Id).With(model).With((long)promotion.Status).With(RegistryJson.Write(promotion)).Run();
}
