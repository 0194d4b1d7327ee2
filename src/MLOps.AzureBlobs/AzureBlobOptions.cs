using Azure.Core;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace MLOps.AzureBlobs;

/// <summary>How a store of Azure blobs reaches its account and moves content. One of the four ways to authenticate is set, or none.</summary>
public sealed class AzureBlobOptions
{
    internal const string ConnectionStringVariable = "AZURE_STORAGE_CONNECTION_STRING";
    internal const int LeastPartBytes = 1 << 20;
    internal const int MostPartBytes = 1000 << 20;

    /// <summary>The connection string of the account, with a key or a SAS. It names the service's address too, so <see cref="ServiceUrl"/> stays null. Null, the default, when another way to authenticate is set; when none is, the environment variable <c>AZURE_STORAGE_CONNECTION_STRING</c>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Gives tokens of Microsoft Entra ID, for example <c>new DefaultAzureCredential()</c> of the package Azure.Identity. Only over https. Default null.</summary>
    public TokenCredential? Credential { get; set; }

    /// <summary>The account's name and key. Default null.</summary>
    public StorageSharedKeyCredential? SharedKey { get; set; }

    /// <summary>A shared access signature: the query string of a SAS link, with or without its question mark. A store that has only this makes no download links. Default null.</summary>
    public string? SasToken { get; set; }

    /// <summary>The address of the account's blob service, for a custom domain or an emulator: <c>https://blobs.example.com</c>, <c>http://127.0.0.1:10000/devstoreaccount1</c>. Null, the default, takes it from the location.</summary>
    public Uri? ServiceUrl { get; set; }

    /// <summary>How many bytes a part of an upload has, and how many one request of a download asks for: 1 MiB to 1,000 MiB. Content of one part is put by one request. Parts of an upload grow where the service's limit of 50,000 asks for it. Default 8 MiB.</summary>
    public int PartSizeBytes { get; set; } = 8 << 20;

    /// <summary>How many parts of one object are under way at once, 1 to 64; each is in memory. Default 4.</summary>
    public int PartsAtOnce { get; set; } = 4;

    /// <summary>The access tier of what is written. Not <see cref="AccessTier.Archive"/>, which cannot be read. Null, the default, takes the account's.</summary>
    public AccessTier? AccessTier { get; set; }

    /// <summary>The encryption scope of what is written; null, the default, takes the container's.</summary>
    public string? EncryptionScope { get; set; }

    /// <summary>Sets what is not named here: retries, time-outs, the transport, checksums of transfers. Called once, when the store is made. Default null.</summary>
    /// <remarks>A part must be sent within <c>Retry.NetworkTimeout</c>, 100 seconds unless it is set here: raise it with <see cref="PartSizeBytes"/> on a slow line.</remarks>
    public Action<BlobClientOptions>? ConfigureClient { get; set; }

    internal static void Check(AzureBlobOptions options)
    {
        const string Here = nameof(AzureBlobOptions) + ".";
        if (new object?[] { options.ConnectionString, options.Credential, options.SharedKey, options.SasToken }.Count(way => way is not null) > 1)
            throw new ArgumentException($"{nameof(AzureBlobOptions)} has more than one way to authenticate. Set one of {nameof(ConnectionString)}, {nameof(Credential)}, {nameof(SharedKey)} and {nameof(SasToken)}.", nameof(options));
        if (options is { ConnectionString: not null, ServiceUrl: not null })
            throw new ArgumentException($"{Here}{nameof(ConnectionString)} names the service's address: leave {nameof(ServiceUrl)} null, or write BlobEndpoint=... into the connection string.", nameof(options));
        if (options.ServiceUrl is { } url && (!url.IsAbsoluteUri || url.Scheme is not ("https" or "http") || url is not { Query: "", Fragment: "", UserInfo: "" }))
            throw new ArgumentException($"{Here}{nameof(ServiceUrl)} is not the address of an account: write https://account.blob.core.windows.net, without a query. A SAS goes into {nameof(SasToken)}.", nameof(options));
        if (options.SasToken is { } sas && (!sas.Contains("sig=", StringComparison.Ordinal) || sas.Contains("://", StringComparison.Ordinal)))
            throw new ArgumentException($"{Here}{nameof(SasToken)} is no shared access signature: give what stands behind the question mark of a SAS link; it has a sig=.", nameof(options));
        if (options.PartSizeBytes is < LeastPartBytes or > MostPartBytes)
            throw new ArgumentOutOfRangeException(nameof(options), options.PartSizeBytes, $"{Here}{nameof(PartSizeBytes)} is out of range: a part has 1 MiB to 1,000 MiB.");
        if (options.PartsAtOnce is < 1 or > 64)
            throw new ArgumentOutOfRangeException(nameof(options), options.PartsAtOnce, $"{Here}{nameof(PartsAtOnce)} is out of range: 1 to 64 parts may be under way at once.");
        if (options.AccessTier == Azure.Storage.Blobs.Models.AccessTier.Archive)
            throw new ArgumentException($"{Here}{nameof(AccessTier)} is Archive: what is written so cannot be read. Choose Hot, Cool or Cold; a lifecycle rule of the account can archive what is old.", nameof(options));
        if (options.EncryptionScope is "")
            throw new ArgumentException($"{Here}{nameof(EncryptionScope)} is empty; leave it null for the container's.", nameof(options));
    }
}
