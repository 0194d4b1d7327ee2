using System.Diagnostics.CodeAnalysis;

namespace MLOps.Sqlite.Connections;

/// <summary>The queue of this process's writers to one file: one is let in at a time, so that they do not compete for SQLite's lock. All stores of the file share it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing to dispose of.")]
internal sealed class WriterGate
{
    private static readonly Dictionary<string, WriterGate> Gates = new(OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly string _file;
    private int _stores;

    private WriterGate(string file) => _file = file;

    public static WriterGate Join(string file)
    {
        lock (Gates)
        {
            if (!Gates.TryGetValue(file, out WriterGate? gate))
                Gates.Add(file, gate = new WriterGate(file));
            gate._stores++;
            return gate;
        }
    }

    public Task EnterAsync(CancellationToken cancellationToken) => _turn.WaitAsync(cancellationToken);

    public void Leave() => _turn.Release();

    /// <summary>Gives up a store's part in the gate.</summary>
    public void Part()
    {
        lock (Gates)
        {
            if (--_stores == 0)
                Gates.Remove(_file);
        }
    }
}
