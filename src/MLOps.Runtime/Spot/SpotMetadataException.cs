namespace MLOps.Runtime;

/// <summary>A metadata service could not be asked, or its answer not understood.</summary>
/// <remarks>Nothing throws it at a program: it is what <see cref="SpotMetadataStatus.LastError"/> has.</remarks>
public sealed class SpotMetadataException : Exception
{
    internal SpotMetadataException(Uri address, string message, Exception? innerException = null)
        : base($"{message} ({address})", innerException) => Address = address;

    /// <summary>What was asked for.</summary>
    public Uri Address { get; }
}
