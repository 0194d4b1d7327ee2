using System.Globalization;

namespace MLOps.Drift.Statistics;

/// <summary>
/// Cells that the numbers are divided into: e₁ &lt; … &lt; eₖ make the k + 1 cells (−∞, e₁), [e₁, e₂), …, [eₖ, ∞), so that every value lies in one of them, also one that the reference has never seen.
/// </summary>
/// <remarks>
/// Immutable and safe for any number of threads. A value belongs to the cell that begins with it. −0.0 is 0.0, infinities lie in the outer cells, NaN in none.
/// The factories never fail on data: without any value there is one cell, and a constant lies in a cell of its own between the cells below and above it.
/// </remarks>
public sealed class Bins
{
    private readonly double[] _edges;
    private readonly double _origin;
    private readonly double _cellsPerUnit;
    private string[]? _names;

    private Bins(double[] edges, string rule, double origin = 0, double cellsPerUnit = 0) => (_edges, Rule, _origin, _cellsPerUnit) = (edges, rule, origin, cellsPerUnit);

    /// <summary>e₁ to eₖ, ascending. The outer cells begin at −∞ and end at ∞, which are not among them.</summary>
    public ReadOnlySpan<double> Edges => _edges;

    /// <summary>How many cells there are: one more than edges.</summary>
    public int Cells => _edges.Length + 1;

    /// <summary>How the edges were chosen, as a report prints it: <c>10 quantile bins of the reference</c>.</summary>
    public string Rule { get; }

    /// <summary>
    /// The cells as intervals, for people: <c>(-∞, 0.5)</c>, <c>[0.5, 1.25)</c>, <c>{0}</c> for a cell of one value. Rounded to as few digits, 4 or more, as tell the edges apart; <see cref="Edges"/> has all digits.
    /// </summary>
    public IReadOnlyList<string> Names => _names ??= Describe();

    /// <summary>Cells that hold equal shares of the reference: edges are its quantiles of type 7 at i / B, each once.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="cells">B, how many cells, 1 to 10,000. Default 10. Ties in the reference make them fewer.</param>
    /// <param name="massPoints">
    /// Whether a value that two or more quantiles fall on, since it holds more than a B-th of the reference, gets a cell of its own: the zeros of a column that is mostly 0, each level of a column of few.
    /// Without it, such a value shares its cell with all up to the next edge, and a reference of one value has one cell, in which no drift is seen; that is what numpy and most tools do. Default yes.
    /// </param>
    /// <returns>The cells.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of cells is out of its range.</exception>
    /// <remarks>Agrees with <c>numpy.quantile</c> 1.24.2 and the rule <c>quantile</c> of tests/MLOps.Drift.Tests/Vectors/cases/binned.json where <paramref name="massPoints"/> is off, or has nothing to do.</remarks>
    public static Bins Quantiles(Sample reference, int cells = 10, bool massPoints = true)
    {
        Check(reference, cells);
        double[] edges = BinCuts.Quantiles(reference.Sorted, cells, massPoints, out int points);
        string made = edges.Length + 1 == cells ? "" : $", {edges.Length + 1} after ties";
        string own = points == 0 ? "" : $", {points} of one value";
        return new Bins(edges, $"{cells} quantile bins of the reference{made}{own}");
    }

    /// <summary>Cells of equal width from the smallest to the largest finite value of the reference; the outer ones go on to −∞ and ∞.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="cells">How many cells, 1 to 10,000. Default 10.</param>
    /// <returns>The cells.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of cells is out of its range.</exception>
    /// <remarks>One outlier makes them useless, since all other values lie in one cell then: prefer <see cref="Quantiles"/> where the range is not known. Edges are those of <c>numpy.linspace</c> 1.24.2.</remarks>
    public static Bins EqualWidth(Sample reference, int cells = 10)
    {
        Check(reference, cells);
        return OfWidth(reference, cells, "");
    }

