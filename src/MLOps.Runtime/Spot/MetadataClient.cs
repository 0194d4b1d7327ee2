using System.Net;
using System.Text;

namespace MLOps.Runtime;

/// <summary>Sends small requests to a service on this machine's own link, and trusts nothing that comes back.</summary>
internal static class MetadataClient
{
    /// <summary>The most that an answer may be; real ones have a few hundred bytes.</summary>
    public const int MostBytes = 64 * 1024;

    // One for the process, never disposed. No proxy: the address has a meaning on this machine only. No redirect: nobody but the service itself may answer. No trace headers: the service has no use for them.
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = 16,
        // The caller's token bounds the request; an attempt to connect outlives the request that began it.
        ConnectTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>An address that paths can be put behind.</summary>
    public static Uri CheckAddress(Uri address, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(address, parameterName);
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps) || address.Query.Length > 0 || address.Fragment.Length > 0 || address.UserInfo.Length > 0)
            throw new ArgumentException($"'{address}' is not the address of a metadata service: http or https, a host, perhaps a port and a path, and no more.", parameterName);
        return address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
    }

    /// <summary>Sends a request with one header and reads the answer, whatever its status, unless that is a redirect.</summary>
    /// <exception cref="SpotMetadataException">Nobody answered, the answer was too long, or a redirect.</exception>
    public static async Task<MetadataAnswer> SendAsync(HttpMethod method, Uri address, string header, string value, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(method, address);
        request.Headers.Add(header, value);
        try
        {
            using HttpResponseMessage response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if ((int)response.StatusCode is >= 300 and < 400)
                throw new SpotMetadataException(address, "The metadata service answered with a redirect, which is not followed: something else stands in its place.");
            string text = await ReadAsync(response.Content, address, cancellationToken).ConfigureAwait(false);
            return new MetadataAnswer(address, response.StatusCode, text, response.Headers.TryGetValues("Metadata-Flavor", out IEnumerable<string>? flavor) ? string.Join(',', flavor) : null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new SpotMetadataException(address, $"No metadata service answered: {error.Message} This is so on a machine that is not of its cloud, or where a firewall or network policy stands between.", error);
        }
    }

    private static async Task<string> ReadAsync(HttpContent content, Uri address, CancellationToken cancellationToken)
    {
        Stream stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            byte[] bytes = new byte[MostBytes + 1];
            int read = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return read <= MostBytes
                ? Encoding.UTF8.GetString(bytes, 0, read)
                : throw new SpotMetadataException(address, "The metadata service answered more than 64 KiB: something else stands in its place.");
        }
    }
}
