using System.Security.Cryptography;

namespace MLOps.Registry.Serving.Cache;

/// <summary>The SHA-256 of a local file.</summary>
internal static class FileHash
{
    /// <returns>64 lower-case hex digits.</returns>
    public static async ValueTask<string> ComputeAsync(string path, CancellationToken cancellationToken)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using (file.ConfigureAwait(false))
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
    }
}
