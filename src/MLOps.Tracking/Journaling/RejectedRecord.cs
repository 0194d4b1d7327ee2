using System.Text.Json;
using System.Text.Json.Serialization;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Journaling;

/// <summary>One line of <c>rejected/&lt;journal&gt;.jsonl</c>: a record that the store refused, whole, so that nothing accepted is lost.</summary>
internal sealed record RejectedRecord
{
    public required DateTimeOffset At { get; init; }

    public required string Reason { get; init; }

    public required string Message { get; init; }

    public string? Run { get; init; }

    public string? Kind { get; init; }

    public string? Key { get; init; }

    public string? Value { get; init; }

    /// <summary>For points: step, timestamp in ms, value.</summary>
    public IReadOnlyList<RejectedPoint>? Points { get; init; }

    public static RejectedRecord From(TrackingRecord record, Rejection rejection, DateTimeOffset at)
    {
        var line = new RejectedRecord
        {
            At = at,
            Reason = rejection.Reason.ToString(),
            Message = rejection.Message,
            Run = record.RunId.Value,
            Kind = record.GetType().Name,
        };
        return record switch
        {
            TrackingRecord.RunStarted start => line with { Key = start.Name, Value = start.ExperimentName ?? start.ExperimentId?.Value },
            TrackingRecord.RunUpdated update => line with { Key = update.Name, Value = update.Status?.ToString() },
            TrackingRecord.ParamLogged param => line with { Key = param.Key, Value = param.Value },
            TrackingRecord.TagSet tag => line with { Key = tag.Key, Value = tag.Value },
            TrackingRecord.TagDeleted tag => line with { Key = tag.Key },
            TrackingRecord.PointsLogged points => line with { Key = points.Key, Points = [.. points.Points.ToArray().Select(p => new RejectedPoint(p.Step, p.TimestampMs, p.Value))] },
            TrackingRecord.DatasetUsed used => line with { Key = used.Dataset.Name, Value = JsonSerializer.Serialize(used.Dataset, RejectedJson.Default.DatasetInput) },
            _ => line,
        };
    }
}

/// <summary>A refused point.</summary>
internal readonly record struct RejectedPoint(long Step, long TimestampMs, double Value);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(RejectedRecord))]
[JsonSerializable(typeof(DatasetInput))]
internal sealed partial class RejectedJson : JsonSerializerContext;
