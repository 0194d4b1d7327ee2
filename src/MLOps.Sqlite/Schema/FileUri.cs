namespace MLOps.Sqlite.Schema;

/// <summary>Writes a path as a URI. <see cref="Uri"/> by itself takes <c>%20</c> in a file's name for an escaped space.</summary>
internal static class FileUri
{
    public static string Of(string fullPath) =>
        "file:///" + string.Join('/', fullPath.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Select(Uri.EscapeDataString)).Replace("%3A", ":", StringComparison.Ordinal);
}
