using System.Text.Json;
using MLOps.Drift.Streams;

namespace MLOps.Drift.Tests.Streams;

/// <summary>Every alarm and every warning of River on the reference streams, to the row.</summary>
public sealed class StreamVectorTests
{
    [Fact]
    public void Ddm_signals_on_the_rows_that_River_does() => Check("ddm", p =>
        new Ddm(p.Int("warm_start", 30), p.Number("warning_threshold", 2), p.Number("drift_threshold", 3)));

    [Fact]
    public void Eddm_signals_on_the_rows_that_River_does() => Check("eddm", p =>
        new Eddm(p.Int("warm_start", 30), p.Number("alpha", 0.95), p.Number("beta", 0.9)));

    [Fact]
    public void HddmA_signals_on_the_rows_that_River_does() => Check("hddm_a", p =>
        new HddmA(p.Number("drift_confidence", 0.001), p.Number("warning_confidence", 0.005), p.Bool("two_sided_test")));

    [Fact]
    public void HddmW_signals_on_the_rows_that_River_does() => Check("hddm_w", p =>
        new HddmW(p.Number("drift_confidence", 0.001), p.Number("warning_confidence", 0.005), p.Number("lambda_val", 0.05), p.Bool("two_sided_test")));

    [Fact]
    public void Fhddm_signals_on_the_rows_that_River_does() => Check("fhddm", p =>
        new Fhddm(p.Int("sliding_window_size", 100), p.Number("confidence_level", 1e-6)));

    [Fact]
    public void Adwin_signals_on_the_rows_that_River_does() => Check("adwin", p =>
        new Adwin(p.Number("delta", 0.002), p.Int("clock", 32), p.Int("max_buckets", 5), p.Int("min_window_length", 5), p.Int("grace_period", 10)));

    [Fact]
    public void PageHinkley_signals_on_the_rows_that_River_does() => Check("page_hinkley", p =>
        new PageHinkley(p.Int("min_instances", 30), p.Number("delta", 0.005), p.Number("threshold", 50), p.Number("alpha", 0.9999), p.Direction()));

    [Fact]
    public void Cusum_signals_on_the_rows_that_River_does() => Check("cusum", p =>
        new Cusum(p.Int("min_instances", 30), p.Number("slack", 0.5), p.Number("threshold", 5), p.Direction()));

    [Fact]
    public void Ewma_signals_on_the_rows_that_River_does() => Check("ewma_chart", p =>
        new Ewma(p.Number("alpha", 0.1), p.Number("threshold", 4), p.Int("min_instances", 30), p.Direction()));

    [Fact]
    public void Kswin_of_the_oldest_values_signals_on_the_rows_of_the_reference() => Check("kswin_deterministic", p =>
        new Kswin(p.Number("alpha", 0.005), p.Int("window_size", 100), p.Int("stat_size", 30), KswinSampling.Oldest));

    [Fact]
    public void No_vector_of_Rivers_methods_is_left_out()
    {
        string[] tested = ["ddm", "eddm", "hddm_a", "hddm_w", "fhddm", "adwin", "page_hinkley", "cusum", "ewma_chart", "kswin_deterministic"];
        IEnumerable<string> methods = VectorCase.Of("streaming.json").Select(vector => vector.Method).Where(method => !method.StartsWith("frouros_", StringComparison.Ordinal));
        Assert.Equal(tested.Order(), methods.Distinct().Order());
    }

    private static void Check(string method, Func<Parameters, StreamDetector> make) =>
        VectorCase.CheckAll(VectorCase.Of("streaming.json", method), vector =>
        {
            double[] stream = vector.Numbers("stream");
            StreamDetector detector = make(new Parameters(vector.Params));
            StreamSignal[] signals = [.. stream.Select(detector.Add)];
            Assert.Equal(vector.Expected.GetProperty("drift_indices").EnumerateArray().Select(index => index.GetInt32()), RowsOf(signals, StreamSignal.Drift));
            if (vector.Expects("warning_count"))
                Assert.Equal(vector.Expected.GetProperty("warning_count").GetInt32(), RowsOf(signals, StreamSignal.Warning).Count());
            if (vector.Expects("first_warning"))
            {
                JsonElement first = vector.Expected.GetProperty("first_warning");
                Assert.Equal(first.ValueKind == JsonValueKind.Null ? null : first.GetInt32(), RowsOf(signals, StreamSignal.Warning).Cast<int?>().FirstOrDefault());
            }

            Assert.Equal(0, detector.Ignored);
        });

    private static IEnumerable<int> RowsOf(StreamSignal[] signals, StreamSignal signal) =>
        Enumerable.Range(0, signals.Length).Where(row => signals[row] == signal);

    private readonly record struct Parameters(JsonElement Given)
    {
        public double Number(string name, double otherwise) => Given.TryGetProperty(name, out JsonElement found) ? found.GetDouble() : otherwise;

        public int Int(string name, int otherwise) => (int)Number(name, otherwise);

        public bool Bool(string name) => Given.TryGetProperty(name, out JsonElement found) && found.GetBoolean();

        public ChangeDirection Direction() => !Given.TryGetProperty("mode", out JsonElement found) ? ChangeDirection.Both : found.GetString() switch
        {
            "up" => ChangeDirection.Up,
            "down" => ChangeDirection.Down,
            _ => ChangeDirection.Both,
        };
    }
}
