using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Registry;

/// <summary>Applies one commit inside the writer's transaction, which its caller commits.</summary>
internal sealed class CommitWriter(Session session, RegistryCommit commit)
{
    private long? _model;

    /// <summary>Applies the commit, or changes nothing.</summary>
    public CommitOutcome Apply()
    {
        (long Id, long Revision)? found = session.Models.Revision(commit.ModelKey);
        _model = found?.Id;
        if ((found?.Revision ?? 0) != commit.Revision || (found is null && commit.Changes is not [RegistryEvent.ModelCreated, ..]))
            return CommitOutcome.RevisionChanged;
        if (commit.Changes.Any(change => NameIn(change) is { } name && session.Models.Number(name) is { } other && other != _model))
            return CommitOutcome.NameTaken;

        AuditHead head = session.Audit.Head();
        foreach (RegistryEvent change in commit.Changes)
        {
            AuditRecord record = AuditRecord.After(head, commit.At, commit.ModelKey, commit.Actor, change);
            head = record.ToHead();
            session.Audit.Append(record, commit.ModelKey, change);
            Apply(change, head.At);
            if (NameIn(change) is { } name)
                session.Models.Remember(name, commit.ModelKey, head.Count);
        }

        session.Audit.SetHead(head);
        if (_model is { } model)
            session.Models.SetRevision(model, commit.Revision + 1, head.At.ToUnixTimeMilliseconds());
        return CommitOutcome.Committed;
    }

    private static string? NameIn(RegistryEvent change) => change switch { RegistryEvent.ModelCreated created => created.Name, RegistryEvent.ModelRenamed renamed => renamed.To, _ => null };

    private void Apply(RegistryEvent change, DateTimeOffset at)
    {
        if (change is RegistryEvent.ModelCreated created)
        {
            _model = session.Models.Add(commit.ModelKey, created, commit.Actor, at.ToUnixTimeMilliseconds());
            return;
        }

        long model = _model ?? throw new ArgumentException("A commit changes a model that it has deleted.", nameof(change));
        switch (change)
        {
            case RegistryEvent.ModelRenamed renamed:
                session.Models.Rename(model, renamed.To);
                break;
            case RegistryEvent.ModelDescribed described:
                session.Models.Describe(model, described.Description);
                break;
            case RegistryEvent.ModelTagSet set:
                session.Models.Tags.Set(model, set.Key, set.Value);
                break;
            case RegistryEvent.ModelTagDeleted deleted:
                session.Models.Tags.Delete(model, deleted.Key);
                break;
            case RegistryEvent.ModelDeleted:
                session.Models.Delete(model);
                _model = null;
                break;
            case RegistryEvent.AliasMoved moved:
                session.Aliases.Set(model, ModelAlias.After(session.Aliases.Find(model, moved.Alias), moved, commit.Actor, at));
                break;
            case RegistryEvent.AliasRemoved removed:
                session.Aliases.Delete(model, removed.Alias);
                break;
            case RegistryEvent.PolicySet set:
                session.Models.SetPolicy(model, set);
                break;
            case RegistryEvent.PolicyRemoved removed:
                session.Models.RemovePolicy(model, removed.Target);
                break;
            case RegistryEvent.PromotionProposed proposed:
                session.Promotions.Add(model, proposed.Promotion);
                break;
            case RegistryEvent.EvidenceGiven given:
                session.Promotions.Change(given.Promotion, change, commit.Actor, at);
                break;
            case RegistryEvent.PromotionApproved approved:
                session.Promotions.Change(approved.Promotion, change, commit.Actor, at);
                break;
            case RegistryEvent.PromotionRejected rejected:
                session.Promotions.Change(rejected.Promotion, change, commit.Actor, at);
                break;
            case RegistryEvent.PromotionApplied applied:
                session.Promotions.Change(applied.Promotion, change, commit.Actor, at);
                break;
            default:
                ApplyToVersion(model, change, at.ToUnixTimeMilliseconds());
                break;
        }
    }

    private void ApplyToVersion(long model, RegistryEvent change, long nowMs)
    {
        VersionTable versions = session.Versions;
        switch (change)
        {
            case RegistryEvent.VersionCreated created:
                versions.Add(model, created, commit.Actor, nowMs);
                session.Models.SetLastNumber(model, created.Number);
                break;
            case RegistryEvent.VersionVerified verified:
                versions.Verify(versions.Touch(model, verified.Number, nowMs), verified.Manifest);
                break;
            case RegistryEvent.VersionDescribed described:
                versions.Describe(versions.Touch(model, described.Number, nowMs), described.Description);
                break;
            case RegistryEvent.VersionTagSet set:
                versions.Tags.Set(versions.Touch(model, set.Number, nowMs), set.Key, set.Value);
                break;
            case RegistryEvent.VersionTagDeleted deleted:
                versions.Tags.Delete(versions.Touch(model, deleted.Number, nowMs), deleted.Key);
                break;
            case RegistryEvent.VersionStageChanged changed:
                versions.SetStage(versions.Touch(model, changed.Number, nowMs), changed.To);
                break;
            case RegistryEvent.VersionDeleted deleted:
                versions.Delete(model, deleted.Number);
                break;
            default:
                throw new NotSupportedException($"Events of type {change.GetType().Name} are not known here.");
        }
    }
}
