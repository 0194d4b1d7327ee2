using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using MLOps.Server.Wire;

namespace MLOps.Server.ApiKeys;

/// <summary>Takes a client's API key from where MLflow's clients put it: a bearer token, or the password of basic authentication.</summary>
internal sealed partial class ApiKeyHandler(IOptionsMonitor<ApiKeyOptions> options, ILoggerFactory loggers, UrlEncoder encoder) : AuthenticationHandler<ApiKeyOptions>(options, loggers, encoder)
{
    private const int LongestHeader = 1024;
    private const string Bearer = "Bearer ", Basic = "Basic ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        AuthenticateResult result = await HandleAuthenticateOnceSafeAsync().ConfigureAwait(false);
        if (Response.HasStarted)
            return;
        Response.Headers.WWWAuthenticate = StringValues.Concat(Response.Headers.WWWAuthenticate, new StringValues([$"Bearer realm=\"{Options.Realm}\"", $"Basic realm=\"{Options.Realm}\", charset=\"UTF-8\""]));
        await RefuseAsync(ErrorCode.Unauthenticated, result.Failure?.Message ?? "This server asks for an API key. Set MLFLOW_TRACKING_TOKEN to yours, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, the key being the password.").ConfigureAwait(false);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Response.HasStarted ? Task.CompletedTask : RefuseAsync(ErrorCode.PermissionDenied, $"'{Context.User.Identity?.Name}' may not do this here.");

    private Task RefuseAsync(ErrorCode code, string message)
    {
        Response.Headers.XContentTypeOptions = "nosniff";
        return MlflowCall.AnswerErrorAsync(Context, code, message);
    }

    private AuthenticateResult Authenticate()
    {
        // What has another form than our keys may be another scheme's.
        if (SecretOf(Request.Headers.Authorization) is not { } secret || !secret.StartsWith(ApiKeyFile.SecretPrefix, StringComparison.Ordinal))
            return AuthenticateResult.NoResult();
        ApiKey? key;
        try
        {
            key = Options.Keys!.Find(secret);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            LogUnreadable(Logger, e, Options.Keys!.Path);
            return AuthenticateResult.Fail("The server cannot read its API keys; its log says why.");
        }

        if (key is null)
            return AuthenticateResult.Fail("This API key is not known here, or has been revoked. Ask for a new one.");
        if (Options.Keys.HasExpired(key))
            return AuthenticateResult.Fail($"The API key '{key.Name}' has expired. Ask for a new one.");
        ClaimsIdentity identity = new([new Claim(ClaimTypes.NameIdentifier, key.Name), new Claim(ClaimTypes.Name, key.Name)], Scheme.Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    private static string? SecretOf(StringValues header)
    {
        if (header is not [{ Length: <= LongestHeader } value])
            return null;
        if (value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return value[Bearer.Length..].Trim();
        if (!value.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
            return null;
        byte[] decoded = new byte[LongestHeader];
        if (!Convert.TryFromBase64String(value[Basic.Length..].Trim(), decoded, out int length))
            return null;
        string pair = Encoding.UTF8.GetString(decoded, 0, length);
        int colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : pair[(colon + 1)..];
    }

    [LoggerMessage(5010, LogLevel.Error, "The API keys in {File} could not be read, so that every key is refused")]
    private static partial void LogUnreadable(ILogger logger, Exception exception, string file);
}
