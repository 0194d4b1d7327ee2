using Microsoft.Extensions.Options;

namespace MLOps.Tracking;

/// <summary>The legal ranges of <see cref="TrackingOptions"/>, checked by hand: attributes over TimeSpan do not survive trimming.</summary>
internal sealed class TrackingOptionsValidator : IValidateOptions<TrackingOptions>
{
    public ValidateOptionsResult Validate(string? name, TrackingOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        Within(options.Journal.SyncInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1), "Journal.SyncInterval");
        Within(options.Journal.ApplyInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), "Journal.ApplyInterval");
        Within(options.Journal.FullTimeout, TimeSpan.Zero, TimeSpan.FromDays(1), "Journal.FullTimeout");
        if (options.Journal.MaxBytes < 1 << 20)
            result.AddError($"must be at least 1 MiB, not {options.Journal.MaxBytes} bytes", "Journal.MaxBytes");
        if (options.Journal.OnFull is not (OnFull.Drop or OnFull.Wait))
            result.AddError($"must be Drop or Wait, not {options.Journal.OnFull}", "Journal.OnFull");
        if (options.SystemMetricsInterval is { } interval)
            Within(interval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), nameof(options.SystemMetricsInterval));
        Within(options.ReadTimeout, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(options.ReadTimeout));
        Within(options.CloseTimeout, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(options.CloseTimeout));
        Within(options.LeaseDuration, TimeSpan.FromSeconds(3), TimeSpan.FromDays(1), nameof(options.LeaseDuration));
        Within(options.AdoptionInterval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), nameof(options.AdoptionInterval));
        if (options.ArtifactAttempts is < 1 or > 100)
            result.AddError($"must be 1 to 100, not {options.ArtifactAttempts}", nameof(options.ArtifactAttempts));
        if (options.Prices?.Error() is { } error)
            result.AddError(error.Rule, $"Prices.{error.Property}");
        return result.Build();

        void Within(TimeSpan value, TimeSpan least, TimeSpan most, string property)
        {
            if (value < least || value > most)
                result.AddError($"must be {least} to {most}, not {value}", property);
        }
    }
}
