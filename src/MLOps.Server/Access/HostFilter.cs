using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using MLOps.Server.Wire;

namespace MLOps.Server.Access;

/// <summary>Protects people's browsers (contract §1.9): a page of a foreign site can neither change things here nor read them by a name of its own that leads here.</summary>
internal sealed class HostFilter(MLOpsServerOptions options)
{
    private readonly string[] _hosts = [.. options.AllowedHosts];
    private readonly string[] _origins = [.. options.AllowedOrigins];

    public void Demand(HttpRequest request, bool isWrite)
    {
        string host = request.Host.Host;
        if (!IsAllowed(host))
            throw new MlflowException(ErrorCode.PermissionDenied, $"Invalid Host header: this server is not called '{MlflowFields.Short(host)}'. Add the name to its allowed hosts.");
        if (isWrite && request.Headers.Origin is { Count: > 0 } origin && !IsAllowedOrigin(request, origin.ToString()))
            throw new MlflowException(ErrorCode.PermissionDenied, $"Cross-origin request blocked: pages of '{MlflowFields.Short(origin.ToString())}' may not change anything here. Add the origin to the allowed origins.");
    }

    private bool IsAllowed(string host) => _hosts.Length > 0 ? Array.Exists(_hosts, allowed => Matches(allowed, host)) : IsLocalName(host);

    private bool IsAllowedOrigin(HttpRequest request, string origin) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase)
        || Array.Exists(_origins, allowed => allowed == "*" || string.Equals(allowed.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase))
        || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && (uri.Host is "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address))));

    private static bool Matches(string allowed, string host) =>
        allowed == "*"
        || (allowed.StartsWith("*.", StringComparison.Ordinal) ? host.EndsWith(allowed[1..], StringComparison.OrdinalIgnoreCase) : string.Equals(allowed, host, StringComparison.OrdinalIgnoreCase));

    private static bool IsLocalName(string host)
    {
        if (host.Length == 0 || host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return true;
        if (!IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
            return false;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address))
            return true;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal;
        byte[] bytes = address.GetAddressBytes();
        return bytes[0] == 10 || (bytes[0] == 172 && bytes[1] is >= 16 and < 32) || (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254);
    }
}
