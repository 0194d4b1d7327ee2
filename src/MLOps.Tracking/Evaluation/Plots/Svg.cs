using System.Globalization;
using System.Text;

namespace MLOps.Tracking.Evaluation.Plots;

/// <summary>Writes an SVG image of plain shapes: complete in itself, without script or reference, the same bytes for the same shapes.</summary>
/// <remarks>Colours are attributes, which any viewer understands; a style sheet replaces them where the viewer says that it is dark. Lengths are pixels, with two decimals.</remarks>
internal sealed class Svg
{
    /// <summary>The colours by <see cref="Ink"/>, for light and for dark viewers. Text stands out from paper by 4.5 : 1 at least.</summary>
    public static readonly (string Light, string Dark)[] Palette =
    [
        ("#ffffff", "#0d1117"), ("#1f2328", "#f0f6fc"), ("#d0d7de", "#30363d"), ("#6e7781", "#8b949e"), ("#0550ae", "#79c0ff"),
    ];

    private readonly StringBuilder _text = new();

    public Svg(double width, double height, string title)
    {
        _text.Append("<svg xmlns=\"http://www.w3.org/2000/svg\"");
        Attribute("width", width);
        Attribute("height", height);
        _text.Append(CultureInfo.InvariantCulture, $" viewBox=\"0 0 {Number(width)} {Number(height)}\" role=\"img\" font-family=\"system-ui, sans-serif\">\n<title>");
        Escape(title);
        _text.Append("</title>\n<style>@media (prefers-color-scheme: dark) {");
        for (int ink = 0; ink < Palette.Length; ink++)
            _text.Append(CultureInfo.InvariantCulture, $" .f{ink} {{ fill: {Palette[ink].Dark} }} .s{ink} {{ stroke: {Palette[ink].Dark} }}");
        _text.Append(" }</style>\n");
        Rectangle(0, 0, width, height, Ink.Paper);
    }

    public void Rectangle(double x, double y, double width, double height, Ink ink, double opacity = 1, string? tooltip = null)
    {
        _text.Append("<rect");
        Attribute("x", x);
        Attribute("y", y);
        Attribute("width", width);
        Attribute("height", height);
        Fill(ink, opacity);
        End("rect", tooltip);
    }

    public void Circle(double x, double y, double radius, Ink ink, double opacity = 1, string? tooltip = null)
    {
        _text.Append("<circle");
        Attribute("cx", x);
        Attribute("cy", y);
        Attribute("r", radius);
        Fill(ink, opacity);
        End("circle", tooltip);
    }

    public void Line(double x1, double y1, double x2, double y2, Ink ink, bool dashed = false)
    {
        _text.Append("<line");
        Attribute("x1", x1);
        Attribute("y1", y1);
        Attribute("x2", x2);
        Attribute("y2", y2);
        Stroke(ink, 1);
        if (dashed)
            _text.Append(" stroke-dasharray=\"5 4\"");
        End("line", null);
    }

    public void Polyline(IEnumerable<(double X, double Y)> vertices, Ink ink)
    {
        _text.Append("<polyline points=\"");
        string separator = "";
        foreach ((double x, double y) in vertices)
        {
            _text.Append(CultureInfo.InvariantCulture, $"{separator}{Number(x)},{Number(y)}");
            separator = " ";
        }

        _text.Append("\" fill=\"none\" stroke-linejoin=\"round\"");
        Stroke(ink, 2);
        End("polyline", null);
    }

    /// <param name="x">Where the text is anchored.</param>
    /// <param name="y">The line that it stands on.</param>
    /// <param name="text">Any text; what XML cannot hold becomes U+FFFD.</param>
    /// <param name="size">The size of the font.</param>
    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c>.</param>
    /// <param name="rotation">Degrees clockwise around the anchor.</param>
    /// <param name="most">The most characters, as a reader counts them: longer text ends in an ellipsis and has the whole as its tooltip.</param>
    public void Text(double x, double y, string text, double size, string anchor = "start", double rotation = 0, int most = int.MaxValue)
    {
        var characters = new StringInfo(text);
        bool isLong = characters.LengthInTextElements > most;
        _text.Append("<text");
        Attribute("x", x);
        Attribute("y", y);
        Attribute("font-size", size);
        _text.Append(CultureInfo.InvariantCulture, $" text-anchor=\"{anchor}\"");
        if (rotation != 0)
            _text.Append(CultureInfo.InvariantCulture, $" transform=\"rotate({Number(rotation)} {Number(x)} {Number(y)})\"");
        Fill(Ink.Text, 1);
        _text.Append('>');
        Escape(isLong ? characters.SubstringByTextElements(0, most - 1) + "…" : text);
        Tooltip(isLong ? text : null);
        _text.Append("</text>\n");
    }

    public byte[] ToUtf8() => Encoding.UTF8.GetBytes(_text.ToString() + "</svg>\n");

    // Adding zero turns −0, which would be written with its sign, into 0.
    private static string Number(double value) => (Math.Round(value, 2) + 0.0).ToString("0.##", CultureInfo.InvariantCulture);

    private void Attribute(string name, double value) => _text.Append(CultureInfo.InvariantCulture, $" {name}=\"{Number(value)}\"");

    private void Fill(Ink ink, double opacity)
    {
        _text.Append(CultureInfo.InvariantCulture, $" class=\"f{(int)ink}\" fill=\"{Palette[(int)ink].Light}\"");
        if (opacity < 1)
            Attribute("fill-opacity", opacity);
    }

    private void Stroke(Ink ink, double width)
    {
        _text.Append(CultureInfo.InvariantCulture, $" class=\"s{(int)ink}\" stroke=\"{Palette[(int)ink].Light}\"");
        Attribute("stroke-width", width);
    }

    private void End(string element, string? tooltip)
    {
        if (tooltip is null)
        {
            _text.Append("/>\n");
            return;
        }

        _text.Append('>');
        Tooltip(tooltip);
        _text.Append(CultureInfo.InvariantCulture, $"</{element}>\n");
    }

    private void Tooltip(string? text)
    {
        if (text is null)
            return;
        _text.Append("<title>");
        Escape(text);
        _text.Append("</title>");
    }

    private void Escape(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '&' => _text.Append("&amp;"),
                '<' => _text.Append("&lt;"),
                '>' => _text.Append("&gt;"),
                '"' => _text.Append("&quot;"),
                // The control characters and the two noncharacters that no XML 1.0 text may hold, not even as a reference. Unpaired surrogates come as U+FFFD already.
                (< 0x20 and not ('\t' or '\n' or '\r')) or 0xFFFE or 0xFFFF => _text.Append('�'),
                _ => _text.Append(rune),
            };
        }
    }
}