    /// <summary>As many cells of equal width as Sturges' rule asks for: ⌈log₂ n + 1⌉.</summary>
    /// <param name="reference">The reference.</param>
    /// <returns>The cells.</returns>
    /// <remarks>Source: Sturges (1926), JASA 21, 65–66. Agrees with <c>numpy.histogram_bin_edges(x, "sturges")</c> 1.24.2.</remarks>
    public static Bins Sturges(Sample reference) => ByWidthRule(reference, BinCuts.SturgesWidth, "Sturges' rule");

    /// <summary>As many cells of equal width as Doane's rule asks for: Sturges', and more the more skewed the reference is.</summary>
    /// <param name="reference">The reference.</param>
    /// <returns>The cells.</returns>
    /// <remarks>Source: Doane (1976), The American Statistician 30, 181–183. Agrees with <c>numpy.histogram_bin_edges(x, "doane")</c> 1.24.2.</remarks>
    public static Bins Doane(Sample reference) => ByWidthRule(reference, BinCuts.DoaneWidth, "Doane's rule");

    /// <summary>As many cells of equal width as the rule of Freedman and Diaconis asks for: of width 2 IQR / ∛n. 10,000 at most, since an outlier may ask for billions; <see cref="Rule"/> then says so.</summary>
    /// <param name="reference">The reference.</param>
    /// <returns>The cells. Where the interquartile range is 0 and the rule has no width, Sturges' rule.</returns>
    /// <remarks>Source: Freedman and Diaconis (1981), Zeitschrift für Wahrscheinlichkeitstheorie 57, 453–476. Agrees with <c>numpy.histogram_bin_edges(x, "fd")</c> 1.24.2, but for an interquartile range of 0, where numpy gives one cell.</remarks>
    public static Bins FreedmanDiaconis(Sample reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return reference.Count > 0 && Descriptive.Quantile(reference.Sorted, 0.25) == Descriptive.Quantile(reference.Sorted, 0.75)
            ? ByWidthRule(reference, BinCuts.SturgesWidth, "Sturges' rule, since the interquartile range is 0")
            : ByWidthRule(reference, BinCuts.FreedmanDiaconisWidth, "the rule of Freedman and Diaconis");
    }

    /// <summary>Cells of your own, or restored ones: <c>Bins.Of(bins.Edges, bins.Rule)</c> is the same as <c>bins</c>.</summary>
    /// <param name="edges">e₁ to eₖ, ascending, without −∞. ∞ as the last one gives ∞ a cell of its own. Empty for one cell that holds all values.</param>
    /// <param name="rule">How they were chosen; it becomes <see cref="Rule"/>. By default <c>k bins of given edges</c>.</param>
    /// <returns>The cells.</returns>
    /// <exception cref="ArgumentException">An edge is NaN or −∞, or not above the one before it.</exception>
    public static Bins Of(ReadOnlySpan<double> edges, string? rule = null)
    {
        double[] copy = new double[edges.Length];
        double last = double.NegativeInfinity;
        for (int i = 0; i < edges.Length; i++)
        {
            if (!(edges[i] > last))
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Edge {i} is {edges[i]}, after {last}: edges are ascending, without NaN and −∞."), nameof(edges));
            last = copy[i] = edges[i] + 0.0;
        }

        return new Bins(copy, rule ?? $"{edges.Length + 1} bins of given edges");
    }

    /// <summary>The cell that a value lies in.</summary>
    /// <param name="value">The value.</param>
    /// <returns>0 to <see cref="Cells"/> − 1; −1 for NaN.</returns>
    public int IndexOf(double value) => double.IsNaN(value) ? -1 : BinCounter.Search(_edges, value);

    /// <summary>Adds to the count of each cell the values that lie in it: call it for one chunk of a column after the other.</summary>
    /// <param name="values">The values in any order; NaN is missing.</param>
    /// <param name="counts">As many as <see cref="Cells"/>.</param>
    /// <returns>How many values are missing and were not counted.</returns>
    /// <exception cref="ArgumentException">There are not as many counts as cells.</exception>
    /// <remarks>
    /// Allocates nothing. Up to 199 edges, each value is compared with each, several values at once by vector instructions; where cells are of equal width and 50 or more, the cell is computed from the value;
    /// else it is searched in log₂ k steps. All three give the same counts.
    /// </remarks>
    public long Count(ReadOnlySpan<double> values, Span<long> counts)
    {
        if (counts.Length != Cells)
            throw new ArgumentException($"There are {Cells} cells and {counts.Length} counts.", nameof(counts));
        if (_cellsPerUnit > 0 && _edges.Length > BinCounter.MostComparedIfEqualWidth)
            return BinCounter.ByArithmetic(values, _edges, _origin, _cellsPerUnit, counts);
        return _edges.Length <= BinCounter.MostCompared
            ? BinCounter.ByComparison(values, _edges, counts)
            : BinCounter.BySearch(values, _edges, counts);
    }

