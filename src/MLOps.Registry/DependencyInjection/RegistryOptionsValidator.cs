using Microsoft.Extensions.Options;

namespace MLOps.Registry;

/// <summary>The legal ranges of <see cref="RegistryOptions"/>.</summary>
internal sealed class RegistryOptionsValidator : IValidateOptions<RegistryOptions>
{
    public ValidateOptionsResult Validate(string? name, RegistryOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.CacheBytes < 1 << 20)
            result.AddError($"must be at least 1 MiB, not {options.CacheBytes} bytes", nameof(options.CacheBytes));
        if (options.WatchInterval < TimeSpan.FromMilliseconds(50) || options.WatchInterval > TimeSpan.FromDays(1))
            result.AddError($"must be 50 ms to 1 day, not {options.WatchInterval}", nameof(options.WatchInterval));
        if (options.Origin is { } origin && !(Audit.Checkpoint.IsName(origin) && Uri.IsWellFormedUriString(origin, UriKind.RelativeOrAbsolute)))
            result.AddError("must be 1 to 250 characters of a URL, none of them white space or '+'", nameof(options.Origin));
        return result.Build();
    }
}
