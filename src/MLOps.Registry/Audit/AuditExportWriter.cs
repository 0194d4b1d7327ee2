using System.Buffers;
using System.Text;
using System.Text.Json;

namespace MLOps.Registry.Audit;

/// <summary>Writes events as JSON lines, whole lines at a time.</summary>
internal sealed class AuditExportWriter(Stream destination, ReadOnlyMemory<byte> previous)
{
    private const int FlushBytes = 64 << 10;
    private readonly ArrayBufferWriter<byte> _lines = new(2 * FlushBytes);
    private ReadOnlyMemory<byte> _previous = previous;

    public async ValueTask WriteAsync(AuditRecord record, CancellationToken cancellationToken)
    {
        WriteLine(_lines, record, _previous.Span);
        _previous = record.Hash;
        if (_lines.WrittenCount >= FlushBytes)
            await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Not cancelled in the middle of a line.
        await destination.WriteAsync(_lines.WrittenMemory, CancellationToken.None).ConfigureAwait(false);
        _lines.ResetWrittenCount();
    }

    /// <summary>Writes an event: what people read of it, and the bytes that the hash is of. A verification writes the line again from these and compares, so that no field can say otherwise.</summary>
    internal static void WriteLine(ArrayBufferWriter<byte> lines, AuditRecord record, ReadOnlySpan<byte> previous)
    {
        ReadOnlySpan<byte> content = record.Content.Span;
        using (var json = new Utf8JsonWriter(lines, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("sequence"u8, record.Sequence);
            if (AuditRecord.SequenceIn(content) == record.Sequence && IsJson(AuditRecord.JsonIn(content)))
            {
                json.WriteString("at"u8, DateTimeOffset.FromUnixTimeMilliseconds(AuditRecord.MillisecondsIn(content)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
                json.WriteString("actor"u8, Encoding.UTF8.GetString(AuditRecord.ActorIn(content)));
                json.WriteString("model_key"u8, AuditRecord.ModelKeyIn(content));
                json.WritePropertyName("event"u8);
                json.WriteRawValue(AuditRecord.JsonIn(content), skipInputValidation: true);
            }
            else
            {
                json.WriteBoolean("damaged"u8, true);
            }

            json.WriteString("previous"u8, Convert.ToHexStringLower(previous));
            json.WriteString("hash"u8, Convert.ToHexStringLower(record.Hash.Span));
            json.WriteBase64String("content"u8, content);
            json.WriteEndObject();
        }

        lines.Write("\n"u8);
    }

    // A value that is no JSON, or one over several lines, would break the line that it is in.
    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        if (text.ContainsAny((byte)'\n', (byte)'\r'))
            return false;
        var reader = new Utf8JsonReader(text);
        try
        {
            while (reader.Read())
            {
            }

            return reader.BytesConsumed == text.Length;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
