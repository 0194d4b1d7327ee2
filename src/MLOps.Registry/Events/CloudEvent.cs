using System.Buffers;
using System.Globalization;
using System.Text.Json;
using MLOps.Registry.Audit;

namespace MLOps.Registry.Events;

/// <summary>An event of the audit log in the form of CloudEvents 1.0, for other systems. Immutable.</summary>
public sealed record CloudEvent
{
    /// <summary>The media type of <see cref="ToJson"/>.</summary>
    public const string MediaType = "application/cloudevents+json";

    private const string TypePrefix = "mlops.registry.";

    /// <summary>All values of <see cref="Type"/>.</summary>
    public static IReadOnlyList<string> Types { get; } =
    [
        .. new[]
        {
            "model.created", "model.renamed", "model.described", "model.tag.set", "model.tag.deleted", "model.deleted",
            "version.created", "version.verified", "version.described", "version.tag.set", "version.tag.deleted", "version.stage.changed", "version.deleted",
            "alias.moved", "alias.removed", "policy.set", "policy.removed",
            "promotion.proposed", "promotion.evidence.given", "promotion.approved", "promotion.rejected", "promotion.applied",
        }.Select(kind => TypePrefix + kind),
    ];

    /// <summary>What identifies the event for good, also when it is delivered twice: 16 hex digits made of <see cref="Source"/>, <c>/</c>, and the event's place in the audit log.</summary>
    public required string Id { get; init; }

    /// <summary>Where it comes from: <see cref="RegistryOptions.Origin"/>.</summary>
    public required string Source { get; init; }

    /// <summary>Its kind, one of <see cref="Types"/>: for example <c>mlops.registry.alias.moved</c>.</summary>
    public required string Type { get; init; }

    /// <summary>What it is about: <c>models/fraud</c>, <c>models/fraud/versions/3</c> or <c>models/fraud/aliases/champion</c>, names escaped as in a URL. A model's name is the one that it had then; after its renaming, the new one.</summary>
    public required string Subject { get; init; }

    /// <summary>The event: its place in the audit log, its time, who caused it, and what changed.</summary>
    public required AuditEvent Event { get; init; }

    /// <summary>What changed, as JSON in UTF-8, byte by byte as the audit log has it.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Writes the event as one JSON object, what CloudEvents calls structured mode. It carries two extension attributes, <c>sequence</c> and <c>actor</c>.</summary>
    /// <returns>UTF-8.</returns>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(512 + Data.Length);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("specversion"u8, "1.0"u8);
            json.WriteString("id"u8, Id);
            json.WriteString("source"u8, Source);
            json.WriteString("type"u8, Type);
            json.WriteString("subject"u8, Subject);
            json.WriteString("time"u8, Event.At.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("sequence"u8, Event.Sequence.ToString(CultureInfo.InvariantCulture));
            json.WriteString("actor"u8, Event.Actor);
            json.WriteString("datacontenttype"u8, "application/json"u8);
            json.WritePropertyName("data"u8);
            json.WriteRawValue(Data.Span);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static string TypeOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("event"u8))
            {
                reader.Read();
                return TypePrefix + reader.GetString();
            }
        }

        throw new InvalidDataException("An event of the audit log has no kind.");
    }
}
