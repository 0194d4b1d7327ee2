using System.Globalization;
using System.Text.Json;

namespace MLOps.Benchmarks;

/// <summary>Figures go to standard output, one JSON object a line.</summary>
internal static class Figure
{
    public static void Print(string scenario, string figure, double value, string unit) =>
        Write(scenario, figure, Math.Round(value, value < 100 ? 3 : 0).ToString(CultureInfo.InvariantCulture), unit);

    public static void Print(string scenario, string figure, string value, string unit) =>
        Write(scenario, figure, $"\"{JsonEncodedText.Encode(value)}\"", unit);

    private static void Write(string scenario, string figure, string value, string unit) =>
        Console.WriteLine($$"""{"scenario":"{{scenario}}","figure":"{{figure}}","value":{{value}},"unit":"{{unit}}"}""");
}
