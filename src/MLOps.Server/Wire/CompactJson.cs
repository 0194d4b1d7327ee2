using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MLOps.Server.Wire;

/// <summary>JSON without space and with its keys in order, for messages: <c>JSONVALUE</c> of contract §1.7. What is long is cut.</summary>
internal static class CompactJson
{
    private const int MostBytes = 400;

    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static string Of(JsonElement value) => Write(writer => Write(writer, value));

    public static string OfText(string text) => Write(writer => writer.WriteStringValue(text.AsSpan(0, Math.Min(text.Length, MostBytes))));

    private static string Write(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, s_options))
            write(writer);
        return buffer.WrittenCount <= MostBytes ? Encoding.UTF8.GetString(buffer.WrittenSpan) : Encoding.UTF8.GetString(Cut(buffer.WrittenSpan)) + "…";
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text)
    {
        int end = MostBytes;
        while ((text[end] & 0b1100_0000) == 0b1000_0000)
            end--;
        return text[..end];
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        if (writer.BytesPending > MostBytes)
        {
            writer.WriteNullValue();
            return;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty property in value.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(property.Name);
                    Write(writer, property.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray())
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteRawValue(value.GetRawText(), skipInputValidation: true);
                break;
        }
    }
}
