using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;

namespace MLOps.AzureBlobs;

/// <summary>An account and the right to use it.</summary>
internal sealed class BlobAccount
{
    private static readonly TimeSpan s_keyLifetime = TimeSpan.FromHours(1);
    private readonly TokenCredential? _credential;
    private readonly string? _sas;
    private readonly string _audience;
    private readonly TimeProvider _time;
    private UserDelegationKey? _key;

    public BlobAccount(BlobPlace place, AzureBlobOptions options, TimeProvider time)
    {
        _time = time;
        AzureBlobOptions.Check(options);
        BlobClientOptions client = new() { EncryptionScope = options.EncryptionScope };
        options.ConfigureClient?.Invoke(client);
        // Names that other programs end with a slash are deleted as they are.
        client.TrimBlobNameSlashes = false;
        Uri url = options.ServiceUrl ?? place.ServiceUrl;
        _credential = options.Credential;
        _audience = (client.Audience ?? BlobAudience.DefaultAudience).ToString();
        if (options.SharedKey is { } key)
        {
            CheckName(options, key.AccountName, place, nameof(options.SharedKey));
            Client = new(url, key, client);
        }
        else if (options.SasToken is { } sas)
        {
            _sas = sas.Trim().TrimStart('?');
            Client = new(url, new AzureSasCredential(_sas), client);
        }
        else if (_credential is not null)
        {
            // The SDK refuses it, too, but with less to go on.
            if (url.Scheme != "https")
                throw new ArgumentException($"{nameof(AzureBlobOptions)}.{nameof(options.Credential)} sends tokens, and {url} is not https: whoever listens could use them. Use https, or a shared key for an emulator.", nameof(options));
            Client = new(url, _credential, client);
        }
        else
        {
            Client = Connect(options, client, out _sas);
            CheckName(options, Client.AccountName, place, nameof(options.ConnectionString));
        }

        Accounts = [place.Account, BlobPlace.AccountOf(Client.Uri) ?? place.Account];
    }

    public BlobServiceClient Client { get; }

    /// <summary>What locations in this account begin with: in the location's form and in the service's.</summary>
    public IReadOnlyList<BlobPlace.AccountId> Accounts { get; }

    public bool CanLink => Client.CanGenerateAccountSasUri || _credential is not null;

    /// <summary>Whether the right to use it is a SAS.</summary>
    public bool HasSas => _sas is not null;

    /// <summary>When the SAS ends; null without one, or when a policy of the container says it.</summary>
    public DateTimeOffset? SasEnds => ReadTime("se");

    /// <summary>When the SAS begins.</summary>
    public DateTimeOffset? SasBegins => ReadTime("st");

    /// <summary>A link to read a blob.</summary>
    public async Task<Uri> LinkAsync(BlobClient blob, TimeSpan validFor, CancellationToken cancellationToken)
    {
        DateTimeOffset end = _time.GetUtcNow() + validFor;
        BlobSasBuilder sas = new(BlobSasPermissions.Read, end)
        {
            BlobContainerName = blob.BlobContainerName,
            BlobName = blob.Name,
            Resource = "b",
            Protocol = blob.Uri.Scheme == "https" ? SasProtocol.Https : SasProtocol.HttpsAndHttp,
        };
        if (_credential is null)
            return blob.GenerateSasUri(sas);
        UserDelegationKey? key = _key;
        if (key is null || key.SignedExpiresOn < end)
        {
            DateTimeOffset keyEnd = _time.GetUtcNow() + (validFor > s_keyLifetime ? validFor : s_keyLifetime);
            key = (await Client.GetUserDelegationKeyAsync(new BlobGetUserDelegationKeyOptions(keyEnd), cancellationToken).ConfigureAwait(false)).Value;
            _key = key;
        }

        return new BlobUriBuilder(blob.Uri) { Sas = sas.ToSasQueryParameters(key, Client.AccountName) }.ToUri();
    }

    /// <summary>By what right the service may read a blob that it is to copy.</summary>
    public async Task<(Uri Source, HttpAuthorization? Authorization)> AuthorizeSourceAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        if (_credential is not null)
        {
            TokenRequestContext scope = new([_audience.TrimEnd('/') + "/.default"]);
            AccessToken token = await _credential.GetTokenAsync(scope, cancellationToken).ConfigureAwait(false);
            return (blob.Uri, new HttpAuthorization("Bearer", token.Token));
        }

        return (_sas is not null ? new UriBuilder(blob.Uri) { Query = _sas }.Uri : await LinkAsync(blob, s_keyLifetime, cancellationToken).ConfigureAwait(false), null);
    }

    private static BlobServiceClient Connect(AzureBlobOptions options, BlobClientOptions client, out string? sas)
    {
        string? connectionString = options.ConnectionString ?? Environment.GetEnvironmentVariable(AzureBlobOptions.ConnectionStringVariable);
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw new ArgumentException(
                $"Nothing says how to authenticate to Azure Blob Storage. Set one of {nameof(AzureBlobOptions)}.{nameof(options.Credential)} (new DefaultAzureCredential() of the package Azure.Identity, for Microsoft Entra ID), "
                + $"{nameof(options.ConnectionString)}, {nameof(options.SharedKey)} or {nameof(options.SasToken)}, or the environment variable {AzureBlobOptions.ConnectionStringVariable}.",
                nameof(options));
        }

        const string Setting = "SharedAccessSignature=";
        sas = connectionString.Split(';').Select(part => part.Trim()).FirstOrDefault(part => part.StartsWith(Setting, StringComparison.OrdinalIgnoreCase))?[Setting.Length..].TrimStart('?');
        BlobServiceClient? connected = null;
        try
        {
            connected = new(connectionString, client);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // What the SDK says may quote the key: it is left out.
        }

        string source = options.ConnectionString is null ? AzureBlobOptions.ConnectionStringVariable : $"{nameof(AzureBlobOptions)}.{nameof(options.ConnectionString)}";
        return connected ?? throw new ArgumentException($"{source} is no connection string of a storage account. Copy it from the account's page \"Access keys\".", nameof(options));
    }

    private static void CheckName(AzureBlobOptions options, string name, BlobPlace place, string option)
    {
        string expected = place.Account.Name.Split('.')[0];
        if (name.Length > 0 && !name.Equals(expected, StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"{nameof(AzureBlobOptions)}.{option} is that of account '{name}', and the location is in account '{expected}'. Set the one of '{expected}'.", nameof(options));
    }

    private DateTimeOffset? ReadTime(string name)
    {
        string? value = _sas?.Split('&').FirstOrDefault(part => part.StartsWith(name + '=', StringComparison.Ordinal))?[(name.Length + 1)..];
        return value is not null && DateTimeOffset.TryParse(Uri.UnescapeDataString(value), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time) ? time : null;
    }
}
