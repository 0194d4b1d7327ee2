using System.IO.Enumeration;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using MLOps.Server.Wire;

namespace MLOps.Server.Access;

/// <summary>Protects people's browsers (contract §1.9): a page of a foreign site can neither change things here nor read them by a name of its own that leads here.</summary>
internal sealed class HostFilter(MLOpsServerOptions options)
{
    private readonly string[] _hosts = [.. options.AllowedHosts.Select(HostOf)];
    private readonly string[] _origins = [.. options.AllowedOrigins.Select(origin => origin.Trim().TrimEnd('/'))];

    // Clients call the server by one name again and again.
    private volatile string? _lastAllowed;

    public void Demand(HttpRequest request, bool isWrite)
    {
        if (request.Host.Value is not { } called || called != _lastAllowed)
            DemandHost(request.Host);
        if (isWrite)
            DemandOrigin(request);
    }

    private void DemandHost(HostString called)
    {
        string host = called.Host;
        if (!IsAllowed(host))
            throw new MlflowException(ErrorCode.PermissionDenied, $"Invalid Host header: this server is not called '{MlflowFields.Short(host)}'. Add the name to its allowed hosts.");
        _lastAllowed = called.Value;
    }

    private void DemandOrigin(HttpRequest request)
    {
        if (request.Headers.Origin is { Count: > 0 } origin)
        {
            if (!IsAllowedOrigin(request, origin.ToString()))
                throw Blocked($"pages of '{MlflowFields.Short(origin.ToString())}'");
        }
        else if (request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site")
        {
            // Browsers alone send it, and pages cannot forge it.
            throw Blocked("pages of another site");
        }
    }

    private static MlflowException Blocked(string pages) =>
        new(ErrorCode.PermissionDenied, $"Cross-origin request blocked: {pages} may not change anything here. Add the origin to the allowed origins.");

    private bool IsAllowed(string host)
    {
        // The same name in DNS, written to its end.
        if (host.EndsWith('.'))
            host = host[..^1];
        return _hosts.Length > 0 ? Array.Exists(_hosts, allowed => Matches(allowed, host)) : IsLocalName(host);
    }

    private bool IsAllowedOrigin(HttpRequest request, string origin) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase)
        || Array.Exists(_origins, allowed => allowed == "*" || FileSystemName.MatchesSimpleExpression(allowed, origin))
        || IsLocalOrigin(origin);

    // Programs that serve pages on this machine, notebooks for one, are its user's own.
    private static bool IsLocalOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && (uri.Host is "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address)));

    private static bool Matches(string allowed, string host)
    {
        if (allowed == "*")
            return true;
        if (!allowed.Contains('*', StringComparison.Ordinal))
            return string.Equals(allowed, host, StringComparison.OrdinalIgnoreCase);
        // Whoever owns a domain may call a machine there 192.168.evil.example: a pattern of addresses is none of names.
        return FileSystemName.MatchesSimpleExpression(allowed, host) && (!IsAddressPattern(allowed) || IPAddress.TryParse(host.Trim('[', ']'), out _));
    }

    private static bool IsAddressPattern(string pattern) => pattern.Contains(':', StringComparison.Ordinal) || pattern.All(c => char.IsAsciiDigit(c) || c is '.' or '*');

    // A host is written with a port in MLflow's settings, which says nothing of who is called.
    private static string HostOf(string allowed)
    {
        allowed = allowed.Trim().TrimEnd('.');
        int colon = allowed.LastIndexOf(':');
        bool hasPort = colon > 0 && (allowed[colon - 1] == ']' || allowed.IndexOf(':', StringComparison.Ordinal) == colon) && (allowed[(colon + 1)..] == "*" || ushort.TryParse(allowed.AsSpan(colon + 1), out _));
        return hasPort ? allowed[..colon] : allowed;
    }

    private static bool IsLocalName(string host)
    {
        if (host.Length == 0 || host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return true;
        if (!IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
            return false;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        // 0.0.0.0, on which a server listens for all, is this machine to those who call it.
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any))
            return true;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal;
        byte[] bytes = address.GetAddressBytes();
        return bytes[0] == 10 || (bytes[0] == 172 && bytes[1] is >= 16 and < 32) || (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254);
    }
}
