using System.Globalization;
using ScottPlot;

namespace QuickStart;

/// <summary>Draws a ROC curve.</summary>
internal static class RocPlot
{
    private const string Font = "DejaVu Sans";

    static RocPlot() => Fonts.AddFontFile(Font, Path.Combine(AppContext.BaseDirectory, "fonts", "DejaVuSans.ttf"));

    public static byte[] Png(RocCurve curve)
    {
        using Plot plot = new();
        plot.Font.Set(Font);
        plot.Add.Scatter(curve.FalsePositiveRate, curve.TruePositiveRate).MarkerSize = 0;
        plot.Add.Line(0, 0, 1, 1).LinePattern = LinePattern.Dotted;
        plot.Title(string.Create(CultureInfo.InvariantCulture, $"ROC, area {curve.Area:F4}"));
        plot.XLabel("false positive rate");
        plot.YLabel("true positive rate");
        return plot.GetImageBytes(600, 450, ImageFormat.Png);
    }
}
