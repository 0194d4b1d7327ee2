using System.Collections.ObjectModel;
using System.Globalization;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Runs;

namespace MLOps.Sqlite.Experiments;

/// <summary>Experiments, read and written.</summary>
internal sealed class ExperimentTable(Connection connection, KeyTable keys)
{
    private const string Columns = "SELECT id, name, artifact_location, lifecycle, created_ms, updated_ms FROM experiment ";

    private Statement FindById => field ??= connection.Prepare(Columns + "WHERE id = ?");

    private Statement FindByName => field ??= connection.Prepare(Columns + "WHERE name = ?");

    private Statement Insert => field ??= connection.Prepare("INSERT INTO experiment(name, artifact_location, lifecycle, created_ms, updated_ms) VALUES(?, ?, 0, ?, ?)");

    private Statement Locate => field ??= connection.Prepare("UPDATE experiment SET artifact_location = ? WHERE id = ?");

    private Statement UpdateLifecycle => field ??= connection.Prepare("UPDATE experiment SET lifecycle = ?, updated_ms = ? WHERE id = ?");

    // A run that was deleted before keeps the time at which it was; one whose purge has begun is never brought back.
    private Statement DeleteRuns => field ??= connection.Prepare("UPDATE run SET lifecycle = 1, deleted_ms = ? WHERE experiment = ? AND lifecycle = 0");

    private Statement RestoreRuns => field ??= connection.Prepare("UPDATE run SET lifecycle = 0, deleted_ms = NULL WHERE experiment = ? AND lifecycle = 1");

    private Statement BringModels => field ??= connection.Prepare("UPDATE logged_model SET lifecycle = ?1, updated_ms = ?2 WHERE experiment = ?3 AND lifecycle <> ?1");

    private Statement UpdateName => field ??= connection.Prepare("UPDATE experiment SET name = ?, updated_ms = ? WHERE id = ?");

    private Statement Touch => field ??= connection.Prepare("UPDATE experiment SET updated_ms = ? WHERE id = ?");

    private Statement FindTags => field ??= connection.Prepare("SELECT k.name, t.value FROM experiment_tag t JOIN key_name k ON k.id = t.key WHERE t.experiment = ?");

    private Statement UpsertTag => field ??= connection.Prepare("INSERT INTO experiment_tag(experiment, key, value) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value");

    private Statement FindRun => field ??= connection.Prepare("SELECT 1 FROM run WHERE experiment = ? LIMIT 1");

    private Statement DeleteTags => field ??= connection.Prepare("DELETE FROM experiment_tag WHERE experiment = ?");

    private Statement DeleteDatasets => field ??= connection.Prepare("DELETE FROM dataset WHERE experiment = ?");

    // No run of its own is left, so they are those of its logged models; coarse levels go with the chunks.
    private Statement DeleteChunks => field ??= connection.Prepare("DELETE FROM chunk WHERE series IN (SELECT id FROM series WHERE experiment = ?)");

    private Statement DeleteTails => field ??= connection.Prepare("DELETE FROM tail WHERE series IN (SELECT id FROM series WHERE experiment = ?)");

    private Statement DeleteSeries => field ??= connection.Prepare("DELETE FROM series WHERE experiment = ?");

    // What hangs on them, links of runs of other experiments too, goes with them.
    private Statement DeleteModels => field ??= connection.Prepare("DELETE FROM logged_model WHERE experiment = ?");

    private Statement Delete => field ??= connection.Prepare("DELETE FROM experiment WHERE id = ?");

    private Statement DeleteTagRow => field ??= connection.Prepare("DELETE FROM experiment_tag WHERE experiment = ? AND key = ?");

