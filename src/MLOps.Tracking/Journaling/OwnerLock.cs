using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Journaling;

/// <summary>The exclusive lock on a journal's <c>owner.lock</c>: who holds it owns the journal; the operating system releases it when the process ends, however it ends.</summary>
/// <remarks>What the file says is for people; the lock alone decides.</remarks>
internal sealed class OwnerLock : IDisposable
{
    public const string FileName = "owner.lock";
    private readonly SafeFileHandle _file;

    private OwnerLock(SafeFileHandle file, LeaseOwner owner)
    {
        _file = file;
        Owner = owner;
    }

    public LeaseOwner Owner { get; }

    public static OwnerLock Create(string folder, Guid journal, TimeProvider clock)
    {
        var owner = new LeaseOwner(journal, Environment.MachineName, Environment.ProcessId, clock.GetUtcNow());
        SafeFileHandle file = File.OpenHandle(Path.Combine(folder, FileName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        RandomAccess.Write(file, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"host {owner.Host}\npid {owner.ProcessId}\nsince {owner.Since:O}\nboot {BootId()}\n")), 0);
        return new OwnerLock(file, owner);
    }

    /// <summary>Takes the lock of a journal whose owner is gone.</summary>
    /// <returns>Null while the owner lives, or when another process was quicker.</returns>
    public static OwnerLock? TryTake(string folder, Guid journal)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            // An adopter deletes the file while it holds the lock: a lock on a name that is gone is worth nothing.
            if (!File.Exists(path))
            {
                file.Dispose();
                return null;
            }

            return new OwnerLock(file, Read(file, journal));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Locked by its living owner, or gone, or another user's, who adopts it when he opens the store.
            return null;
        }
    }

    public void Dispose() => _file.Dispose();

    private static LeaseOwner Read(SafeFileHandle file, Guid journal)
    {
        byte[] bytes = new byte[1024];
        string text = Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0));
        string host = "unknown";
        int pid = 0;
        DateTimeOffset since = DateTimeOffset.UnixEpoch;
        foreach (string line in text.Split('\n'))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            string value = space < 0 ? "" : line[(space + 1)..];
            switch (space < 0 ? line : line[..space])
            {
                case "host": host = value; break;
                case "pid": _ = int.TryParse(value, CultureInfo.InvariantCulture, out pid); break;
                case "since": _ = DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out since); break;
            }
        }

        return new LeaseOwner(journal, host, pid, since);
    }

    private static string BootId()
    {
        const string path = "/proc/sys/kernel/random/boot_id";
        return File.Exists(path) ? File.ReadAllText(path).Trim() : "unknown";
    }
}
