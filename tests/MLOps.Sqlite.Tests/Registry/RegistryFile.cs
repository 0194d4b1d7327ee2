using MLOps.Registry;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Tests.Registry;

/// <summary>A file of its own for a test's registry, and the shortest way to write to it.</summary>
public sealed class RegistryFile : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public StoreFolder Folder { get; } = new();

    public SqliteRegistryStore Open(SqliteOptions? options = null, TimeProvider? time = null) => new(Folder.File, options, time);

    internal Connection Connect() => Folder.Connect();

    public void Dispose() => Folder.Dispose();

    public static VersionFacts Facts(string source = "file:///model") => new() { Source = source, Location = source };

    public static RegistryEvent.ModelCreated Model(string name) => new(name, null, new Dictionary<string, string>(StringComparer.Ordinal));

    public static RegistryEvent.VersionCreated Version(int number, VersionFacts? facts = null) => new(number, facts ?? Facts(), IsVerified: true, null, new Dictionary<string, string>(StringComparer.Ordinal));

    public static RegistryEvent.AliasMoved Move(string alias, int? from, int to) => new(alias, from, to, AliasCause.Set, null, null);

    public static RegistryCommit Commit(Guid key, long revision, params RegistryEvent[] changes) =>
        new() { ModelKey = key, Revision = revision, Changes = changes, Actor = "ann", At = Start.AddSeconds(revision) };

    /// <summary>Makes a model with some versions, in one commit.</summary>
    public static async Task<Guid> FillAsync(IRegistryStore store, string name, int versions, Func<int, VersionFacts>? facts = null)
    {
        var key = Guid.CreateVersion7(Start);
        RegistryEvent[] changes = [Model(name), .. Enumerable.Range(1, versions).Select(number => Version(number, facts?.Invoke(number)))];
        Assert.Equal(CommitOutcome.Committed, await store.CommitAsync(Commit(key, 0, changes), TestContext.Current.CancellationToken));
        return key;
    }
}
