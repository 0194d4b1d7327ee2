using System.Net;
using System.Net.Sockets;
using System.Xml;
using Amazon.Runtime;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3;

/// <summary>What the SDK raises, in the words of an artifact store.</summary>
internal static class S3Failure
{
    /// <summary>Translates a failure. Its message has no secret: no signed URI, no header.</summary>
    public static ArtifactStoreException Of(Exception cause, string act, string item, S3Connection connection, DateTimeOffset now)
    {
        (string why, bool isTransient) = cause switch
        {
            // Before the refusals: its status is that of an answer that began well.
            XmlException or AmazonUnmarshallingException => ($"the server's answer ended early or is none of S3 ({Innermost(cause).Message}). Try again; if it never works, check S3Options.Endpoint.", true),
            AmazonServiceException { StatusCode: > default(HttpStatusCode) } refusal => Refused(refusal, connection, now),
            AmazonClientException when cause.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase) && !IsConnection(cause) =>
                ("there are no credentials. Set S3Options.Credentials, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile, or give this machine a role.", false),
            AmazonClientException when cause.Message.Contains("RegionEndpoint", StringComparison.Ordinal) =>
                ("there is no region. Set S3Options.Region or AWS_REGION.", false),
            OperationCanceledException or TimeoutException => ($"the server gave no answer within {connection.Options.Timeout} (S3Options.Timeout). Try again.", true),
            _ when IsConnection(cause) => ($"the connection to the server failed ({Innermost(cause).Message}). Try again; if it never works, check S3Options.Endpoint and the network.", true),
            _ => (cause.Message, cause is AmazonClientException),
        };
        string scheme = connection.IsGoogle ? S3Place.GoogleScheme : S3Place.S3Scheme;
        return new ArtifactStoreException($"Could not {act} '{scheme}://{connection.Bucket}/{item}': {why}", isTransient, cause);
    }

    /// <summary>There is no such object or upload; the bucket is there, as far as the answer tells.</summary>
    public static bool IsNotFound(this ArtifactStoreException failure) => Is(failure, refusal => refusal.StatusCode == HttpStatusCode.NotFound && refusal.ErrorCode != "NoSuchBucket");

    public static bool IsNoSuchUpload(this ArtifactStoreException failure) => Is(failure, refusal => refusal.ErrorCode == "NoSuchUpload");

    /// <summary>A condition did not hold, or another writer was at the same object at that moment.</summary>
    public static bool IsConflict(this ArtifactStoreException failure) =>
        Is(failure, refusal => refusal.StatusCode == HttpStatusCode.PreconditionFailed || (refusal.StatusCode == HttpStatusCode.Conflict && refusal.ErrorCode != "OperationAborted"));

    public static bool IsRangePastEnd(this ArtifactStoreException failure) => Is(failure, refusal => refusal.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable);

    /// <summary>The server does not know what was asked.</summary>
    public static bool IsUnknownRequest(this ArtifactStoreException failure) => Is(failure, refusal => refusal.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed || refusal.ErrorCode == "NotImplemented");

    public static bool IsDenied(this ArtifactStoreException failure) => Is(failure, refusal => refusal.StatusCode == HttpStatusCode.Forbidden);

    private static bool Is(ArtifactStoreException failure, Func<AmazonServiceException, bool> what) => failure.InnerException is AmazonServiceException refusal && what(refusal);

    private static (string Why, bool IsTransient) Refused(AmazonServiceException refusal, S3Connection connection, DateTimeOffset now)
    {
        string said = $"{(int)refusal.StatusCode} {refusal.ErrorCode}: {refusal.Message}";
        return (refusal.ErrorCode, refusal.StatusCode) switch
        {
            ("NoSuchBucket", _) => ($"there is no bucket '{connection.Bucket}'. Make it, or correct the location. ({said})", false),
            ("RequestTimeTooSkewed" or "RequestExpired" or "RequestInTheFuture", _) => ($"the clocks differ: this machine's says {now:u}{ServerClock(connection.ClockSkew, now)}. Set this machine's clock, by NTP best. ({said})", false),
            ("ExpiredToken" or "ExpiredTokenException" or "TokenRefreshRequired" or "InvalidToken", _) => ($"the session token has expired or is not valid. Renew the credentials. ({said})", false),
            ("InvalidAccessKeyId" or "SignatureDoesNotMatch" or "AuthorizationQueryParametersError" or "InvalidClientTokenId", _) => ($"the credentials are wrong. Check the key id and the secret that S3Options.Credentials or the environment give. ({said})", false),
            ("AuthorizationHeaderMalformed" or "PermanentRedirect" or "IllegalLocationConstraintException", _) or (_, HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect) =>
                ($"the bucket lies in another region or at another server. Set S3Options.Region or S3Options.Endpoint. ({said})", false),
            ("InvalidObjectState", _) => ($"it lies in an archive. Restore it first. ({said})", false),
            ("NoSuchUpload", _) => ($"its unfinished upload was ended by somebody else: another writer of the same content, a cleaning, or the bucket's lifecycle rule. Try again. ({said})", true),
            ("InvalidPart", _) => ($"another writer of the same name changed its parts. Try again. ({said})", true),
            // What is damaged or cut on the way; the server asks for it again.
            ("RequestTimeout" or "IncompleteBody" or "BadDigest" or "InvalidDigest" or "XAmzContentSHA256Mismatch" or "OperationAborted" or "ConditionalRequestConflict" or "SlowDown" or "Throttling" or "ThrottlingException" or "RequestThrottled", _) =>
                ($"the server could not take it now ({said}). Try again.", true),
            (_, HttpStatusCode.PreconditionFailed) => ($"it was replaced while it was worked with. Try again. ({said})", true),
            ("NotImplemented", _) or (_, HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed) =>
                ($"the server does not know what was asked. If it was a conditional write, set S3Options.ConditionalWrites to false; if it was tags or encryption, leave their options unset. ({said})", false),
            (_, HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) => ($"access was denied. Give these credentials the rights that docs/operate/s3.md lists, on the bucket and on the key of KMS if one encrypts it. ({said})", false),
            (_, HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError) => ($"the server is overloaded or failed after {connection.Options.MaxAttempts} attempts ({said}). Try again later.", true),
            _ => ($"the server refused it ({said}).", false),
        };
    }

    private static string ServerClock(TimeSpan skew, DateTimeOffset now) => skew == TimeSpan.Zero ? "" : $", the server's {now + skew:u}";

    private static bool IsConnection(Exception cause)
    {
        for (Exception? e = cause; e is not null; e = e.InnerException)
        {
            if (e is HttpRequestException or IOException or SocketException or WebException)
                return true;
        }

        return false;
    }

    private static Exception Innermost(Exception cause)
    {
        while (cause.InnerException is { } inner)
            cause = inner;
        return cause;
    }
}
