using System.Text.Json.Serialization;

namespace MLOps.Server.ApiKeys;

/// <summary>A key as it stands in the file.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Sha256">The SHA-256 of the secret, in hexadecimal digits. The secret has 256 bits of chance, so that nothing slower is needed against guessing.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">From when on it is refused; null for never.</param>
internal sealed record ApiKeyEntry(string Name, string Sha256, DateTimeOffset Created, DateTimeOffset? Expires = null);

/// <summary>The file's form.</summary>
internal sealed record ApiKeyList(IReadOnlyList<ApiKeyEntry> Keys);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(ApiKeyList))]
internal sealed partial class ApiKeyJson : JsonSerializerContext;
