using System.Globalization;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Experiments;

/// <summary>Experiments, read and written.</summary>
internal sealed class ExperimentTable(Connection connection)
{
    private const string Columns = "SELECT id, name, artifact_location, lifecycle, created_ms, updated_ms FROM experiment ";

    private Statement FindById => field ??= connection.Prepare(Columns + "WHERE id = ?");

    private Statement FindByName => field ??= connection.Prepare(Columns + "WHERE name = ?");

    private Statement FindAll => field ??= connection.Prepare(Columns + "ORDER BY id DESC");

    private Statement Insert => field ??= connection.Prepare("INSERT INTO experiment(name, artifact_location, lifecycle, created_ms, updated_ms) VALUES(?, ?, 0, ?, ?)");

    private Statement Locate => field ??= connection.Prepare("UPDATE experiment SET artifact_location = ? WHERE id = ?");

    private Statement UpdateLifecycle => field ??= connection.Prepare("UPDATE experiment SET lifecycle = ?, updated_ms = ? WHERE id = ?");

    private Statement UpdateRuns => field ??= connection.Prepare("UPDATE run SET lifecycle = ? WHERE experiment = ?");

    /// <summary>The number that an id stands for; null when it is no id that this store gives.</summary>
    public static long? Number(ExperimentId id) =>
        long.TryParse(id.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && Id(number) == id ? number : null;

    public static ExperimentId Id(long number) => new(number.ToString(CultureInfo.InvariantCulture));

    public Experiment? Find(ExperimentId id) => Number(id) is { } number ? One(FindById.With(number)) : null;

    public Experiment? Find(string name) => One(FindByName.With(name));

    public List<Experiment> All()
    {
        List<Experiment> all = [];
        using Rows rows = FindAll.Query();
        while (rows.Next())
            all.Add(Read(FindAll));
        return all;
    }

    public Experiment Create(string name, string? artifactLocation, string artifactRoot, long nowMs)
    {
        Insert.With(name).With(artifactLocation ?? "").With(nowMs).With(nowMs).Run();
        long number = connection.LastInsertId;
        if (artifactLocation is null)
            Locate.With($"{artifactRoot}/{Id(number)}").With(number).Run();
        return Find(Id(number))!;
    }

    public void SetLifecycle(ExperimentId id, Lifecycle lifecycle, long nowMs)
    {
        Experiment experiment = Find(id) ?? throw new ExperimentNotFoundException(id.ToString());
        if (experiment.Lifecycle == lifecycle)
            return;
        long number = Number(id)!.Value;
        UpdateLifecycle.With((long)lifecycle).With(nowMs).With(number).Run();
        UpdateRuns.With((long)lifecycle).With(number).Run();
    }

    private static Experiment? One(Statement query)
    {
        using Rows rows = query.Query();
        return rows.Next() ? Read(query) : null;
    }

    private static Experiment Read(Statement row) => new()
    {
        Id = Id(row.Int64(0)),
        Name = row.Text(1),
        ArtifactLocation = row.Text(2),
        Lifecycle = (Lifecycle)row.Int32(3),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(4)),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(5)),
    };
}
