using System.Globalization;

namespace MLOps.Tracking.Evaluation.Plots;

/// <summary>Draws a confusion matrix: a cell is as strong as the share of its true class that it holds.</summary>
/// <remarks>At most 30 classes have a row of their own, the ones with the most rows; the others are drawn as one.</remarks>
internal static class ConfusionPlot
{
    /// <summary>How opaque a cell is that holds all of its class: text is read on it.</summary>
    public const double StrongestCell = 0.55;

    private const int MostClasses = 30, MostNumbered = 12, LongestName = 16, LongestTitle = 40;
    private const double Top = 64, Right = 24, CharacterWidth = 6.5;

    public static byte[] Draw(string title, ConfusionMatrix matrix)
    {
        List<(string Name, int[] Classes)> groups = Groups(matrix);
        double cell = Math.Clamp(360.0 / groups.Count, 16, 110), side = cell * groups.Count;
        int longest = groups.Max(group => Math.Min(LongestName, new StringInfo(group.Name).LengthInTextElements));
        double names = 8 + (longest * CharacterWidth), left = 30 + names, bottom = 40 + (names * 0.75);
        var svg = new Svg(Math.Max(left + side + Right, 360), Top + side + bottom, title);
        svg.Text(16, 24, title, 15, most: LongestTitle);
        svg.Text(16, 44, string.Create(CultureInfo.InvariantCulture, $"accuracy {matrix.Accuracy:0.####}"), 12);
        svg.Text(left + (side / 2), Top + side + bottom - 12, "Predicted", 12, "middle");
        svg.Text(18, Top + (side / 2), "Actual", 12, "middle", rotation: -90);
        for (int row = 0; row < groups.Count; row++)
        {
            string name = groups[row].Name;
            double middle = (row + 0.5) * cell;
            svg.Text(left - 8, Top + middle + 4, name, 11, "end", most: LongestName);
            svg.Text(left + middle + 4, Top + side + 14, name, 11, "end", rotation: -45, most: LongestName);
            double support = groups[row].Classes.Sum(matrix.Support);
            for (int column = 0; column < groups.Count; column++)
            {
                double weight = groups[row].Classes.Sum(actual => groups[column].Classes.Sum(predicted => matrix[actual, predicted]));
                if (weight == 0)
                    continue;
                double x = left + (column * cell), y = Top + (row * cell);
                string number = weight.ToString(weight < 1e6 ? "0.##" : "0.##e+0", CultureInfo.InvariantCulture);
                svg.Rectangle(x, y, cell, cell, Ink.Curve, StrongestCell * weight / support, string.Create(CultureInfo.InvariantCulture, $"{name} → {groups[column].Name}: {number} ({weight / support:P1})"));
                if (groups.Count <= MostNumbered)
                    svg.Text(x + (cell / 2), y + (cell / 2) + 4, number, groups.Count <= 6 ? 13 : 10, "middle");
            }
        }

        for (int line = 0; line <= groups.Count; line++)
        {
            svg.Line(left, Top + (line * cell), left + side, Top + (line * cell), Ink.Grid);
            svg.Line(left + (line * cell), Top, left + (line * cell), Top + side, Ink.Grid);
        }

        return svg.ToUtf8();
    }

    private static List<(string Name, int[] Classes)> Groups(ConfusionMatrix matrix)
    {
        int[] all = [.. Enumerable.Range(0, matrix.ClassCount)];
        if (all.Length <= MostClasses)
            return [.. all.Select(number => (matrix.ClassNames[number], new[] { number }))];
        int[] largest = [.. all.OrderByDescending(matrix.Support).ThenBy(number => number).Take(MostClasses - 1).Order()];
        int[] others = [.. all.Except(largest)];
        return [.. largest.Select(number => (matrix.ClassNames[number], new[] { number })), ($"({others.Length} others)", others)];
    }
}
