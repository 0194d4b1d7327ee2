namespace MLOps.S3;

/// <summary>How the content of requests is protected on its way to the server.</summary>
public enum S3ChecksumMode
{
    /// <summary>As the AWS SDK does it: a CRC32 behind the content, in the framing <c>aws-chunked</c>. For AWS and servers that follow it closely.</summary>
    Standard,

    /// <summary>Plain content, which every server understands, with its Content-MD5 over https, and with its SHA-256 in the signature over http.</summary>
    Compatible,
}
