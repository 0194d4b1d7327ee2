using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace MLOps.Server;

/// <summary>The ranges of <see cref="MLOpsServerOptions"/>.</summary>
internal sealed class MLOpsServerOptionsValidator : IValidateOptions<MLOpsServerOptions>
{
    private const long SmallestBody = 64 << 10;

    public ValidateOptionsResult Validate(string? name, MLOpsServerOptions options)
    {
        ValidateOptionsResultBuilder result = new();
        if (options.MaxRequestBytes is < SmallestBody or > int.MaxValue)
            result.AddError($"must lie between {SmallestBody} and {int.MaxValue} bytes", nameof(options.MaxRequestBytes));
        if (options.MaxArtifactBytes <= 0)
            result.AddError("must be positive, or null for no limit", nameof(options.MaxArtifactBytes));
        if (string.IsNullOrWhiteSpace(options.ProtocolVersion))
            result.AddError("must not be empty", nameof(options.ProtocolVersion));
        if (options.FrameOptions is not (null or "SAMEORIGIN" or "DENY"))
            result.AddError("must be SAMEORIGIN, DENY, or null", nameof(options.FrameOptions));
        if (options.ModelSourcePattern is { } pattern && !IsRegex(pattern))
            result.AddError("is no regular expression", nameof(options.ModelSourcePattern));
        return result.Build();
    }

    private static bool IsRegex(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
