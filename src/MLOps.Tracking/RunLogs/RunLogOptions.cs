using Microsoft.Extensions.Logging;

namespace MLOps.Tracking;

/// <summary>What the log of a run keeps. Read when the provider is made.</summary>
public sealed class RunLogOptions
{
    /// <summary>The least level that is kept, of what the filters of logging let through. Default <see cref="LogLevel.Trace"/>: all of it; <see cref="LogLevel.None"/> keeps nothing.</summary>
    public LogLevel MinimumLevel { get; set; } = LogLevel.Trace;

    /// <summary>
    /// The most bytes of a log. Default 8 MiB; 64 KiB to 1 GiB. Of a longer log the first half is kept and, as the newest part, the last quarter to half;
    /// a line between them says how much was left out. An event of more than 64 KiB, or of more than a quarter of this, is cut.
    /// </summary>
    public long MaxBytes { get; set; } = 8 << 20;

    /// <summary>Whether the scopes that an event was logged in stand in its line. Default false.</summary>
    public bool IncludeScopes { get; set; }

    /// <summary>Whether secrets are masked: passwords and tokens in addresses, values whose names say secret, keys that are known by their shape. Default true. In doubt too much is masked.</summary>
    public bool MaskSecrets { get; set; } = true;
}
