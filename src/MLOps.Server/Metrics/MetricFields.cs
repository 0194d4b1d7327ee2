using System.Globalization;
using System.Text.Json;
using MLOps.Server.Wire;
using MLOps.Tracking.LoggedModels;

namespace MLOps.Server.Metrics;

/// <summary>A point of a metric as a client sends it, its fields found in one walk over its object: <c>key</c>, <c>value</c>, <c>timestamp</c>, <c>step</c> and what it was measured on.</summary>
internal readonly struct MetricFields
{
    private readonly int _index;
    private readonly JsonElement _key, _value, _timestamp, _step, _model, _datasetName, _datasetDigest;

    /// <param name="metric">A JSON object.</param>
    /// <param name="index">Its index in <c>metrics</c>, for messages; -1 when it stands alone.</param>
    public MetricFields(JsonElement metric, int index = -1)
    {
        _index = index;
        foreach (JsonProperty field in metric.EnumerateObject())
        {
            if (field.NameEquals("key"u8))
                _key = field.Value;
            else if (field.NameEquals("value"u8))
                _value = field.Value;
            else if (field.NameEquals("timestamp"u8))
                _timestamp = field.Value;
            else if (field.NameEquals("step"u8))
                _step = field.Value;
            else if (field.NameEquals("model_id"u8) || field.NameEquals("modelId"u8))
                _model = field.Value;
            else if (field.NameEquals("dataset_name"u8) || field.NameEquals("datasetName"u8))
                _datasetName = field.Value;
            else if (field.NameEquals("dataset_digest"u8) || field.NameEquals("datasetDigest"u8))
                _datasetDigest = field.Value;
        }
    }

    /// <summary>Whether it tells of its run alone.</summary>
    private bool IsPlain => IsUnset(_model) && IsUnset(_datasetName) && IsUnset(_datasetDigest);

    /// <summary>Whether it is a point of a series. It is not asked to be legal.</summary>
    public bool IsOf(SentSeries series) => series.IsPlain && IsPlain && _key.ValueKind == JsonValueKind.String && _key.ValueEquals(series.Utf8Key);

    /// <summary>The series that it is a point of.</summary>
    public SeriesName Series()
    {
        if (IsMissing(_key))
            throw Missing("key");
        string key = Text(_key, "key")!;
        return Limits.KeyError(key) is { } error ? throw Invalid("key", _key, error)
            : IsPlain ? new SeriesName(key, null, null, null)
            : new SeriesName(key, Model(), Text(_datasetName, "dataset_name"), Text(_datasetDigest, "dataset_digest"));
    }

    /// <summary>The point.</summary>
    public MetricPoint Point()
    {
        if (IsMissing(_value))
            throw Missing("value");
        double value = MlflowFields.DoubleOf(_value) ?? throw Invalid("value", _value, "a number, \"NaN\", \"Infinity\" or \"-Infinity\" is expected.");
        if (IsMissing(_timestamp))
            throw Missing("timestamp");
        long timestamp = MlflowFields.Int64Of(_timestamp) ?? throw Invalid("timestamp", _timestamp, "a whole number of milliseconds since 1970 is expected.");
        if (timestamp < 0)
            throw Invalid("timestamp", _timestamp, "milliseconds since 1970 are not negative.");
        long step = IsUnset(_step) ? 0 : MlflowFields.Int64Of(_step) ?? throw Invalid("step", _step, "a whole number of 64 bits is expected.");
        return new MetricPoint(step, timestamp, value);
    }

    private static bool IsUnset(JsonElement value) => value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    private static bool IsMissing(JsonElement value) => IsUnset(value) || (value.ValueKind == JsonValueKind.String && value.ValueEquals(""u8));

    private LoggedModelId? Model() => Text(_model, "model_id") is not { } text ? null : LoggedModelId.TryParse(text, out LoggedModelId model) ? model
        : throw MlflowException.NotFound($"Logged model with ID '{MlflowFields.Short(text)}' not found.");

    private string? Text(JsonElement value, string name) => IsMissing(value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Invalid(name, value, "a text is expected.");

    private MlflowException Missing(string name) => MlflowException.Missing(PathOf(name));

    private MlflowException Invalid(string name, JsonElement value, string expected) => MlflowException.InvalidValue(PathOf(name), CompactJson.Of(value), expected);

    private string PathOf(string name) => _index < 0 ? name : string.Create(CultureInfo.InvariantCulture, $"metrics[{_index}].{name}");
}
