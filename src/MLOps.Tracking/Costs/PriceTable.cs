namespace MLOps.Tracking;

/// <summary>
/// What time costs. A run that has one logs it as params <c>cost/currency</c>, <c>cost/per_hour</c>, <c>cost/per_cpu_hour</c> and <c>cost/per_gpu_hour</c> when it starts, and when it
/// ends what it took and cost as metrics <c>cost/wall_seconds</c>, <c>cost/cpu_seconds</c>, <c>cost/gpu_seconds</c> and <c>cost/total</c>.
/// </summary>
/// <remarks>
/// The total is the sum of each kind of time and its price; what is not paid for has price 0. The prices of a run do not change: when it is resumed it goes on with its own, and its
/// metrics say the sum of its parts, a step each. A part that is killed with SIGKILL has no metrics. Read when a run starts; may be bound from configuration.
/// </remarks>
public sealed record PriceTable
{
    /// <summary>The longest name of a currency: 16 characters.</summary>
    internal const int CurrencyLength = 16;

    /// <summary>The currency of the prices, or another unit that is paid in. Default <c>USD</c>; 1 to 16 characters without spaces.</summary>
    public string Currency { get; set; } = "USD";

    /// <summary>The price of an hour of wall time, as of a machine. Default 0; not negative.</summary>
    public decimal PerHour { get; set; }

    /// <summary>The price of an hour of processor time that the process used; an hour of two busy cores is two. Default 0; not negative.</summary>
    /// <remarks>It is the time of the whole process during the run: runs that are open at the same time in one process count it each.</remarks>
    public decimal PerCpuHour { get; set; }

    /// <summary>The price of an hour of one GPU that the run has, busy or not. Default 0; not negative.</summary>
    public decimal PerGpuHour { get; set; }

    /// <summary>How many GPUs the run has. Default null: those that NVIDIA's driver shows, of them no more than <c>CUDA_VISIBLE_DEVICES</c> names where it is set. Not negative. Not kept with the run: when it is resumed, that of <see cref="TrackingOptions.Prices"/> counts.</summary>
    public int? GpuCount { get; set; }

    /// <summary>Says what is wrong with the table; null when nothing is.</summary>
    internal (string Property, string Rule)? Error() => this switch
    {
        { Currency: null or { Length: 0 or > CurrencyLength } } => (nameof(Currency), $"must have 1 to {CurrencyLength} characters"),
        _ when Currency.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)) => (nameof(Currency), "must have no spaces"),
        { PerHour: < 0 } => (nameof(PerHour), $"must not be negative, as {PerHour} is"),
        { PerCpuHour: < 0 } => (nameof(PerCpuHour), $"must not be negative, as {PerCpuHour} is"),
        { PerGpuHour: < 0 } => (nameof(PerGpuHour), $"must not be negative, as {PerGpuHour} is"),
        { GpuCount: < 0 } => (nameof(GpuCount), $"must not be negative, as {GpuCount} is"),
        _ => null,
    };
}
