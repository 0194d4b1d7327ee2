using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using MLOps.Server.Wire;
using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Artifacts;

/// <summary>Streams artifacts to clients (contract §8.4), whole or in ranges, with a bounded memory whatever their sizes.</summary>
internal sealed class ArtifactDownload(ArtifactFolders folders)
{
    private const int PieceSize = 256 * 1024;

    /// <summary>Answers with an artifact. The whole of one whose hash is known is verified: if it differs, the connection breaks before the last piece.</summary>
    public async Task SendAsync(HttpContext http, ProxiedPlace place)
    {
        if (place.Path.Length == 0)
            throw new ArtifactNotFoundException(place.Location, place.Path);
        if (HttpMethods.IsHead(http.Request.Method))
        {
            ArtifactObject found = await FindAsync(place, http.RequestAborted).ConfigureAwait(false);
            Describe(http.Response, found);
            http.Response.ContentLength = found.SizeBytes;
            return;
        }

        if (http.Request.GetTypedHeaders().Range is { Ranges.Count: 1 } range && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase))
            await SendRangeAsync(http, place, range.Ranges.Single()).ConfigureAwait(false);
        else
            await SendWholeAsync(http, place).ConfigureAwait(false);
    }

    private async Task SendWholeAsync(HttpContext http, ProxiedPlace place)
    {
        ArtifactContent content = await folders.Open(place.Location).OpenContentAsync(place.Path, range: default, http.RequestAborted).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            Describe(http.Response, content.Artifact);
            http.Response.ContentLength = content.Artifact.SizeBytes;
            await CopyAsync(content.Stream, content.Artifact.SizeBytes, http).ConfigureAwait(false);
        }
    }

    private async Task SendRangeAsync(HttpContext http, ProxiedPlace place, RangeItemHeaderValue range)
    {
        ArtifactObject found = await FindAsync(place, http.RequestAborted).ConfigureAwait(false);
        if (!IsSame(http.Request.GetTypedHeaders().IfRange, found))
        {
            await SendWholeAsync(http, place).ConfigureAwait(false);
            return;
        }

        (long begin, long end) = range.From is { } from
            ? (from, Math.Min(range.To ?? long.MaxValue, found.SizeBytes - 1))
            : (Math.Max(0, found.SizeBytes - range.To!.Value), found.SizeBytes - 1);
        if (begin > end)
        {
            http.Response.Headers.ContentRange = new ContentRangeHeaderValue(found.SizeBytes).ToString();
            await MlflowCall.AnswerErrorAsync(http, ErrorCode.RangeNotSatisfiable, $"The artifact has {found.SizeBytes} bytes; the range that was asked for is not among them.").ConfigureAwait(false);
            return;
        }

        ArtifactContent content = await folders.Open(place.Location).OpenContentAsync(place.Path, new ByteRange(begin, end - begin + 1), http.RequestAborted).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            if ((content.Artifact.ETag, content.Artifact.SizeBytes) != (found.ETag, found.SizeBytes))
                throw new ArtifactStoreException($"Artifact '{place.Path}' was replaced while it was being opened. Try again.", isTransient: true);
            Describe(http.Response, content.Artifact);
            http.Response.StatusCode = StatusCodes.Status206PartialContent;
            http.Response.Headers.ContentRange = new ContentRangeHeaderValue(begin, end, found.SizeBytes).ToString();
            http.Response.ContentLength = end - begin + 1;
            await CopyAsync(content.Stream, end - begin + 1, http).ConfigureAwait(false);
        }
    }

    private async ValueTask<ArtifactObject> FindAsync(ProxiedPlace place, CancellationToken cancellationToken) =>
        await folders.StoreOf(place.Location).FindAsync(place.Location, place.Path, cancellationToken).ConfigureAwait(false) ?? throw new ArtifactNotFoundException(place.Location, place.Path);

    private static bool IsSame(RangeConditionHeaderValue? condition, ArtifactObject found) =>
        condition is null || (condition.EntityTag is { IsWeak: false } tag && ArtifactContentType.ETagOf(found.ETag) is { } there && tag.Compare(there, useStrongComparison: true));

    private static void Describe(HttpResponse response, ArtifactObject artifact)
    {
        string name = artifact.Path[(artifact.Path.LastIndexOf('/') + 1)..];
        response.ContentType = ArtifactContentType.Of(name);
        response.Headers.ContentDisposition = ArtifactContentType.DispositionOf(name);
        response.Headers.AcceptRanges = "bytes";
        if (ArtifactContentType.ETagOf(artifact.ETag) is { } tag)
            response.Headers.ETag = tag.ToString();
    }

    /// <summary>Reads (and hashes) a piece while the one before is sent. The last one waits until the content has ended, so that none that is corrupt arrives whole.</summary>
    private static async Task CopyAsync(Stream content, long size, HttpContext http)
    {
        CancellationToken cancelled = http.RequestAborted;
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceSize), ahead = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            int length = await content.ReadAsync(piece, cancelled).ConfigureAwait(false);
            long taken = length;
            while (length > 0)
            {
                Task<int> reading = content.ReadAsync(ahead, cancelled).AsTask();
                Task sending = taken < size ? http.Response.Body.WriteAsync(piece.AsMemory(0, length), cancelled).AsTask() : Task.CompletedTask;
                // Both have a buffer of ours until they end.
                await Task.WhenAll(reading, sending).ConfigureAwait(false);
                if (taken >= size)
                    await http.Response.Body.WriteAsync(piece.AsMemory(0, length), cancelled).ConfigureAwait(false);
                length = await reading.ConfigureAwait(false);
                taken += length;
                (piece, ahead) = (ahead, piece);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
            ArrayPool<byte>.Shared.Return(ahead);
        }
    }
}
