using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
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

    // Not the response itself: what fails before the first piece is sent is answered with an error alone.
    private readonly ArrayBufferWriter<byte> _piece = new();
    private readonly HttpResponse _response;
    private readonly Utf8JsonWriter _json;
    private readonly JsonEncodedText _metricKey;
    private readonly CancellationToken _cancelled;
    private JsonEncodedText? _run;
    private bool _hasPoints;

    /// <summary>Begins the answer to a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="metricKey">The metric of all points.</param>
    public HistoryWriter(MlflowCall call, string metricKey)
    {
        (_response, _cancelled) = (call.Http.Response, call.Cancelled);
        _response.ContentType = "application/json";
        _json = new Utf8JsonWriter(_piece, new JsonWriterOptions { SkipValidation = true });
        _metricKey = JsonEncodedText.Encode(metricKey);
        _json.WriteStartObject();
    }

    /// <summary>Whether enough was written to be sent.</summary>
    public bool IsPieceFull => _piece.WrittenCount + _json.BytesPending >= PieceBytes;

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
        await _response.Body.WriteAsync(_piece.WrittenMemory, _cancelled).ConfigureAwait(false);
        _piece.ResetWrittenCount();
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

    public void Dispose() => _json.Dispose();
}
