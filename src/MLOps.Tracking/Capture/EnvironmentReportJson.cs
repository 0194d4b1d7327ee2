using System.Text.Json.Serialization;

namespace MLOps.Tracking.Capture;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(EnvironmentReport))]
internal sealed partial class EnvironmentReportJson : JsonSerializerContext;
