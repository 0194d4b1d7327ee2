namespace MLOps.RealServers;

/// <summary>A server can't be had on this machine because something isn't installed.</summary>
/// <param name="message">What to install.</param>
/// <remarks>A test takes it as a failure where <see cref="RealServer.IsRequired"/>, and skips elsewhere.</remarks>
public sealed class ServerUnavailableException(string message) : Exception(message);
