using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace MLOps.AzureBlobs;

/// <summary>What a location means: an account, a container and what the names of its blobs begin with.</summary>
/// <param name="Account">Which account. All forms of its locations give an equal one.</param>
/// <param name="Container">The container.</param>
/// <param name="Prefix">What the names of its blobs begin with, with a slash at its end; empty for the whole container.</param>
/// <param name="ServiceUrl">The address of the account's blob service.</param>
internal sealed record BlobPlace(BlobPlace.AccountId Account, string Container, string Prefix, Uri ServiceUrl)
{
    private const int EmulatorPort = 10000;

    public static BlobPlace Of(Uri location, string parameterName = "location")
    {
        ArgumentNullException.ThrowIfNull(location, parameterName);
        return TryParse(location, out BlobPlace? place) ? place : throw NotOne(location.IsAbsoluteUri ? location.GetLeftPart(UriPartial.Path) : location.OriginalString.Split('?')[0], parameterName);
    }

    public static ArgumentException NotOne(string location, string parameterName) =>
        new(
            $"'{location.Split('?')[0]}' is no location in Azure Blob Storage. Write wasbs://container@account.blob.core.windows.net/prefix, or abfss:// with .dfs., or https://account.blob.core.windows.net/container/prefix, or http://127.0.0.1:10000/account/container/prefix for an emulator; "
            + "without a query: a SAS goes into AzureBlobOptions.SasToken.",
            parameterName);

    public static bool TryParse(Uri location, [NotNullWhen(true)] out BlobPlace? place)
    {
        place = null;
        if (!location.IsAbsoluteUri || location is not { Query: "", Fragment: "" })
            return false;
        string[] parts = [.. location.AbsolutePath.Split('/').Skip(1).Select(Uri.UnescapeDataString)];
        if (location.Scheme is "wasbs" or "abfss")
            return location.UserInfo.Length > 0 && location.Port is -1 or 443 && TryReadHost(location, out AccountId? account) && TryMake(account, [Uri.UnescapeDataString(location.UserInfo), .. parts], out place);
        if (location.Scheme is not ("https" or "http") || location.UserInfo.Length > 0)
            return false;
        if (location is { Scheme: "https", IsDefaultPort: true } && TryReadHost(location, out AccountId? named))
            return TryMake(named, parts, out place);
        // What the Azure SDK takes for the form of the emulators.
        return (location.HostNameType == UriHostNameType.IPv4 || location.Port == EmulatorPort) && parts[0].Length > 0
            && TryMake(new(parts[0], location.GetLeftPart(UriPartial.Authority)), parts.AsSpan(1), out place);
    }

    /// <summary>The account that the address of a service stands for; null when it is a custom domain, which does not tell.</summary>
    public static AccountId? AccountOf(Uri serviceUrl) =>
        TryParse(new Uri($"{serviceUrl.AbsoluteUri.TrimEnd('/')}/any"), out BlobPlace? place) ? place.Account : null;

    private static bool TryReadHost(Uri location, [NotNullWhen(true)] out AccountId? account)
    {
        account = null;
        string[] labels = location.IdnHost.ToLowerInvariant().Split('.');
        int service = Array.FindIndex(labels, label => label is "blob" or "dfs");
        if (service < 1 || service == labels.Length - 1 || IPAddress.TryParse(location.Host, out _))
            return false;
        account = new(string.Join('.', labels[..service]), string.Join('.', labels[(service + 1)..]));
        return true;
    }

    private static bool TryMake(AccountId account, ReadOnlySpan<string> path, [NotNullWhen(true)] out BlobPlace? place)
    {
        place = null;
        if (path.IsEmpty || path[0].Length == 0 || path[0].AsSpan().ContainsAny('/', ':', '.'))
            return false;
        string prefix = string.Join('/', path[1..]!).Trim('/');
        // The service would resolve them, and so leave the container.
        if (prefix.Split('/').Any(part => part is "." or ".."))
            return false;
        place = new(account, path[0], prefix.Length == 0 ? "" : prefix + '/', account.ServiceUrl);
        return true;
    }

    /// <summary>One account.</summary>
    /// <param name="Name">Its name, in lower case unless it is an emulator's.</param>
    /// <param name="Where">The end of the host names of its cloud; scheme, host and port of an emulator.</param>
    internal sealed record AccountId(string Name, string Where)
    {
        public Uri ServiceUrl => new(Where.Contains("://", StringComparison.Ordinal) ? $"{Where}/{Name}" : $"https://{Name}.blob.{Where}");
    }
}
