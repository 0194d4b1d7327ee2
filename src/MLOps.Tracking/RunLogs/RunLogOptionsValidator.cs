using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MLOps.Tracking.RunLogs;

/// <summary>The legal ranges of <see cref="RunLogOptions"/>.</summary>
internal sealed class RunLogOptionsValidator : IValidateOptions<RunLogOptions>
{
    public ValidateOptionsResult Validate(string? name, RunLogOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.MinimumLevel is < LogLevel.Trace or > LogLevel.None)
            result.AddError($"must be a level from Trace to None, not {options.MinimumLevel}", nameof(options.MinimumLevel));
        if (options.MaxBytes is < 64 << 10 or > 1 << 30)
            result.AddError($"must be 64 KiB to 1 GiB, not {options.MaxBytes} bytes", nameof(options.MaxBytes));
        return result.Build();
    }
}
