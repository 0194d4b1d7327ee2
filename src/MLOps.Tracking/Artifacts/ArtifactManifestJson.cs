using System.Text.Json.Serialization;

namespace MLOps.Tracking.Artifacts;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ArtifactManifest))]
internal sealed partial class ArtifactManifestJson : JsonSerializerContext;
