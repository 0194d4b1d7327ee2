using System.Net;
using System.Net.Sockets;
using MLOps.Cli.CommandLine;

namespace MLOps.Cli.Server;

/// <summary>Where the server listens.</summary>
/// <param name="Host">As it was asked for.</param>
/// <param name="Addresses">What that is.</param>
/// <param name="Port">The port; 0 for a free one.</param>
internal sealed record Listening(string Host, IReadOnlyList<IPAddress> Addresses, int Port)
{
    /// <summary>Whether no other machine can reach it.</summary>
    public bool IsLoopback => Addresses.All(IPAddress.IsLoopback);

    /// <exception cref="UsageException">There is no such address or port.</exception>
    public static Listening On(string host, string port)
    {
        if (!ushort.TryParse(port, System.Globalization.CultureInfo.InvariantCulture, out ushort number))
            throw new UsageException($"--port is a number from 0 to 65535, not '{port}'.");
        return new Listening(host, AddressesOf(host), number);
    }

    // A name is looked up here: Kestrel would listen on every address of the machine for any name that it does not know.
    private static IPAddress[] AddressesOf(string host)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
            return [address];
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return [IPAddress.Loopback];
        try
        {
            if (Dns.GetHostAddresses(host) is { Length: > 0 } found)
                return found;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // Said below.
        }

        throw new UsageException($"'{host}' is no address of this machine. Write --host 127.0.0.1 for this machine alone, or --host 0.0.0.0 for all its networks.");
    }
}
