using System.Runtime.InteropServices;
using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking;

/// <summary>Logs images as artifacts.</summary>
public static class ImageExtensions
{
    /// <summary>Logs an encoded image. The content must be what the path's extension says, so that a viewer can show it.</summary>
    /// <param name="run">The run.</param>
    /// <param name="path">Where it goes: <c>.png</c>, <c>.jpg</c>, <c>.jpeg</c>, <c>.gif</c>, <c>.webp</c> or <c>.svg</c>.</param>
    /// <param name="image">The encoded bytes.</param>
    /// <param name="cancellationToken">Gives up; nothing is left under the final name.</param>
    /// <returns>The artifact with its size and hash.</returns>
    /// <exception cref="ArgumentException">The extension is none of those, or the bytes are not such an image.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static async ValueTask<ArtifactFile> LogImageAsync(this Run run, ArtifactPath path, ReadOnlyMemory<byte> image, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        string extension = Path.GetExtension(path.Value).ToLowerInvariant();
        if (!LooksLike(extension, image.Span))
            throw new ArgumentException($"The {image.Length} bytes for '{path}' are not a {(extension.Length == 0 ? "known" : extension)} image. LogImageAsync takes encoded .png, .jpg, .gif, .webp and .svg images.", nameof(image));
        using Stream content = MemoryMarshal.TryGetArray(image, out ArraySegment<byte> bytes)
            ? new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false)
            : new MemoryStream(image.ToArray(), writable: false);
        return await run.LogArtifactAsync(path, content, cancellationToken).ConfigureAwait(false);
    }

    private static bool LooksLike(string extension, ReadOnlySpan<byte> image) => extension switch
    {
        ".png" => image.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]),
        ".jpg" or ".jpeg" => image.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]),
        ".gif" => image.StartsWith("GIF87a"u8) || image.StartsWith("GIF89a"u8),
        ".webp" => image.Length > 12 && image.StartsWith("RIFF"u8) && image[8..].StartsWith("WEBP"u8),
        ".svg" => image.IndexOf("<svg"u8) >= 0,
        _ => false,
    };
}
