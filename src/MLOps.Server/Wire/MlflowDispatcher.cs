using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MLOps.Server.Access;

namespace MLOps.Server.Wire;

/// <summary>What every route does before and after its own work: access, the request's form, and errors in MLflow's words.</summary>
internal sealed partial class MlflowDispatcher(AccessGate gate, IOptions<MLOpsServerOptions> options, ILogger<MlflowDispatcher> logger)
{
    // Larger buffers are made for their request alone: the pool keeps one of each size for each thread.
    private const int FirstRent = 16 << 10, LargestRent = 1 << 20;

    private readonly long _maxRequestBytes = options.Value.MaxRequestBytes;
    private readonly string? _frameOptions = options.Value.FrameOptions;

    /// <summary>The delegate of a route.</summary>
    public RequestDelegate For(MlflowRoute route) => http => RunAsync(http, route);

    private async Task RunAsync(HttpContext http, MlflowRoute route)
    {
        Protect(http.Response.Headers);
        try
        {
            gate.Demand(http, route.Demand);
            if (route.Raw is { } raw)
                await raw(http).ConfigureAwait(false);
            else
                await AnswerAsync(http, route).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; there is nobody to tell.
        }
        catch (ConnectionResetException)
        {
            // Likewise, in the midst of its request.
        }
        catch (Exception exception)
        {
            await FailAsync(http, exception).ConfigureAwait(false);
        }
    }

    private void Protect(IHeaderDictionary headers)
    {
        headers.XContentTypeOptions = "nosniff";
        if (_frameOptions is not null)
            headers.XFrameOptions = _frameOptions;
    }

    private async Task AnswerAsync(HttpContext http, MlflowRoute route)
    {
        HttpRequest request = http.Request;
        bool isGet = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (isGet && request.Query.Count > 0)
        {
            await route.Handle(new MlflowCall(http, new MlflowFields(request.Query))).ConfigureAwait(false);
            return;
        }

        if (HttpMethods.IsPost(request.Method) || HttpMethods.IsPut(request.Method))
            DemandJson(request);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = _maxRequestBytes;
        (byte[] body, int length) = await ReadAsync(request, http.RequestAborted).ConfigureAwait(false);
        try
        {
            using JsonDocument? document = JsonBody.Parse(body.AsMemory(0, length));
            await route.Handle(new MlflowCall(http, document is null ? default : new MlflowFields(document.RootElement))).ConfigureAwait(false);
        }
        finally
        {
            Return(body);
        }
    }

    private static void DemandJson(HttpRequest request)
    {
        string? type = request.ContentType;
        if (string.IsNullOrEmpty(type))
            throw MlflowException.Invalid("Bad Request. Content-Type header is missing.");
        int end = type.IndexOf(';', StringComparison.Ordinal);
        if (!(end < 0 ? type.AsSpan() : type.AsSpan(0, end)).Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase))
            throw MlflowException.Invalid("Bad Request. Content-Type must be one of ['application/json'].");
    }

    private async ValueTask<(byte[] Body, int Length)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > _maxRequestBytes)
            throw TooLarge();
        // What a caller says that it will send takes no memory before it comes.
        byte[] body = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(request.ContentLength ?? FirstRent, 1, LargestRent));
        int length = 0;
        try
        {
            while (length != request.ContentLength)
            {
                if (length == body.Length)
                    body = Grow(body);
                int read = await request.Body.ReadAsync(body.AsMemory(length), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    break;
                length += read;
                if (length > _maxRequestBytes)
                    throw TooLarge();
            }

            return (body, length);
        }
        catch
        {
            Return(body);
            throw;
        }
    }

    private static byte[] Grow(byte[] body)
    {
        int length = (int)Math.Min(2L * body.Length, Array.MaxLength);
        byte[] larger = length <= LargestRent ? ArrayPool<byte>.Shared.Rent(length) : GC.AllocateUninitializedArray<byte>(length);
        body.CopyTo(larger, 0);
        Return(body);
        return larger;
    }

    private static void Return(byte[] body)
    {
        if (body.Length <= LargestRent)
            ArrayPool<byte>.Shared.Return(body);
    }

    private MlflowException TooLarge() => new(ErrorCode.TooLarge, $"The body of a request has at most {_maxRequestBytes} bytes here. Send less at once, or raise MaxRequestBytes on the server.");

    private async Task FailAsync(HttpContext http, Exception exception)
    {
        (ErrorCode code, string message) = MlflowErrors.Of(exception);
        // What is not served is no failure: clients try it and go on without.
        if (code.Status >= 500 && code != ErrorCode.NotImplemented)
            LogFailed(exception, http.Request.Method, http.Request.Path, code.Name);
        if (http.Response.HasStarted)
        {
            // Half an answer must not look whole.
            http.Abort();
            return;
        }

        http.Response.Clear();
        Protect(http.Response.Headers);
        await MlflowCall.AnswerErrorAsync(http, code, message).ConfigureAwait(false);
    }

    [LoggerMessage(5000, LogLevel.Error, "{Method} {Path} was answered with {Code}")]
    private partial void LogFailed(Exception exception, string method, PathString path, string code);
}
