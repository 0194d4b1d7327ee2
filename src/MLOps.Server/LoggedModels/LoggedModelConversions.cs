using System.Text.Json;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.LoggedModels;

namespace MLOps.Server.LoggedModels;

/// <summary>Logged models as MLflow's clients see them.</summary>
internal static class LoggedModelConversions
{
    /// <summary>The tag that names the versions of registered models that were made of a logged model: a JSON list of <c>name</c> and <c>version</c>.</summary>
    public const string ModelVersionsTag = "mlflow.modelVersions";

    /// <summary>How far a model can be, by the names of MLflow.</summary>
    public static IReadOnlyDictionary<string, LoggedModelStatus> Statuses { get; } = new Dictionary<string, LoggedModelStatus>(StringComparer.Ordinal)
    {
        ["LOGGED_MODEL_STATUS_UNSPECIFIED"] = LoggedModelStatus.Unspecified,
        ["LOGGED_MODEL_PENDING"] = LoggedModelStatus.Pending,
        ["LOGGED_MODEL_READY"] = LoggedModelStatus.Ready,
        ["LOGGED_MODEL_UPLOAD_FAILED"] = LoggedModelStatus.UploadFailed,
    };

    /// <summary>The model that a text names. A text that cannot be an id names no model.</summary>
    public static LoggedModelId IdOf(string text) => LoggedModelId.TryParse(text, out LoggedModelId id) ? id : throw MlflowException.NotFound($"Logged model with ID '{MlflowFields.Short(text)}' not found.");

    public static WireLoggedModel ToWire(this LoggedModel model) => new()
    {
        Info = new WireLoggedModelInfo
        {
            ModelId = model.Id.Value,
            ExperimentId = model.ExperimentId.Value,
            Name = model.Name,
            CreationTimestampMs = model.CreatedAt.ToUnixTimeMilliseconds(),
            LastUpdatedTimestampMs = model.UpdatedAt.ToUnixTimeMilliseconds(),
            ArtifactUri = model.ArtifactLocation,
            Status = Statuses.First(status => status.Value == model.Status).Key,
            ModelType = OrAbsent(model.ModelType),
            SourceRunId = model.SourceRunId?.Value,
            StatusMessage = OrAbsent(model.StatusMessage),
            Tags = model.Tags.ToWire(),
            Registrations = RegistrationsOf(model).OrAbsent(),
        },
        Data = new WireLoggedModelData
        {
            Params = model.Params.ToWire(),
            Metrics = model.Metrics.Select(metric => ToWire(model.Id, metric)).ToArray().OrAbsent(),
        },
    };

    private static WireMetric ToWire(LoggedModelId model, LoggedModelMetric metric) => new()
    {
        Key = metric.Key,
        Value = metric.Point.Value,
        Timestamp = metric.Point.TimestampMs,
        Step = metric.Point.Step,
        ModelId = model.Value,
        DatasetName = metric.DatasetName,
        DatasetDigest = metric.DatasetDigest,
        RunId = metric.RunId.Value,
    };

    private static string? OrAbsent(string text) => text.Length == 0 ? null : text;

    // Anybody may have set the tag, to anything: what is no list of versions names none.
    private static List<WireRegistration> RegistrationsOf(LoggedModel model)
    {
        List<WireRegistration> registrations = [];
        if (!model.Tags.TryGetValue(ModelVersionsTag, out string? tag))
            return registrations;
        try
        {
            using var document = JsonDocument.Parse(tag);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                return registrations;
            foreach (JsonElement item in document.RootElement.EnumerateArray())
            {
                if (RegistrationOf(item) is { } registration)
                    registrations.Add(registration);
            }
        }
        catch (JsonException)
        {
            registrations.Clear();
        }

        return registrations;
    }

    // Versions are texts on the wire; MLflow's own registry writes them into the tag as numbers or as texts.
    private static WireRegistration? RegistrationOf(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String || !item.TryGetProperty("version", out JsonElement version))
            return null;
        return version.ValueKind switch
        {
            JsonValueKind.String => new WireRegistration(name.GetString()!, version.GetString()!),
            JsonValueKind.Number => new WireRegistration(name.GetString()!, version.GetRawText()),
            _ => null,
        };
    }
}
