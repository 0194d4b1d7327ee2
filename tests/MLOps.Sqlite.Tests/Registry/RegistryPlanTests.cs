using MLOps.Registry;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Search;
using MLOps.Tracking;
using MLOps.Tracking.Search;
using SQLitePCL;

namespace MLOps.Sqlite.Tests.Registry;

/// <summary>How SQLite goes about questions of a registry with many versions: how many rows it really steps over.</summary>
public sealed class RegistryPlanTests : IDisposable
{
    // Going through all versions takes more than MostSteps, whatever is looked at.
    private const int Versions = 3_000, Page = 20, MostSteps = 2 * Versions;

    private static readonly RunId s_run = RunId.New();

    private readonly RegistryFile _file = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Point_reads_look_rows_up_by_their_keys()
    {
        Guid key = await FillAsync();
        using Session session = new(Connection.Open(_file.Folder.File, raw.SQLITE_OPEN_READONLY));

        Assert.NotNull(session.Models.Find("big"));
        Assert.NotNull(session.Models.Find(key));
        Assert.NotNull(session.Versions.Find("big", 77));
        Assert.Equal(Versions, session.Versions.Find("big", "champion")!.Number);
        Assert.Equal([Versions, Versions - 2], session.Versions.Latest("big").Select(version => version.Number));
        Assert.Single(session.Versions.InStage("big", ModelStage.Production));
        Assert.Single(session.Versions.LinkedTo(new LineageLink { RunId = s_run }));
        Assert.Single(session.Versions.LinkedTo(new LineageLink { Parent = new ModelVersionRef("base", 1_500) }));
        Assert.Single(session.Versions.LinkedTo(new LineageLink { DatasetDigest = "d-1500" }));
        Assert.Single(session.Versions.LinkedTo(new LineageLink { Commit = "c-1500" }));
        Assert.Empty(session.Promotions.Of(key, null));
        Assert.Single(session.Models.Keys("big"));
        Assert.Equal(5, session.Audit.Read(2_000, 5).Count);
        Assert.Equal(5, session.Audit.Read(key, null, 2_000, 5).Count);
        Assert.Single(session.Audit.Read(key, "champion", 0, 5));
        session.Audit.Head();

        // The head of the log is the only row of its table.
        Assert.InRange(session.Connection.FullScanSteps, 0, 1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("", "name")]
    [InlineData("", "name DESC")]
    [InlineData("", "version_number DESC")]
    [InlineData("", "creation_timestamp")]
    [InlineData("", "last_updated_timestamp")]
    [InlineData("", "source_path")]
    [InlineData("", "run_id DESC")]
    [InlineData("", "run_id")]
    [InlineData("name = 'big'")]
    [InlineData("name = 'big'", "version_number DESC")]
    [InlineData("name = 'big'", "creation_timestamp")]
    [InlineData("name = 'big'", "name")]
    [InlineData("name = 'small'", "creation_timestamp")]
    [InlineData("name LIKE 'smal%'", "version_number")]
    [InlineData("name IN ('small', 'none')")]
    [InlineData("name = 'big' AND version_number = 77")]
    [InlineData("version_number = 77")]
    [InlineData("tags.ticket = 'T-77'")]
    [InlineData("tags.ticket LIKE 'T-77%'", "version_number")]
    [InlineData("source_path = 'file:///models/77'")]
    [InlineData("source_path LIKE 'file:///models/77%'")]
    public async Task A_search_with_an_index_does_not_go_through_all_versions(string filter, params string[] order)
    {
        await FillAsync();
        using Session session = new(Connection.Open(_file.Folder.File, raw.SQLITE_OPEN_READONLY));

        Assert.InRange(Steps(session, () => FindTwoPages(session, ModelVersionQuery.Parse(filter, order))), 1, MostSteps);
    }

    [Fact]
    public async Task A_search_that_must_go_through_all_versions_is_seen()
    {
        await FillAsync();
        using Session session = new(Connection.Open(_file.Folder.File, raw.SQLITE_OPEN_READONLY));

        Assert.True(Steps(session, () => FindTwoPages(session, ModelVersionQuery.Parse("source_path LIKE '%no such thing%'"))) > MostSteps);
    }

    [Fact]
    public async Task A_search_by_run_finds_its_version()
    {
        await FillAsync();
        using Session session = new(Connection.Open(_file.Folder.File, raw.SQLITE_OPEN_READONLY));

        Assert.InRange(Steps(session, () => Assert.Equal([1_500], session.RegistrySearch.Find(ModelVersionQuery.Parse($"run_id = '{s_run}'"), new PageRequest()).Items.Select(version => version.Number))), 1, MostSteps);
    }

    private static void FindTwoPages(Session session, ModelVersionQuery query)
    {
        PageRequest first = new() { Size = Page };
        if (session.RegistrySearch.Find(query, first).NextToken is { } next)
            session.RegistrySearch.Find(query, first with { Token = next });
    }

    /// <summary>The most instructions that SQLite takes for one of the statements.</summary>
    private static int Steps(Session session, Action search)
    {
        List<Sql> asked = [];
        session.RegistrySearch.Watch = asked.Add;
        search();
        return asked.Max(sql =>
        {
            using Statement statement = sql.Prepare(session.Connection);
            while (statement.Step())
            {
            }

            return statement.Instructions;
        });
    }

    private async Task<Guid> FillAsync()
    {
        await using SqliteRegistryStore store = _file.Open();
        Guid key = await RegistryFile.FillAsync(store, "big", 0);
        long revision = 1;
        foreach (int[] batch in Enumerable.Range(1, Versions).Chunk(Page))
            Assert.Equal(CommitOutcome.Committed, await store.CommitAsync(RegistryFile.Commit(key, revision++, [.. batch.Select(Version)]), Cancel));
        await store.CommitAsync(
            RegistryFile.Commit(key, revision, RegistryFile.Move("champion", null, Versions), new RegistryEvent.VersionStageChanged(Versions - 2, ModelStage.None, ModelStage.Production, null)),
            Cancel);
        await RegistryFile.FillAsync(store, "small", 10);
        return key;
    }

    private static RegistryEvent Version(int number) => RegistryFile.Version(number, RegistryFile.Facts($"file:///models/{number}") with
    {
        RunId = number == 1_500 ? s_run : RunId.New(),
        Parents = [new ModelVersionRef("base", number)],
        Datasets = [new DatasetInput { Name = "set", Digest = $"d-{number}" }],
        Code = new CodeState($"c-{number}", null, null, null, null),
    }) with { Tags = new Dictionary<string, string>(StringComparer.Ordinal) { ["ticket"] = $"T-{number}" } };
}
