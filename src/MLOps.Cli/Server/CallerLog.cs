using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpLogging;

namespace MLOps.Cli.Server;

/// <summary>Says in the access log who called: from where, and by whose key.</summary>
internal sealed class CallerLog : IHttpLoggingInterceptor
{
    public ValueTask OnRequestAsync(HttpLoggingInterceptorContext logContext)
    {
        logContext.AddParameter("From", logContext.HttpContext.Connection.RemoteIpAddress);
        return default;
    }

    public ValueTask OnResponseAsync(HttpLoggingInterceptorContext logContext)
    {
        if (logContext.HttpContext.User.Identity is { IsAuthenticated: true, Name: { } name })
            logContext.AddParameter("Caller", name);
        return default;
    }
}
