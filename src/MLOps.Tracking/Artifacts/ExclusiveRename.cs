using System.Runtime.InteropServices;

namespace MLOps.Tracking.Artifacts;

/// <summary>Renames a file unless there is one of the new name, in one step: of several at once one wins. File.Move looks first and renames then, so that two can win.</summary>
internal static partial class ExclusiveRename
{
    private const int Exists = 17;

    /// <returns>Whether it was renamed; false when there is a file of that name.</returns>
    /// <exception cref="IOException">The system refuses.</exception>
    public static bool Try(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(from, to, overwrite: false);
                return true;
            }
            catch (IOException) when (File.Exists(to))
            {
                return false;
            }
        }

        if (link(from, to) == 0)
        {
            File.Delete(from);
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error == Exists ? false : throw new IOException($"'{to}' could not be created: {Marshal.GetPInvokeErrorMessage(error)}. To create only what is not there asks for a file system with hard links.", error);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int link(string from, string to);
}
