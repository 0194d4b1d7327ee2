using System.Globalization;
using System.Text;
using System.Xml.Linq;
using MLOps.Tracking.Evaluation.Plots;

namespace MLOps.Tracking.Tests.Evaluation.Plots;

public sealed class SvgTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    [Theory]
    [InlineData("a < b & c > \"d\" 'e'")]
    [InlineData("]]> <!-- --> <script>alert(1)</script> &amp; &#0;")]
    [InlineData("שלום עולם العربية")]
    [InlineData("日本 🎉 é")]
    public void Text_comes_back_as_it_was_from_an_xml_parser(string text)
    {
        var svg = new Svg(100, 50, text);
        svg.Text(1, 2, text, 12);
        svg.Circle(1, 1, 1, Ink.Curve, tooltip: text);
        XElement root = Parse(svg.ToUtf8());
        Assert.Equal(text, root.Element(s_svg + "title")?.Value);
        Assert.Equal(text, root.Element(s_svg + "text")?.Value);
        Assert.Equal(text, root.Element(s_svg + "circle")?.Element(s_svg + "title")?.Value);
    }

    [Fact]
    public void What_xml_cannot_hold_becomes_the_replacement_character()
    {
        for (int code = 0; code <= 0xFFFF; code++)
        {
            var svg = new Svg(1, 1, $"a{(char)code}b");
            string title = Parse(svg.ToUtf8()).Element(s_svg + "title")!.Value;
            bool isLegal = code is '\t' or '\n' or (>= 0x20 and < 0xD800) or (>= 0xE000 and < 0xFFFE);
            // A parser reads every line end as \n.
            Assert.Equal(code == '\r' ? "a\nb" : isLegal ? $"a{(char)code}b" : "a\uFFFDb", title);
        }
    }

    [Fact]
    public void Long_text_is_cut_between_characters_and_is_whole_in_its_tooltip()
    {
        string name = string.Concat(Enumerable.Repeat("👩‍🔬é", 10));
        var svg = new Svg(1, 1, "t");
        svg.Text(0, 0, name, 12, most: 5);
        XElement text = Parse(svg.ToUtf8()).Element(s_svg + "text")!;
        Assert.Equal("👩‍🔬é👩‍🔬é…", text.Nodes().OfType<XText>().Single().Value);
        Assert.Equal(name, text.Element(s_svg + "title")?.Value);
    }

    [Fact]
    public void Numbers_know_no_culture()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NegativeSign) = (",", "~");
        CultureInfo before = CultureInfo.CurrentCulture;
        byte[] expected = Draw();
        try
        {
            CultureInfo.CurrentCulture = culture;
            Assert.Equal(expected, Draw());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        Assert.Contains("points=\"-0.5,1.23 0,2\"", Encoding.UTF8.GetString(expected), StringComparison.Ordinal);

        static byte[] Draw()
        {
            var svg = new Svg(1.5, 2.25, "t");
            svg.Polyline([(-0.5, 1.234), (-0.001, 2)], Ink.Curve);
            svg.Text(-1.5, 0.5, "x", 11.5, rotation: -45);
            svg.Rectangle(0.125, -0.5, 1, 1, Ink.Grid, 0.25, "y");
            return svg.ToUtf8();
        }
    }

    [Fact]
    public void Text_can_be_read_on_paper_and_on_the_strongest_cell_light_and_dark()
    {
        (string Light, string Dark) paper = Svg.Palette[(int)Ink.Paper], text = Svg.Palette[(int)Ink.Text], curve = Svg.Palette[(int)Ink.Curve], reference = Svg.Palette[(int)Ink.Reference];
        Assert.True(Contrast(paper.Light, text.Light) > 7 && Contrast(paper.Dark, text.Dark) > 7);
        Assert.True(Contrast(paper.Light, curve.Light) > 3 && Contrast(paper.Dark, curve.Dark) > 3);
        Assert.True(Contrast(paper.Light, reference.Light) > 3 && Contrast(paper.Dark, reference.Dark) > 3);
        Assert.True(Contrast(Mix(paper.Light, curve.Light, ConfusionPlot.StrongestCell), text.Light) > 4.5);
        Assert.True(Contrast(Mix(paper.Dark, curve.Dark, ConfusionPlot.StrongestCell), text.Dark) > 4.5);
    }

    /// <summary>An image of its own: well-formed, on paper of its own, without script, event, reference or import.</summary>
    internal static XElement Parse(byte[] svg)
    {
        string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(svg);
        XElement root = XElement.Parse(text, LoadOptions.PreserveWhitespace);
        Assert.Equal(s_svg + "svg", root.Name);
        XElement paper = root.Elements(s_svg + "rect").First();
        Assert.Equal((root.Attribute("width")?.Value, root.Attribute("height")?.Value), (paper.Attribute("width")?.Value, paper.Attribute("height")?.Value));
        Assert.Contains("prefers-color-scheme: dark", root.Element(s_svg + "style")!.Value, StringComparison.Ordinal);
        foreach (XElement element in root.DescendantsAndSelf())
        {
            Assert.Contains(element.Name.LocalName, new[] { "svg", "title", "style", "rect", "circle", "line", "polyline", "text" });
            Assert.DoesNotContain(element.Attributes(), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal) || attribute.Name.LocalName is "href" or "src" or "style");
            Assert.DoesNotContain(element.Attributes(), attribute => attribute.Value.Contains("NaN", StringComparison.Ordinal) || attribute.Value.Contains("Infinity", StringComparison.Ordinal));
        }

        string style = root.Element(s_svg + "style")!.Value;
        Assert.False(style.Contains("url(", StringComparison.Ordinal) || style.Contains("@import", StringComparison.Ordinal));
        return root;
    }

    private static string Mix(string under, string over, double opacity) =>
        "#" + string.Concat(new[] { 1, 3, 5 }.Select(at => ((int)((Channel(under, at) * (1 - opacity)) + (Channel(over, at) * opacity))).ToString("x2", CultureInfo.InvariantCulture)));

    /// <summary>The contrast ratio of WCAG 2, 1 to 21.</summary>
    private static double Contrast(string first, string second)
    {
        double a = Luminance(first), b = Luminance(second);
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string colour)
    {
        double[] linear = [.. new[] { 1, 3, 5 }.Select(at => Channel(colour, at) / 255.0).Select(c => c <= 0.03928 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4))];
        return (0.2126 * linear[0]) + (0.7152 * linear[1]) + (0.0722 * linear[2]);
    }

    private static int Channel(string colour, int at) => int.Parse(colour.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
