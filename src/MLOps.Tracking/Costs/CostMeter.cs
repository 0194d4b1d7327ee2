using System.Globalization;

namespace MLOps.Tracking.Costs;

/// <summary>Measures what a part of a run takes, from its making on, and adds it to what the parts before took.</summary>
internal sealed class CostMeter
{
    private const string Currency = "cost/currency", PerHour = "cost/per_hour", PerCpuHour = "cost/per_cpu_hour", PerGpuHour = "cost/per_gpu_hour";
    private const string Wall = "cost/wall_seconds", Cpu = "cost/cpu_seconds", Gpu = "cost/gpu_seconds", Total = "cost/total";
    private static readonly string[] s_params = [Currency, PerHour, PerCpuHour, PerGpuHour];
    private static readonly string[] s_metrics = [Wall, Cpu, Gpu, Total];

    private readonly PriceTable _prices;
    private readonly IReadOnlyDictionary<string, MetricPoint> _before;
    private readonly TimeProvider _clock;
    private readonly Func<TimeSpan> _cpuTime;
    private readonly Func<int?> _gpus;
    private readonly long _startedAt;
    private readonly TimeSpan _cpuTimeAtStart;

    /// <param name="prices">What time costs.</param>
    /// <param name="before">The latest metrics of the run, of which those of the parts before are taken.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cpuTime">Reads the processor time of the process.</param>
    /// <param name="gpus">Reads how many GPUs there are; null while that is not known.</param>
    public CostMeter(PriceTable prices, IReadOnlyDictionary<string, MetricPoint> before, TimeProvider clock, Func<TimeSpan> cpuTime, Func<int?> gpus)
    {
        (_prices, _before, _clock, _cpuTime, _gpus) = (prices, before, clock, cpuTime, gpus);
        Step = s_metrics.Max(key => before.TryGetValue(key, out MetricPoint point) ? point.Step + 1 : 0);
        _startedAt = clock.GetTimestamp();
        _cpuTimeAtStart = cpuTime();
    }

    /// <summary>The number of the part, from 0 on, of those that ended with their cost.</summary>
    public long Step { get; }

    /// <summary>The prices as params, the same text for the same price.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Params =>
        [new(Currency, _prices.Currency), new(PerHour, TextOf(_prices.PerHour)), new(PerCpuHour, TextOf(_prices.PerCpuHour)), new(PerGpuHour, TextOf(_prices.PerGpuHour))];

    /// <summary>The prices that a resumed run goes on with: its own, and those of the tracker if it has none.</summary>
    /// <param name="params">The run's params.</param>
    /// <param name="configured">The tracker's prices; null when it has none.</param>
    /// <returns>The table, its count of GPUs the tracker's; null for no cost, also where somebody else uses these names for what are no prices.</returns>
    public static PriceTable? PricesOf(IReadOnlyDictionary<string, string> @params, PriceTable? configured)
    {
        if (!HasPrices(@params))
            return configured;
        if (!@params.TryGetValue(Currency, out string? currency) || Price(PerHour) is not { } perHour || Price(PerCpuHour) is not { } perCpuHour || Price(PerGpuHour) is not { } perGpuHour)
            return null;
        var prices = new PriceTable { Currency = currency, PerHour = perHour, PerCpuHour = perCpuHour, PerGpuHour = perGpuHour, GpuCount = configured?.GpuCount };
        return prices.Error() is null ? prices : null;

        decimal? Price(string key) =>
            @params.TryGetValue(key, out string? text) && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal price) ? price : null;
    }

    public static bool HasPrices(IReadOnlyDictionary<string, string> @params) => s_params.Any(@params.ContainsKey);

    /// <summary>What the run took and cost up to now, all of its parts. What depends on an unknown number of GPUs is left out.</summary>
    public IEnumerable<KeyValuePair<string, double>> Measure()
    {
        double wall = _clock.GetElapsedTime(_startedAt).TotalSeconds, cpu = (_cpuTime() - _cpuTimeAtStart).TotalSeconds;
        double? gpu = _gpus() * wall;
        yield return Sum(Wall, wall);
        yield return Sum(Cpu, cpu);
        if (gpu is not null)
            yield return Sum(Gpu, gpu.Value);
        if (gpu is not null || _prices.PerGpuHour == 0)
            yield return Sum(Total, ((wall * (double)_prices.PerHour) + (cpu * (double)_prices.PerCpuHour) + ((gpu ?? 0) * (double)_prices.PerGpuHour)) / 3600);
    }

    private static string TextOf(decimal price) => price.ToString("0.############################", CultureInfo.InvariantCulture);

    private KeyValuePair<string, double> Sum(string key, double part) =>
        new(key, part + (_before.TryGetValue(key, out MetricPoint point) && double.IsFinite(point.Value) ? point.Value : 0));
}
