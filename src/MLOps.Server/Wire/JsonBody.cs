using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace MLOps.Server.Wire;

/// <summary>Takes the bytes of a request for JSON, and every text in it for legal Unicode, so that nobody who reads it has to ask again.</summary>
internal static class JsonBody
{
    private const int Deepest = 64;

    // A document takes 12 bytes for each, however short: a body of a million empty objects would take many times its own length.
    private const int MostValues = 500_000, CountedFrom = 1 << 20;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = Deepest };

    /// <summary>The object in a body; null when there is nothing in it, which stands for an object without fields.</summary>
    /// <param name="body">The bytes, with or without a byte order mark. They are read as long as the document is.</param>
    /// <exception cref="MlflowException">It is not an object, or text in it is not legal.</exception>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> body)
    {
        if (body.Span is [0xEF, 0xBB, 0xBF, ..])
            body = body[3..];
        if (body.Span.Trim(" \t\r\n"u8).IsEmpty)
            return null;
        JsonDocument document = DocumentOf(body);
        return document.RootElement.ValueKind == JsonValueKind.String ? ParseInner(document) : ObjectOf(document);
    }

    // Old clients encode twice.
    private static JsonDocument? ParseInner(JsonDocument outer)
    {
        using (outer)
            return ObjectOf(DocumentOf(Encoding.UTF8.GetBytes(outer.RootElement.GetString()!)));
    }

    private static JsonDocument DocumentOf(ReadOnlyMemory<byte> json)
    {
        DemandText(json.Span);
        if (json.Length > CountedFrom)
            DemandFewValues(json.Span);
        return JsonDocument.Parse(json, s_options);
    }

    private static JsonDocument? ObjectOf(JsonDocument document)
    {
        JsonValueKind kind = document.RootElement.ValueKind;
        if (kind == JsonValueKind.Object)
            return document;
        document.Dispose();
        return kind == JsonValueKind.Null ? null : throw new MlflowException(ErrorCode.BadRequest, "The body of a request is a JSON object.");
    }

    /// <summary>Demands that JSON is UTF-8 and that its texts are legal Unicode, also where they are escaped.</summary>
    /// <exception cref="MlflowException">It is not so.</exception>
    public static void DemandText(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
            throw new MlflowException(ErrorCode.BadRequest, "The body of a request is JSON in UTF-8; this one is not legal UTF-8.");
        int at = json.IndexOf((byte)'\\');
        while (at >= 0)
        {
            at += EscapeLength(json[at..]);
            int next = json[at..].IndexOf((byte)'\\');
            at = next < 0 ? -1 : at + next;
        }
    }

    private static void DemandFewValues(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = Deepest });
        for (int count = 0; reader.Read(); count++)
        {
            if (count == MostValues)
                throw MlflowException.Invalid(string.Create(CultureInfo.InvariantCulture, $"The body of a request has at most {MostValues} names and values. Send less at once."));
        }
    }

    /// <summary>How long the escape is that a span begins with. A pair of surrogates is one; what is no escape the JSON reader refuses.</summary>
    private static int EscapeLength(ReadOnlySpan<byte> json)
    {
        const int unit = 6;
        if (UnitOf(json) is not { } first)
            return Math.Min(2, json.Length);
        if (!char.IsSurrogate(first))
            return unit;
        return char.IsHighSurrogate(first) && UnitOf(json[unit..]) is { } second && char.IsLowSurrogate(second)
            ? 2 * unit
            : throw new MlflowException(ErrorCode.BadRequest, $"A text in the body is no legal Unicode: it has \\u{(int)first:x4}, which is half of a surrogate pair, without the other half.");
    }

    private static char? UnitOf(ReadOnlySpan<byte> json) =>
        json is [(byte)'\\', (byte)'u', _, _, _, _, ..] && ushort.TryParse(json.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit) ? (char)unit : null;
}
