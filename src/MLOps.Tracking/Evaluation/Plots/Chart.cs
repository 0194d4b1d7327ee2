namespace MLOps.Tracking.Evaluation.Plots;

/// <summary>A plot with two axes: its frame, and shapes at values of the axes.</summary>
internal sealed class Chart
{
    /// <summary>The most vertices of a line.</summary>
    public const int MostVertices = 1000;

    /// <summary>How far a line may move from the values when vertices are left out, as a part of the axes' lengths: a twenty-fifth of a pixel, which no eye and no screen shows.</summary>
    public const double Tolerance = 1e-4;

    private const double Left = 68, Top = 58, Side = 400, Right = 24, Bottom = 56;
    private const int LongestTitle = 44;
    private readonly Svg _svg;
    private readonly Axis _x;
    private readonly Axis _y;

    public Chart(string title, string subtitle, Axis x, Axis y)
    {
        (_x, _y) = (x, y);
        _svg = new Svg(Left + Side + Right, Top + Side + Bottom, title);
        _svg.Text(Left, 24, title, 15, most: LongestTitle);
        _svg.Text(Left, 44, subtitle, 12);
        foreach ((double value, string text) in x.Ticks)
        {
            _svg.Line(X(value), Top, X(value), Top + Side, Ink.Grid);
            _svg.Text(X(value), Top + Side + 18, text, 11, "middle");
        }

        foreach ((double value, string text) in y.Ticks)
        {
            _svg.Line(Left, Y(value), Left + Side, Y(value), Ink.Grid);
            _svg.Text(Left - 8, Y(value) + 4, text, 11, "end");
        }

        _svg.Line(Left, Top + Side, Left + Side, Top + Side, Ink.Reference);
        _svg.Line(Left, Top, Left, Top + Side, Ink.Reference);
        _svg.Text(Left + (Side / 2), Top + Side + 42, x.Label, 12, "middle");
        _svg.Text(18, Top + (Side / 2), y.Label, 12, "middle", rotation: -90);
    }

    /// <summary>An axis for rates and probabilities.</summary>
    public static Axis Share(string label) => new(label, 0, 1);

    public void Reference(double x1, double y1, double x2, double y2) => _svg.Line(X(x1), Y(y1), X(x2), Y(y2), Ink.Reference, dashed: true);

    public void Curve(IEnumerable<(double X, double Y)> vertices) => _svg.Polyline(vertices.Select(vertex => (X(vertex.X), Y(vertex.Y))), Ink.Curve);

    public void Point(double x, double y, double radius, double opacity = 1, string? tooltip = null) => _svg.Circle(X(x), Y(y), radius, Ink.Curve, opacity, tooltip);

    /// <summary>A shaded cell between two corners.</summary>
    public void Cell(double left, double bottom, double right, double top, double opacity) =>
        _svg.Rectangle(X(left), Y(top), X(right) - X(left), Y(bottom) - Y(top), Ink.Curve, opacity);

    /// <summary>Says why there is nothing to see.</summary>
    public void Note(string text) => _svg.Text(Left + (Side / 2), Top + (Side / 2), text, 13, "middle");

    public byte[] ToUtf8() => _svg.ToUtf8();

    private double X(double value) => Left + (Side * _x.Position(value));

    private double Y(double value) => Top + (Side * (1 - _y.Position(value)));
}
