using System.Text;
using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking;

/// <summary>Logs text as an artifact.</summary>
public static class TextExtensions
{
    /// <summary>Logs text, as UTF-8 without a byte order mark.</summary>
    /// <param name="run">The run.</param>
    /// <param name="path">Where it goes, for example <c>report.md</c>.</param>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Gives up; nothing is left under the final name.</param>
    /// <returns>The artifact with its size and hash.</returns>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static async ValueTask<ArtifactFile> LogTextAsync(this Run run, ArtifactPath path, string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(text);
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text), writable: false);
        return await run.LogArtifactAsync(path, content, cancellationToken).ConfigureAwait(false);
    }
}
