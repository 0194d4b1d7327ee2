using System.Text.Json;
using System.Text.Json.Serialization;
using MLOps.Registry.Promotions;

namespace MLOps.Registry.Storage;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    AllowOutOfOrderMetadataProperties = true,
    UseStringEnumConverter = true,
    Converters = [typeof(RunIdJson)])]
[JsonSerializable(typeof(RegistryEvent))]
[JsonSerializable(typeof(VersionFacts))]
[JsonSerializable(typeof(Promotion))]
[JsonSerializable(typeof(PromotionPolicy))]
[JsonSerializable(typeof(Evidence))]
internal sealed partial class RegistryJsonContext : JsonSerializerContext;
