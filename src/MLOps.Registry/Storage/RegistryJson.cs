using System.Text.Json;
using System.Text.Json.Serialization;
using MLOps.Registry.Promotions;

namespace MLOps.Registry.Storage;

/// <summary>For stores: the JSON of what they keep whole. Members of later versions are skipped when read.</summary>
public static class RegistryJson
{
    /// <summary>Writes an event.</summary>
    /// <param name="value">The event.</param>
    /// <returns>UTF-8.</returns>
    public static byte[] Write(RegistryEvent value) => JsonSerializer.SerializeToUtf8Bytes(value, RegistryJsonContext.Default.RegistryEvent);

    /// <summary>Writes the facts of a version.</summary>
    /// <param name="value">The facts.</param>
    /// <returns>UTF-8.</returns>
    public static byte[] Write(VersionFacts value) => JsonSerializer.SerializeToUtf8Bytes(value, RegistryJsonContext.Default.VersionFacts);

    /// <summary>Writes a promotion.</summary>
    /// <param name="value">The promotion.</param>
    /// <returns>UTF-8.</returns>
    public static byte[] Write(Promotion value) => JsonSerializer.SerializeToUtf8Bytes(value, RegistryJsonContext.Default.Promotion);

    /// <summary>Writes a policy.</summary>
    /// <param name="value">The policy.</param>
    /// <returns>UTF-8.</returns>
    public static byte[] Write(PromotionPolicy value) => JsonSerializer.SerializeToUtf8Bytes(value, RegistryJsonContext.Default.PromotionPolicy);

    /// <summary>Reads an event.</summary>
    /// <param name="utf8">What <see cref="Write(RegistryEvent)"/> wrote.</param>
    /// <returns>The event.</returns>
    /// <exception cref="JsonException">It is none.</exception>
    public static RegistryEvent ReadEvent(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, RegistryJsonContext.Default.RegistryEvent) ?? throw new JsonException("That is no event.");

    /// <summary>Reads the facts of a version.</summary>
    /// <param name="utf8">What <see cref="Write(VersionFacts)"/> wrote.</param>
    /// <returns>The facts.</returns>
    /// <exception cref="JsonException">They are none.</exception>
    public static VersionFacts ReadFacts(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, RegistryJsonContext.Default.VersionFacts) ?? throw new JsonException("Those are no facts.");

    /// <summary>Reads a promotion.</summary>
    /// <param name="utf8">What <see cref="Write(Promotion)"/> wrote.</param>
    /// <returns>The promotion.</returns>
    /// <exception cref="JsonException">It is none.</exception>
    public static Promotion ReadPromotion(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, RegistryJsonContext.Default.Promotion) ?? throw new JsonException("That is no promotion.");

    /// <summary>Reads a policy.</summary>
    /// <param name="utf8">What <see cref="Write(PromotionPolicy)"/> wrote.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="JsonException">It is none.</exception>
    public static PromotionPolicy ReadPolicy(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, RegistryJsonContext.Default.PromotionPolicy) ?? throw new JsonException("That is no policy.");

    internal static byte[] Write(Evidence value) => JsonSerializer.SerializeToUtf8Bytes(value, RegistryJsonContext.Default.Evidence);
}
