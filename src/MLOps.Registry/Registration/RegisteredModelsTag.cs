using System.Buffers;
using System.Text;
using System.Text.Json;

namespace MLOps.Registry.Registration;

/// <summary>The value of <see cref="WellKnownTags.RegisteredModels"/>.</summary>
internal static class RegisteredModelsTag
{
    /// <summary>Writes it: the versions registered last, as many as a tag can hold.</summary>
    /// <param name="versions">The versions, the one registered last at the end.</param>
    /// <returns>The JSON list.</returns>
    public static string Write(IReadOnlyList<ModelVersionRef> versions)
    {
        List<string> items = [];
        int length = 2;
        foreach (ModelVersionRef version in versions.Reverse())
        {
            string item = Item(version);
            if ((length += item.Length + 1) > Limits.TagValueLength)
                break;
            items.Insert(0, item);
        }

        return $"[{string.Join(',', items)}]";
    }

    private static string Item(ModelVersionRef version)
    {
        ArrayBufferWriter<byte> json = new();
        using (Utf8JsonWriter writer = new(json))
        {
            writer.WriteStartObject();
            writer.WriteString("name", version.Model);
            writer.WriteNumber("version", version.Number);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(json.WrittenSpan);
    }
}
