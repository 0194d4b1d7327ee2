using System.IO.Pipelines;
using System.Text.Json;
using MLOps.Server.Wire;

namespace MLOps.Server.Metrics;

/// <summary>Answers with points, written as they come and sent in pieces: memory stays flat however many there are, and no object is made for one.</summary>
internal sealed class HistoryWriter : IDisposable
{
    private const int PieceBytes = 32 << 10;

    private static readonly JsonEncodedText
        s_metrics = JsonEncodedText.Encode("metrics"),
        s_key = JsonEncodedText.Encode("key"),
        s_value = JsonEncodedText.Encode("value"),
        s_timestamp = JsonEncodedText.Encode("timestamp"),
        s_step = JsonEncodedText.Encode("step"),
        s_runId = JsonEncodedText.Encode("run_id");

    private readonly PipeWriter _body;
    private readonly Utf8JsonWriter _json;
    private readonly JsonEncodedText _metricKey;
    private readonly CancellationToken _cancelled;
    private JsonEncodedText? _run;
    private bool _hasPoints;
    private long _sent;

    /// <summary>Begins the answer to a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="metricKey">The metric of all points.</param>
    public HistoryWriter(MlflowCall call, string metricKey)
    {
        call.Http.Response.ContentType = "application/json";
        (_body, _cancelled) = (call.Http.Response.BodyWriter, call.Cancelled);
        _json = new Utf8JsonWriter(_body, new JsonWriterOptions { SkipValidation = true });
        _metricKey = JsonEncodedText.Encode(metricKey);
        _json.WriteStartObject();
    }

    /// <summary>Whether enough was written to be sent.</summary>
    public bool IsPieceFull => _json.BytesPending + _json.BytesCommitted - _sent >= PieceBytes;

    /// <summary>The points that follow say which run they are of.</summary>
    public void BeginRun(RunId run) => _run = JsonEncodedText.Encode(run.Value);

    /// <summary>Writes a point.</summary>
    public void Write(in MetricPoint point)
    {
        if (!_hasPoints)
            _json.WriteStartArray(s_metrics);
        _hasPoints = true;
        _json.WriteStartObject();
        _json.WriteString(s_key, _metricKey);
        if (double.IsFinite(point.Value))
            _json.WriteNumber(s_value, point.Value);
        else
            _json.WriteString(s_value, double.IsNaN(point.Value) ? "NaN"u8 : point.Value > 0 ? "Infinity"u8 : "-Infinity"u8);
        _json.WriteNumber(s_timestamp, point.TimestampMs);
        _json.WriteNumber(s_step, point.Step);
        if (_run is { } run)
            _json.WriteString(s_runId, run);
        _json.WriteEndObject();
    }

    /// <summary>Sends what was written, and waits until the caller has taken enough of it.</summary>
    public async ValueTask SendAsync()
    {
        _cancelled.ThrowIfCancellationRequested();
        _json.Flush();
        _sent = _json.BytesCommitted;
        await _body.FlushAsync(_cancelled).ConfigureAwait(false);
    }

    /// <summary>Ends the answer.</summary>
    /// <param name="nextPageToken">Where the next page begins; null on the last.</param>
    public ValueTask EndAsync(string? nextPageToken = null)
    {
        if (_hasPoints)
            _json.WriteEndArray();
        if (nextPageToken is not null)
            _json.WriteString("next_page_token"u8, nextPageToken);
        _json.WriteEndObject();
        return SendAsync();
    }

    public void Dispose()
    {
        // Not the writer's own Dispose, which would send what stands half written when the answer has failed.
        _json.Reset();
        _json.Dispose();
    }
}
