using System.Globalization;
using System.Text;

namespace MLOps.Sqlite.Schema;

/// <summary>Writes a path as a URI. <see cref="Uri"/> by itself takes <c>%20</c> in a file's name for an escaped space.</summary>
internal static class FileUri
{
    public static string Of(string fullPath)
    {
        StringBuilder uri = new("file://");
        if (fullPath[0] != Path.DirectorySeparatorChar)
            uri.Append('/');
        foreach (byte octet in Encoding.UTF8.GetBytes(fullPath))
        {
            if (octet == Path.DirectorySeparatorChar)
                uri.Append('/');
            else if (char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~' or (byte)':')
                uri.Append((char)octet);
            else
                uri.Append('%').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
        }

        return uri.ToString();
    }
}