    /// <summary>The same for a prepared sample, in time k log n.</summary>
    internal void Count(Sample values, Span<long> counts)
    {
        ReadOnlySpan<double> sorted = values.Sorted;
        int from = 0;
        for (int cell = 0; cell < _edges.Length; cell++)
        {
            int to = from + BinCounter.CountBelow(sorted[from..], _edges[cell]);
            counts[cell] += to - from;
            from = to;
        }

        counts[_edges.Length] += sorted.Length - from;
    }

    private static Bins ByWidthRule(Sample reference, Func<double[], double, double> width, string name)
    {
        ArgumentNullException.ThrowIfNull(reference);
        double asked = BinCuts.Cells(reference.Sorted, width);
        string capped = asked > BinCuts.MostCells ? string.Create(CultureInfo.InvariantCulture, $", which asks for {asked:0}") : "";
        return OfWidth(reference, (int)Math.Min(asked, BinCuts.MostCells), $" by {name}{capped}");
    }

    private static Bins OfWidth(Sample reference, int cells, string rule)
    {
        double[] edges = BinCuts.EqualWidth(reference.Sorted, cells, out double origin, out double cellsPerUnit);
        string made = edges.Length + 1 == cells ? "" : $", {edges.Length + 1} after ties";
        return new Bins(edges, $"{cells} bins of equal width over the reference{rule}{made}", origin, cellsPerUnit);
    }

    private static void Check(Sample reference, int cells)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentOutOfRangeException.ThrowIfLessThan(cells, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cells, BinCuts.MostCells);
    }

    private string[] Describe()
    {
        int digits = 4;
        while (digits < 17 && !AreApart(digits))
            digits++;
        string[] names = new string[Cells];
        for (int cell = 0; cell < names.Length; cell++)
        {
            // After a cell of one value comes what is above that value.
            bool open = cell == 0 || IsPoint(cell - 1);
            names[cell] = IsPoint(cell) ? $"{{{Text(Lower(cell), 17)}}}" : $"{(open ? '(' : '[')}{Text(Start(cell), digits)}, {Text(Upper(cell), digits)})";
        }

        return names;
    }

    private bool AreApart(int digits)
    {
        for (int cell = 1; cell < _edges.Length; cell++)
        {
            if (!IsPoint(cell) && string.Equals(Text(Start(cell), digits), Text(Upper(cell), digits), StringComparison.Ordinal))
                return false;
        }

        return true;
    }

    private double Lower(int cell) => cell == 0 ? double.NegativeInfinity : _edges[cell - 1];

    private double Upper(int cell) => cell == _edges.Length ? double.PositiveInfinity : _edges[cell];

    /// <summary>Where the name of a cell begins: at its edge, or at the value that has a cell of its own before it.</summary>
    private double Start(int cell) => cell > 0 && IsPoint(cell - 1) ? Lower(cell - 1) : Lower(cell);

    /// <summary>Whether one value alone can lie in a cell. The last cell ends with ∞ and not before it.</summary>
    private bool IsPoint(int cell) => cell == _edges.Length ? double.IsPositiveInfinity(Lower(cell)) : Upper(cell) == double.BitIncrement(Lower(cell));

    private static string Text(double value, int digits)
    {
        if (double.IsInfinity(value))
            return value > 0 ? "∞" : "-∞";
        if (digits < 17)
            value = double.Parse(value.ToString($"E{digits - 1}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return value.ToString("R", CultureInfo.InvariantCulture);
    }
}
