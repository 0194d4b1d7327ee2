using System.Security.Cryptography;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Schema;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Sqlite.Tests.Schema;

public sealed class FileCheckTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("DELETE")]
    [InlineData("WAL")]
    public async Task A_store_of_a_newer_version_is_refused_and_left_byte_for_byte(string journalMode)
    {
        await MakeStoreAsync();
        using (Connection newer = _folder.Connect())
            newer.Execute($"PRAGMA journal_mode={journalMode}; PRAGMA user_version={Migrations.Steps.Count + 1}");
        Dictionary<string, string> before = Hashes();

        StoreVersionException refused = await Assert.ThrowsAsync<StoreVersionException>(UseAsync);

        Assert.Equal(Migrations.Steps.Count + 1, refused.Found);
        Assert.Equal(Migrations.Steps.Count, refused.Supported);
        Assert.False(refused.IsTransient);
        Assert.Equal(before, Hashes());
    }

    [Fact]
    public async Task A_newer_version_that_still_lies_in_the_log_of_a_dead_process_is_seen_and_the_log_is_left()
    {
        await MakeStoreAsync();
        string copy = _folder.File + ".copy";
        using (Connection newer = _folder.Connect())
        {
            newer.Execute($"PRAGMA user_version={Migrations.Steps.Count + 1}");

            // What a killed process leaves behind: the file and its log, not yet one.
            File.Copy(_folder.File, copy);
            File.Copy(_folder.File + "-wal", copy + "-wal");
        }

        byte[][] before = [File.ReadAllBytes(copy), File.ReadAllBytes(copy + "-wal")];
        await using SqliteTrackingStore store = new(copy);

        await Assert.ThrowsAsync<StoreVersionException>(() => store.GetCursorAsync(Guid.NewGuid(), TestContext.Current.CancellationToken).AsTask());

        Assert.Equal(before, [File.ReadAllBytes(copy), File.ReadAllBytes(copy + "-wal")]);
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused_and_left_byte_for_byte()
    {
        using (Connection foreign = _folder.Connect())
            foreign.Execute("CREATE TABLE invoice(id INTEGER PRIMARY KEY)");
        Dictionary<string, string> before = Hashes();

        TrackingStoreException refused = await Assert.ThrowsAsync<TrackingStoreException>(UseAsync);

        Assert.False(refused.IsTransient);
        Assert.Contains("another program", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Hashes());
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_byte_for_byte()
    {
        await File.WriteAllTextAsync(_folder.File, string.Join('\n', Enumerable.Repeat("loss,accuracy", 1_000)), TestContext.Current.CancellationToken);
        Dictionary<string, string> before = Hashes();

        TrackingStoreException refused = await Assert.ThrowsAsync<TrackingStoreException>(UseAsync);

        Assert.False(refused.IsTransient);
        Assert.Contains("not a SQLite database", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Hashes());
    }

    [Fact]
    public async Task A_folder_in_place_of_a_file_is_refused_with_advice()
    {
        Directory.CreateDirectory(_folder.File);

        TrackingStoreException refused = await Assert.ThrowsAsync<TrackingStoreException>(UseAsync);

        Assert.False(refused.IsTransient);
        Assert.Contains("is a folder", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_file_becomes_a_store()
    {
        await File.WriteAllBytesAsync(_folder.File, [], TestContext.Current.CancellationToken);

        await UseAsync();

        Assert.Equal(1, _folder.Count("experiment"));
    }

    [Fact]
    public async Task Missing_folders_are_made_and_odd_names_are_names()
    {
        string file = Path.Combine(Path.GetDirectoryName(_folder.File)!, "a b", "c%20d #1?", "мл.db");
        for (int opening = 0; opening < 2; opening++)
        {
            await using SqliteTrackingStore store = new(file);
            Experiment? found = await store.FindExperimentAsync("Default", TestContext.Current.CancellationToken);
            Assert.Equal(Path.Combine(Path.ChangeExtension(file, ".artifacts"), "0"), new Uri(found!.ArtifactLocation).LocalPath);
        }

        Assert.True(File.Exists(file));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(":memory:")]
    public void A_path_that_names_no_file_is_misuse(string path) => Assert.Throws<ArgumentException>(() => new SqliteTrackingStore(path));

    private async Task MakeStoreAsync()
    {
        await using SqliteTrackingStore store = _folder.Open();
        await StoreFolder.StartAsync(store);
    }

    private async Task UseAsync()
    {
        await using SqliteTrackingStore store = _folder.Open();
        await store.GetCursorAsync(Guid.NewGuid(), TestContext.Current.CancellationToken);
    }

    private Dictionary<string, string> Hashes() =>
        Directory.GetFiles(Path.GetDirectoryName(_folder.File)!).ToDictionary(file => file, file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));
}
