using System.Globalization;
using System.Net;
using System.Text.Json;

namespace MLOps.Runtime;

/// <summary>What a metadata service answered.</summary>
internal sealed record MetadataAnswer(Uri Address, HttpStatusCode Status, string Text, string? Flavor)
{
    /// <summary>The answer, if the request was granted.</summary>
    public MetadataAnswer Granted() => Status == HttpStatusCode.OK ? this : throw Error($"The metadata service refused with status {(int)Status}.");

    /// <summary>Reads the answer as one JSON object.</summary>
    public T ReadObject<T>(Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : throw Error("The metadata service answered JSON that is not an object.");
        }
        catch (JsonException error)
        {
            throw Error("The metadata service answered something that is not JSON.", error);
        }
    }

    /// <summary>A property of an object of the answer that is a text; null when it is not there, or null.</summary>
    public string? FindText(JsonElement parent, string name) =>
        !parent.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Error($"The metadata service answered a '{name}' that is not a text.");

    /// <summary>A time of the answer, in UTC unless it says otherwise.</summary>
    public DateTimeOffset ToTime(string name, string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time
            : throw Error($"The metadata service answered {(text is null ? $"no '{name}'" : $"a '{name}' that is not a time")}.");

    public SpotMetadataException Error(string message, Exception? innerException = null) => new(Address, message, innerException);
}
