using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using MLOps.Server.Wire.Shapes;

namespace MLOps.Server.Wire;

/// <summary>One request of a route that speaks JSON: what it asks, and how it is answered.</summary>
internal sealed class MlflowCall(HttpContext http, MlflowFields fields)
{
    private static readonly byte[] s_empty = "{}"u8.ToArray();

    public HttpContext Http { get; } = http;

    /// <summary>What it asks: the body's fields, or those of the query string.</summary>
    public MlflowFields Fields { get; } = fields;

    /// <summary>Ends when the caller has gone.</summary>
    public CancellationToken Cancelled => Http.RequestAborted;

    /// <summary>A value of the route's pattern, decoded.</summary>
    public string RouteValue(string name) => Http.Request.RouteValues[name] as string ?? "";

    /// <summary>Answers 200 with a value. A long answer goes out in pieces.</summary>
    public Task AnswerAsync<T>(T value, JsonTypeInfo<T> type)
    {
        Http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(Http.Response.BodyWriter, value, type, Cancelled);
    }

    /// <summary>Answers 200 with <c>{}</c>.</summary>
    public Task AnswerEmptyAsync() => AnswerEmptyAsync(Http);

    /// <summary>Answers 200 with <c>{}</c>, on a route that reads its request itself.</summary>
    public static Task AnswerEmptyAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = s_empty.Length;
        return http.Response.Body.WriteAsync(s_empty, http.RequestAborted).AsTask();
    }

    /// <summary>Answers with an error.</summary>
    public static async Task AnswerErrorAsync(HttpContext http, ErrorCode code, string message)
    {
        HttpResponse response = http.Response;
        response.StatusCode = code.Status;
        response.ContentType = "application/json";
        if (code == ErrorCode.TemporarilyUnavailable)
            response.Headers.RetryAfter = "1";
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
            JsonSerializer.Serialize(writer, new WireError(code.Name, message), MlflowWire.Default.WireError);
        response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(http.Request.Method))
            await response.Body.WriteAsync(buffer.WrittenMemory, CancellationToken.None).ConfigureAwait(false);
    }
}
