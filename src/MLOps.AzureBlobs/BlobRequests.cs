using System.Globalization;
using System.Net.Sockets;
using Azure;
using Azure.Core;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs;

/// <summary>Asks the service, and says in the words of <see cref="IArtifactStore"/> what it refused.</summary>
internal sealed class BlobRequests(BlobAccount account, TimeProvider time)
{
    // The service refuses requests that are signed 15 minutes off its own time.
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(14);

    /// <summary>Asks.</summary>
    /// <param name="act">What is done and to what, after "Could not".</param>
    /// <param name="ask">The request; the conditions that it may raise are judged by <paramref name="judge"/>.</param>
    /// <param name="judge">What a refusal means to the caller beyond the common; null when it means nothing more.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task<T> AskAsync<T>(string act, Func<Task<T>> ask, Func<RequestFailedException, Exception?>? judge, CancellationToken cancellationToken)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not MLOpsException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw (e as RequestFailedException is { } refusal ? judge?.Invoke(refusal) : null) ?? FailureOf(e, act);
        }
    }

    /// <summary>Looks a blob up.</summary>
    /// <returns>Its properties; null when there is none.</returns>
    public Task<BlobProperties?> FindAsync(BlobBaseClient blob, string act, CancellationToken cancellationToken) => AskAsync(
        act,
        async () =>
        {
            try
            {
                return (await blob.GetPropertiesAsync(conditions: null, cancellationToken).ConfigureAwait(false)).Value;
            }
            catch (RequestFailedException e) when (IsBlobMissing(e))
            {
                return null;
            }
        },
        judge: null,
        cancellationToken);

    /// <summary>Whether it is the blob that is not there, and not its container.</summary>
    public static bool IsBlobMissing(RequestFailedException refusal) =>
        refusal.Status == 404 && refusal.ErrorCode != BlobErrorCode.ContainerNotFound && refusal.ErrorCode != BlobErrorCode.ContainerBeingDeleted;

    /// <summary>The failure that an exception of the SDK stands for.</summary>
    public ArtifactStoreException FailureOf(Exception exception, string act) => exception switch
    {
        AggregateException { InnerExceptions.Count: > 0 } retries => FailureOf(retries.InnerExceptions[^1], act),
        RequestFailedException { Status: > 0 } refusal => RefusalOf(refusal, act),
        RequestFailedException or HttpRequestException or IOException or SocketException =>
            new($"Could not {act}: the connection to {account.Client.Uri.Authority} failed: {exception.Message} Try again; if it goes on, see whether the account's name is right and the network lets you out.", isTransient: true, exception),
        OperationCanceledException or TimeoutException =>
            new($"Could not {act}: {account.Client.Uri.Authority} did not answer in time. Try again; AzureBlobOptions.ConfigureClient sets the time-outs.", isTransient: true, exception),
        _ => new($"Could not {act}: {exception.Message} If that is the credential's word, sign in or choose another one.", isTransient: false, exception),
    };

    /// <summary>Whether an exception is a connection that broke or fell silent, and not an answer.</summary>
    public static bool IsBroken(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions.Count: > 0 } retries => IsBroken(retries.InnerExceptions[^1]),
        RequestFailedException refusal => refusal.Status == 0,
        _ => exception is HttpRequestException or IOException or SocketException or OperationCanceledException or TimeoutException,
    };

    private static string Code(RequestFailedException refusal) => refusal.ErrorCode is { Length: > 0 } code ? code : "no error code";

    private ArtifactStoreException RefusalOf(RequestFailedException refusal, string act)
    {
        (string advice, bool isTransient) = AdviceFor(refusal);
        return new($"Could not {act}: the service answered {refusal.Status} ({Code(refusal)}). {advice}", isTransient, refusal);
    }

    private (string Advice, bool IsTransient) AdviceFor(RequestFailedException refusal)
    {
        string code = refusal.ErrorCode ?? "";
        if (code == BlobErrorCode.ContainerNotFound)
            return ("There is no such container in the account: make it (az storage container create), or correct the location.", false);
        if (code == BlobErrorCode.ContainerBeingDeleted)
            return ("The container is being deleted; its name is free again some minutes after.", true);
        if (code == BlobErrorCode.InvalidBlockList)
            return ("Another writer finished an object of the same name in between, and with that the parts of this one were discarded. Try again.", true);
        if (code == BlobErrorCode.InvalidBlobOrBlock)
            return ("Another program has left parts of an unfinished upload under this name, whose ids have another length. Put the object under another name, or wait a week: then the service removes them.", false);
        if (code.StartsWith("Lease", StringComparison.Ordinal))
            return ("Somebody holds a lease on it: try again when that has ended, or break it (az storage blob lease break).", true);
        if (code == BlobErrorCode.BlobImmutableDueToPolicy)
            return ("A policy or a legal hold of the container forbids to change it: choose another name, or wait until it ends.", false);
        if (code == BlobErrorCode.BlobArchived || code == BlobErrorCode.BlobBeingRehydrated)
            return ("It lies in the archive tier: set its tier to Hot or Cool (az storage blob set-tier) and read it when that is done, which takes hours.", false);
        if (code == BlobErrorCode.InvalidBlobType)
            return ("A page or append blob of another program has this name: choose another one, or delete it.", false);
        return refusal.Status switch
        {
            401 or 403 => (AdviceForDenial(refusal, code), false),
            408 or 429 or 500 or 502 or 503 or 504 => ("It is busy or out of order; try again later.", true),
            _ => ($"It says: {FirstLine(refusal.Message)}", false),
        };
    }

    private string AdviceForDenial(RequestFailedException refusal, string code)
    {
        DateTimeOffset here = time.GetUtcNow();
        DateTimeOffset? there = refusal.GetRawResponse()?.Headers.Date;
        if (account.HasSas && account.SasEnds is { } end && end <= (there ?? here))
            return $"The shared access signature ended at {Text(end)}: make a new one and set AzureBlobOptions.SasToken.";
        if (account.HasSas && account.SasBegins is { } begin && begin > (there ?? here))
            return $"The shared access signature begins at {Text(begin)} only; by the service's clock it is {Text(there ?? here)}.";
        if (there is { } clock && (here - clock).Duration() > s_skew)
            return $"The clock of this machine says {Text(here)}, the service's {Text(clock)}: set this machine's clock, for signatures hold 15 minutes.";
        if (code == BlobErrorCode.AuthorizationPermissionMismatch || code == BlobErrorCode.InsufficientAccountPermissions || code is "AuthorizationResourceTypeMismatch" or "AuthorizationServiceMismatch")
            return "The credentials are known but may not do this: give them the role Storage Blob Data Contributor on the container, or a SAS with the permissions rcwdl.";
        if (code == BlobErrorCode.AuthorizationSourceIPMismatch || code == BlobErrorCode.AuthorizationProtocolMismatch)
            return "The shared access signature does not allow this address or protocol: make one that does.";
        if (code == BlobErrorCode.AccountIsDisabled)
            return "The account is disabled: ask whoever pays for it.";
        return code switch
        {
            "KeyBasedAuthenticationNotPermitted" => "The account does not take its keys: set AzureBlobOptions.Credential, for Microsoft Entra ID.",
            "AuthorizationFailure" => "The credentials, or the network that the request came from, are not allowed: see the account's firewall, and what the credentials may do.",
            _ => account.HasSas
                ? "The shared access signature is wrong, was revoked, or is for another account or container: make a new one and set AzureBlobOptions.SasToken."
                : "The credentials are wrong or were replaced: see which of AzureBlobOptions.Credential, SharedKey and ConnectionString is set, and whether it is this account's.",
        };
    }

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string FirstLine(string message) => message.Split('\n')[0].Trim();
}
