using System.Globalization;
using System.Text.Json;

namespace MLOps.Drift.Tests.Vectors;

/// <summary>One case of the reference vectors: data, what the reference implementation gives for it, and how near a result must come.</summary>
public sealed class VectorCase
{
    private readonly JsonElement _case;

    private VectorCase(JsonElement element) => _case = element;

    public string Id => _case.GetProperty("id").GetString()!;

    public string Method => _case.GetProperty("method").GetString()!;

    public JsonElement Params => _case.TryGetProperty("params", out JsonElement found) ? found : default;

    public JsonElement Expected => _case.GetProperty("expected");

    /// <summary>Whether the case expects that there is no number.</summary>
    public bool ExpectsNoNumber => Expected.TryGetProperty("error", out _);

    public override string ToString() => Id;

    /// <summary>The cases of a file, of some methods only or of all.</summary>
    public static IReadOnlyList<VectorCase> Of(string file, params string[] methods)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(PathOf(file)));
        List<VectorCase> cases = [.. document.RootElement.EnumerateArray()
            .Select(element => new VectorCase(element.Clone()))
            .Where(vector => methods.Length == 0 || methods.Contains(vector.Method, StringComparer.Ordinal))];
        Assert.NotEmpty(cases);
        return cases;
    }

    /// <summary>Checks each case, and names all that fail, not the first alone.</summary>
    public static void CheckAll(IEnumerable<VectorCase> cases, Action<VectorCase> check)
    {
        List<string> failures = [];
        foreach (VectorCase vector in cases)
        {
            try
            {
                check(vector);
            }
            catch (Exception error)
            {
                failures.Add($"{vector.Id}: {error.Message}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} cases fail:\n{string.Join('\n', failures)}");
    }

    public bool Has(string property) => _case.TryGetProperty(property, out _);

    public JsonElement Get(string property) => _case.GetProperty(property);

    /// <summary>The numbers that a data spec stands for.</summary>
    public double[] Numbers(string property) => DataSpec.Numbers(_case.GetProperty(property));

    public double ExpectedNumber(string name) => Number(Expected.GetProperty(name));

    public bool Expects(string name) => Expected.TryGetProperty(name, out _);

    /// <summary>Checks a statistic against the case's tolerance. Where the reference is NaN, so must the result be.</summary>
    public void CheckNumber(string name, double actual) => Check(name, actual, "rel");

    /// <summary>Checks a p-value. Below 1e-300 the exponents are compared.</summary>
    public void CheckP(string name, double actual, double logActual)
    {
        double expected = ExpectedNumber(name);
        if (expected is > 0 and < 1e-300)
            Assert.True(Math.Abs((logActual - Math.Log(expected)) / Math.Log(10)) < 1e-6, $"{name}: expected {expected:R}, got exp({logActual:R})");
        else
            Check(name, actual, "p_rel");
    }

    /// <summary>A number of the vectors: infinities and NaN are strings, missing is null.</summary>
    public static double Number(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => double.NaN,
        JsonValueKind.String => element.GetString() switch
        {
            "inf" => double.PositiveInfinity,
            "-inf" => double.NegativeInfinity,
            "nan" => double.NaN,
            var text => double.Parse(text!, CultureInfo.InvariantCulture),
        },
        _ => element.GetDouble(),
    };

    public static double[] NumbersOf(JsonElement array) => [.. array.EnumerateArray().Select(Number)];

    internal static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "Vectors", "cases", file);

    private void Check(string name, double actual, string relative)
    {
        double expected = ExpectedNumber(name);
        if (double.IsNaN(expected) || double.IsInfinity(expected))
        {
            Assert.True(expected.Equals(actual), $"{name}: expected {expected}, got {actual:R}");
            return;
        }

        double tolerance = Tolerance("abs") + (TryTolerance(relative) ?? Tolerance("rel")) * Math.Abs(expected);
        Assert.True(Math.Abs(actual - expected) <= tolerance, $"{name}: expected {expected:R}, got {actual:R}, off by {Math.Abs(actual - expected):R}, allowed {tolerance:R}");
    }

    private double Tolerance(string name) => TryTolerance(name) ?? 0;

    private double? TryTolerance(string name) => Get("tolerance").TryGetProperty(name, out JsonElement found) ? found.GetDouble() : null;
}
