using System.Buffers;
using System.Text.Json;

namespace MLOps.Registry.Audit;

/// <summary>Verifies an export of an audit log where there is no store: what <see cref="ModelRegistry.ExportAuditAsync"/> wrote, one event a line.</summary>
/// <remarks>
/// A line is a JSON object: <c>sequence</c>, <c>at</c> (RFC 3339), <c>actor</c>, <c>model_key</c>, <c>event</c>, <c>previous</c> and <c>hash</c> (64 hex digits) and
/// <c>content</c>, the bytes that the hash is of, in base64; <c>hash</c> is the SHA-256 over the bytes of <c>previous</c> and of <c>content</c>. See
/// <see cref="AuditRecord"/> for what the content is made of. An event that was damaged in the store has <c>damaged</c> in place of what could not be read.
/// </remarks>
public static class AuditExport
{
    private const int MostLineBytes = 256 << 20;

    /// <summary>Verifies an export: that its lines are those that were written, whole and in order, and that no checkpoint says otherwise.</summary>
    /// <remarks>
    /// An export from the middle of a log is verified from there on: that it goes on from the right event is shown by the export before it, or by a checkpoint. One
    /// that is cut off between two lines is found given a checkpoint of what is missing.
    /// </remarks>
    /// <param name="source">The export; read to its end, not closed.</param>
    /// <param name="checkpoints">Checkpoints of the log, in any order; verify their signatures before with a <see cref="CheckpointVerifier"/>. Those of events before the export are not looked at. Null for none.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What was found. <see cref="AuditVerification.Verified"/> is the place of the last good event.</returns>
    public static async Task<AuditVerification> VerifyAsync(Stream source, IReadOnlyList<Checkpoint>? checkpoints = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        AuditChain? chain = null;
        var again = new ArrayBufferWriter<byte>();
        await foreach (ReadOnlyMemory<byte> line in LinesAsync(source, cancellationToken).ConfigureAwait(false))
        {
            if (!TryRead(line.Span, out AuditRecord record, out byte[] previous))
            {
                chain ??= new AuditChain(checkpoints, AuditHead.Empty);
                chain.Bad(chain.Count + 1, $"The line of event {chain.Count + 1} is not one of an export.");
                break;
            }

            bool isFirst = record.Sequence == 1 || previous.AsSpan().SequenceEqual(AuditHead.Empty.Hash.Span);
            chain ??= new AuditChain(checkpoints, isFirst ? AuditHead.Empty : new AuditHead(record.Sequence - 1, previous, DateTimeOffset.UnixEpoch));
            again.ResetWrittenCount();
            AuditExportWriter.WriteLine(again, record, chain.Hash.Span);
            if (!chain.Take(record))
                break;
            if (!again.WrittenSpan.SequenceEqual(line.Span))
            {
                chain.Bad(record.Sequence, $"The line of event {record.Sequence} says otherwise than its content.");
                break;
            }
        }

        chain ??= new AuditChain(checkpoints, AuditHead.Empty);
        chain.End(chain.Count, chain.Hash.Span);
        return chain.ToVerification();
    }

    private static bool TryRead(ReadOnlySpan<byte> line, out AuditRecord record, out byte[] previous)
    {
        record = default;
        previous = [];
        try
        {
            var reader = new Utf8JsonReader(line);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("sequence"u8, out JsonElement sequence) || !root.TryGetProperty("previous"u8, out JsonElement before)
                || !root.TryGetProperty("hash"u8, out JsonElement hash) || !root.TryGetProperty("content"u8, out JsonElement content))
                return false;
            previous = Convert.FromHexString(before.GetString() ?? "");
            record = new AuditRecord(sequence.GetInt64(), content.GetBytesFromBase64(), Convert.FromHexString(hash.GetString() ?? ""));
            return previous.Length == AuditRecord.HashLength && record.Sequence >= 1;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The lines, each with its line feed; what is after the last one comes as it is.</summary>
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(Stream source, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[128 << 10];
        int start = 0, end = 0, searched = 0;
        while (true)
        {
            int feed = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                yield return buffer.AsMemory(start, searched + feed + 1 - start);
                start = searched = searched + feed + 1;
                continue;
            }

            searched = end;
            if (end == buffer.Length)
            {
                if (end - start >= MostLineBytes)
                {
                    yield return buffer.AsMemory(start, end - start);
                    yield break;
                }

                byte[] larger = start > 0 ? buffer : new byte[2 * buffer.Length];
                buffer.AsSpan(start, end - start).CopyTo(larger);
                (buffer, end, searched, start) = (larger, end - start, searched - start, 0);
            }

            int read = await source.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                break;
            end += read;
        }

        if (end > start)
            yield return buffer.AsMemory(start, end - start);
    }
}
