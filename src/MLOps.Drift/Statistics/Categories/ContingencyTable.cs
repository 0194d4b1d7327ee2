using System.Globalization;

namespace MLOps.Drift.Statistics;

/// <summary>
/// The table of two rows, the reference and the current sample, and a column for each cell, with what every test of such a table starts from. The difference of a count from its
/// expectation is a·m − b·n over a total, taken exactly in integers of 128 bits: subtracting rounded expectations loses all digits where large samples nearly agree.
/// </summary>
internal sealed class ContingencyTable
{
    private readonly CellCounts _cells;

    public ContingencyTable(CellCounts cells)
    {
        ArgumentNullException.ThrowIfNull(cells);
        _cells = cells;
        (Reference, Current) = (cells.ReferenceTotal ?? 0, cells.CurrentTotal ?? 0);
        for (int cell = 0; cell < Columns; cell++)
            Filled += Size(cell) > 0 ? 1 : 0;
    }

    public int Columns => _cells.Names.Count;

    /// <summary>Columns with a count on either side.</summary>
    public int Filled { get; }

    public int DegreesOfFreedom => Filled - 1;

    /// <summary>The sum of the first row.</summary>
    public long Reference { get; }

    /// <summary>The sum of the second row.</summary>
    public long Current { get; }

    public double Total => (double)Reference + Current;

    /// <summary>The sum of a column.</summary>
    public double Size(int cell) => (double)_cells.Reference[cell] + _cells.Current[cell];

    public (double Reference, double Current) Expected(int cell)
    {
        double share = Size(cell) / Total;
        return (Reference * share, Current * share);
    }

    /// <summary>The reference's count less what is expected of it; the current sample's differs by as much in the other direction.</summary>
    public double Deviation(int cell) => Cross(cell) / Total;

    /// <summary>The current sample's count less what is expected of it when the reference's shares are taken for exact.</summary>
    public double DeviationFromReference(int cell) => -Cross(cell) / Reference;

    /// <summary>What the current sample's count is expected to be when the reference's shares are taken for exact.</summary>
    public double ExpectedByReference(int cell) => Current * ((double)_cells.Reference[cell] / Reference);

    /// <summary>χ² of homogeneity without a correction.</summary>
    public double ChiSquared()
    {
        double sum = 0;
        for (int cell = 0; cell < Columns; cell++)
            sum += ChiSquared(cell, correction: 0);
        return sum;
    }

    /// <summary>What a column adds to χ²; the correction, at most the deviation itself, brings the deviation nearer to 0.</summary>
    public double ChiSquared(int cell, double correction)
    {
        if (Size(cell) == 0)
            return 0;
        (double reference, double current) = Expected(cell);
        double deviation = Math.Abs(Deviation(cell));
        deviation -= Math.Min(correction, deviation);
        return (deviation * (deviation / reference)) + (deviation * (deviation / current));
    }

    /// <summary>Cramér's V of a table of two rows, and 0 for one column, in which nothing can differ.</summary>
    public double CramersV() => Math.Min(Math.Sqrt(ChiSquared() / Total), 1);

    /// <summary>Cohen's w of the current sample against the reference's shares: √(Σ (q − p)² / p).</summary>
    public double CohensW()
    {
        double sum = 0;
        for (int cell = 0; cell < Columns; cell++)
        {
            double deviation = DeviationFromReference(cell);
            if (deviation != 0)
                sum += deviation * (deviation / ExpectedByReference(cell));
        }

        return Math.Sqrt(sum / Current);
    }

    /// <summary>Cochran's rule for the law of χ² (1954, Biometrics 10, 417–451): no expectation under 1, and at most a fifth of them under 5.</summary>
    /// <param name="expected">The expectations of each column.</param>
    /// <param name="advice">What to do instead, as an imperative.</param>
    public string? CochranNote(Func<int, IEnumerable<double>> expected, string advice)
    {
        long all = 0, underFive = 0;
        double least = double.PositiveInfinity;
        for (int cell = 0; cell < Columns; cell++)
        {
            if (Size(cell) == 0)
                continue;
            foreach (double one in expected(cell))
            {
                all++;
                underFive += one < 5 ? 1 : 0;
                least = Math.Min(least, one);
            }
        }

        return least < 1 || underFive * 5 > all
            ? string.Create(CultureInfo.InvariantCulture, $"{underFive:N0} of {all:N0} expected counts are below 5, the least is {least:0.###}: the χ² law is rough here (Cochran's rule). {advice}.")
            : null;
    }

    public IEnumerable<double> BothExpected(int cell)
    {
        (double reference, double current) = Expected(cell);
        return [reference, current];
    }

    /// <summary>The result's frame: method, rule, and how many values there are; with the reason when there is no number.</summary>
    public TestResult Frame(string method, string rule) => CellResult.Begin(method, _cells) with { Rule = _cells.Rule.Length == 0 ? rule : $"{rule}; {_cells.Rule}" };

    public Cell[] Cells(Func<int, double> contribution)
    {
        Cell[] cells = new Cell[Columns];
        for (int cell = 0; cell < cells.Length; cell++)
            cells[cell] = new Cell(_cells.Names[cell], _cells.Reference[cell], _cells.Current[cell], contribution(cell));
        return cells;
    }

    /// <summary>a·m − b·n: 0 when the cell's shares are equal.</summary>
    private double Cross(int cell) => (double)(((Int128)_cells.Reference[cell] * Current) - ((Int128)_cells.Current[cell] * Reference));
}
