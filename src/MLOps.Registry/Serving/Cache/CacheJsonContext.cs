using System.Text.Json.Serialization;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Serving.Cache;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true,
    Converters = [typeof(RunIdJson)])]
[JsonSerializable(typeof(CacheRecord))]
[JsonSerializable(typeof(KnownAnswer))]
internal sealed partial class CacheJsonContext : JsonSerializerContext;
