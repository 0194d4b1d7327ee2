using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Costs;

namespace MLOps.Tracking.Tests.Costs;

public sealed class CostMeterTests
{
    private static readonly Dictionary<string, MetricPoint> s_nothing = [];
    private static readonly PriceTable s_prices = new() { Currency = "EUR", PerHour = 0.5m, PerCpuHour = 0.04m, PerGpuHour = 2.25m };
    private readonly FakeTimeProvider _clock = new();
    private TimeSpan _cpuTime = TimeSpan.FromHours(5);

    [Fact]
    public void Each_kind_of_time_is_counted_from_the_start_and_the_total_is_what_they_cost()
    {
        CostMeter meter = Make(s_prices, gpus: 4);
        _clock.Advance(TimeSpan.FromMinutes(90));
        _cpuTime += TimeSpan.FromHours(6);
        // By hand: 1.5 h × 0.50 + 6 h × 0.04 + 4 × 1.5 h × 2.25 = 0.75 + 0.24 + 13.50.
        Assert.Equal(
            new Dictionary<string, double> { ["cost/wall_seconds"] = 5400, ["cost/cpu_seconds"] = 21_600, ["cost/gpu_seconds"] = 21_600, ["cost/total"] = 14.49 },
            Rounded(meter));
        Assert.Equal(0, meter.Step);
    }

    [Fact]
    public void Unknown_gpus_take_the_total_along_only_where_they_cost_something()
    {
        CostMeter paid = Make(s_prices, gpus: null), free = Make(s_prices with { PerGpuHour = 0 }, gpus: null);
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(["cost/cpu_seconds", "cost/wall_seconds"], Rounded(paid).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(1.0, Rounded(free)["cost/total"]);
        Assert.DoesNotContain("cost/gpu_seconds", Rounded(free).Keys);
    }

    [Property(MaxTest = 200)]
    public Property The_parts_of_a_run_add_up_to_the_run_without_a_break() => Prop.ForAll(
        Arb.From((from wall in Gen.Choose(0, 100_000) from cpu in Gen.Choose(0, 1_000_000) select (Wall: wall, Cpu: cpu)).NonEmptyListOf().Select(parts => parts.ToArray())),
        parts =>
        {
            CostMeter whole = Make(s_prices, gpus: 3);
            Dictionary<string, MetricPoint> logged = [];
            for (int i = 0; i < parts.Length; i++)
            {
                CostMeter part = Make(s_prices, gpus: 3, logged);
                Assert.Equal(i, part.Step);
                _clock.Advance(TimeSpan.FromSeconds(parts[i].Wall));
                _cpuTime += TimeSpan.FromMilliseconds(parts[i].Cpu);
                logged = part.Measure().ToDictionary(sum => sum.Key, sum => new MetricPoint(part.Step, 0, sum.Value));
            }

            foreach ((string key, double value) in whole.Measure())
                Assert.Equal(value, logged[key].Value, Math.Abs(value) * 1e-12);
        });

    [Fact]
    public void Metrics_of_a_part_before_that_are_no_numbers_count_as_nothing()
    {
        CostMeter meter = Make(s_prices, gpus: 0, new() { ["cost/total"] = new MetricPoint(7, 0, double.NaN) });
        Assert.Equal(8, meter.Step);
        Assert.Equal(0.0, Rounded(meter)["cost/total"]);
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("2.50", "2.5")]
    [InlineData("1000", "1000")]
    [InlineData("0.0000001", "0.0000001")]
    [InlineData("79228162514264337593543950335", "79228162514264337593543950335")]
    [InlineData("0.0000000000000000000000000001", "0.0000000000000000000000000001")]
    public void A_price_is_one_text_and_is_read_back_exactly(string price, string text)
    {
        decimal value = decimal.Parse(price, System.Globalization.CultureInfo.InvariantCulture);
        var prices = new PriceTable { Currency = "CHF", PerHour = value, PerCpuHour = value, PerGpuHour = value };
        Dictionary<string, string> logged = new(Make(prices, gpus: 0).Params);
        Assert.Equal([("cost/currency", "CHF"), ("cost/per_cpu_hour", text), ("cost/per_gpu_hour", text), ("cost/per_hour", text)], logged.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, p.Value)));
        Assert.Equal(prices, CostMeter.PricesOf(logged, configured: null));
        Assert.Equal(prices with { GpuCount = 2 }, CostMeter.PricesOf(logged, s_prices with { GpuCount = 2 }));
    }

    [Theory]
    [InlineData("cost/currency", "")]
    [InlineData("cost/per_hour", "cheap")]
    [InlineData("cost/per_hour", "-1")]
    [InlineData("cost/per_gpu_hour", null)]
    public void Params_that_are_no_prices_are_left_alone(string key, string? value)
    {
        Dictionary<string, string> logged = new(Make(s_prices, gpus: 0).Params);
        logged.Remove(key);
        if (value is not null)
            logged[key] = value;
        Assert.Null(CostMeter.PricesOf(logged, s_prices));
        Assert.True(CostMeter.HasPrices(logged));
    }

    [Fact]
    public void A_run_without_prices_takes_those_of_its_tracker() =>
        Assert.Same(s_prices, CostMeter.PricesOf(new Dictionary<string, string> { ["lr"] = "0.1" }, s_prices));

    private static Dictionary<string, double> Rounded(CostMeter meter) => meter.Measure().ToDictionary(sum => sum.Key, sum => Math.Round(sum.Value, 9));

    private CostMeter Make(PriceTable prices, int? gpus, Dictionary<string, MetricPoint>? before = null) => new(prices, before ?? s_nothing, _clock, () => _cpuTime, () => gpus);
}