    /// <summary>The number that an id stands for; null when it is no id that this store gives.</summary>
    public static long? Number(ExperimentId id) =>
        long.TryParse(id.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && Id(number) == id ? number : null;

    public static ExperimentId Id(long number) => new(number.ToString(CultureInfo.InvariantCulture));

    public Experiment? Find(ExperimentId id) => Number(id) is { } number ? One(FindById.With(number)) : null;

    public Experiment? Find(string name) => One(FindByName.With(name));

    /// <summary>An experiment that can be changed.</summary>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    /// <exception cref="ExperimentDeletedException">It is deleted.</exception>
    public Experiment GetActive(ExperimentId id) => Get(id) is { Lifecycle: Lifecycle.Active } experiment ? experiment : throw new ExperimentDeletedException(id.ToString());

    public Experiment Create(string name, string? artifactLocation, string artifactRoot, long nowMs)
    {
        Insert.With(name).With(artifactLocation ?? "").With(nowMs).With(nowMs).Run();
        long number = connection.LastInsertId;
        if (artifactLocation is null)
            Locate.With($"{artifactRoot}/{Id(number)}").With(number).Run();
        return Find(Id(number))!;
    }

    /// <summary>Gives an experiment another name.</summary>
    /// <exception cref="ExperimentExistsException">Another experiment has it.</exception>
    public void Rename(ExperimentId id, string name, long nowMs)
    {
        if (GetActive(id).Name == name)
            return;
        if (Find(name) is not null)
            throw new ExperimentExistsException(name);
        UpdateName.With(name).With(nowMs).With(Number(id)).Run();
    }

    public void SetTag(ExperimentId id, string key, string value, long nowMs)
    {
        GetActive(id);
        UpsertTag.With(Number(id)).With(keys.FindOrAdd(key)).With(value).Run();
        Touch.With(nowMs).With(Number(id)).Run();
    }

    /// <summary>Deletes a tag.</summary>
    /// <returns>Whether there was one.</returns>
    public bool DeleteTag(ExperimentId id, string key, long nowMs)
    {
        GetActive(id);
        if (keys.Find(key) is not { } keyNumber || DeleteTagRow.With(Number(id)).With(keyNumber).Run() == 0)
            return false;
        Touch.With(nowMs).With(Number(id)).Run();
        return true;
    }

    public void SetLifecycle(ExperimentId id, Lifecycle lifecycle, long nowMs)
    {
        if (Get(id).Lifecycle == lifecycle)
            return;
        UpdateLifecycle.With((long)lifecycle).With(nowMs).With(Number(id)).Run();
        if (lifecycle == Lifecycle.Deleted)
            DeleteRuns.With(nowMs).With(Number(id)).Run();
        else
            RestoreRuns.With(Number(id)).Run();
        BringModels.With((long)lifecycle).With(nowMs).With(Number(id)).Run();
    }

    /// <summary>Removes an experiment that is softly deleted and has no runs, not even runs whose purge has begun, with its logged models.</summary>
    /// <returns>Whether it is gone.</returns>
    public bool Purge(ExperimentId id)
    {
        if (Find(id) is not { } experiment)
            return true;
        if (experiment.Lifecycle != Lifecycle.Deleted || HasRuns(id))
            return false;
        foreach (Statement delete in (ReadOnlySpan<Statement>)[DeleteChunks, DeleteTails, DeleteSeries, DeleteModels, DeleteTags, DeleteDatasets, Delete])
            delete.With(Number(id)).Run();
        return true;
    }

    private bool HasRuns(ExperimentId id)
    {
        using Rows rows = FindRun.With(Number(id)).Query();
        return rows.Next();
    }

    private Experiment Get(ExperimentId id) => Find(id) ?? throw new ExperimentNotFoundException(id.ToString());

    private Experiment? One(Statement query)
    {
        using Rows rows = query.Query();
        return rows.Next() ? Read(query) : null;
    }

    private Experiment Read(Statement row) => new()
    {
        Id = Id(row.Int64(0)),
        Name = row.Text(1),
        ArtifactLocation = row.Text(2),
        Lifecycle = (Lifecycle)row.Int32(3),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(4)),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(5)),
        Tags = Tags(row.Int64(0)),
    };

    private ReadOnlyDictionary<string, string> Tags(long number)
    {
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        using Rows rows = FindTags.With(number).Query();
        while (rows.Next())
            tags.Add(FindTags.Text(0), FindTags.Text(1));
        return tags.Count == 0 ? ReadOnlyDictionary<string, string>.Empty : new(tags);
    }
}
