using System.Text.Json;
using System.Text.Json.Serialization;

namespace MLOps.Registry.Storage;

/// <summary>A run id as a text.</summary>
internal sealed class RunIdJson : JsonConverter<RunId>
{
    public override RunId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        RunId.TryParse(reader.GetString(), out RunId id) ? id : throw new JsonException("That is no run id.");

    public override void Write(Utf8JsonWriter writer, RunId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
