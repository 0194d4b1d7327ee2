namespace MLOps.Drift.Statistics;

/// <summary>Rows of numeric features, one column a feature: what the multivariate methods compare.</summary>
/// <remarks>
/// <para>Immutable and safe for any number of threads. Row-major, 8 bytes a value, copied once when made; <see cref="Slice"/> shares the copy.</para>
/// <para>NaN is a missing value. What a row with one is worth is the method's to say: methods of distances leave the row out, methods with a model put something in its place.
/// Categories are the caller's to encode: by frequency in the reference, as NannyML does, or one column a category. A matrix without rows fits any number of columns.</para>
/// </remarks>
public sealed class FeatureMatrix
{
    private readonly double[] _values;
    private readonly int _start;

    private FeatureMatrix(double[] values, int start, int rows, int columns) => (_values, _start, Rows, Columns) = (values, start, rows, columns);

    /// <summary>How many rows there are.</summary>
    public int Rows { get; }

    /// <summary>How many columns there are.</summary>
    public int Columns { get; }

    /// <summary>A row.</summary>
    /// <param name="row">0 to <see cref="Rows"/> − 1.</param>
    /// <returns>Its values, one for each column.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<double> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return _values.AsSpan(_start + (row * Columns), Columns);
    }

    /// <summary>A copy of rows.</summary>
    /// <param name="rows">The rows, all with as many values.</param>
    /// <returns>The matrix.</returns>
    /// <exception cref="ArgumentException">A row has another number of values than the first.</exception>
    public static FeatureMatrix OfRows(IReadOnlyList<double[]> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        int columns = rows.Count == 0 ? 0 : rows[0].Length;
        double[] values = new double[checked(rows.Count * columns)];
        for (int row = 0; row < rows.Count; row++)
        {
            if (rows[row].Length != columns)
                throw new ArgumentException($"Row {row} has {rows[row].Length} values, row 0 has {columns}.", nameof(rows));
            rows[row].CopyTo(values, row * columns);
        }

        return new FeatureMatrix(values, 0, rows.Count, columns);
    }

    /// <summary>A copy of columns.</summary>
    /// <param name="columns">The columns, all with as many values.</param>
    /// <returns>The matrix.</returns>
    /// <exception cref="ArgumentException">A column has another number of values than the first.</exception>
    public static FeatureMatrix OfColumns(IReadOnlyList<double[]> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        int rows = columns.Count == 0 ? 0 : columns[0].Length;
        double[] values = new double[checked(rows * columns.Count)];
        for (int column = 0; column < columns.Count; column++)
        {
            double[] from = columns[column];
            if (from.Length != rows)
                throw new ArgumentException($"Column {column} has {from.Length} values, column 0 has {rows}.", nameof(columns));
            for (int row = 0; row < rows; row++)
                values[(row * columns.Count) + column] = from[row];
        }

        return new FeatureMatrix(values, 0, rows, columns.Count);
    }

    /// <summary>A copy of values that lie row after row.</summary>
    /// <param name="values">The values.</param>
    /// <param name="columns">How many make a row, at least 1.</param>
    /// <returns>The matrix.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is below 1.</exception>
    /// <exception cref="ArgumentException">The values do not fill the last row.</exception>
    public static FeatureMatrix OfRowMajor(ReadOnlySpan<double> values, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        return values.Length % columns == 0
            ? new FeatureMatrix(values.ToArray(), 0, values.Length / columns, columns)
            : throw new ArgumentException($"{values.Length} values do not fill rows of {columns}.", nameof(values));
    }

    /// <summary>A chunk of consecutive rows. Copies nothing.</summary>
    /// <param name="start">The first row.</param>
    /// <param name="rows">How many rows.</param>
    /// <returns>The chunk.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Not all of the rows are there.</exception>
    public FeatureMatrix Slice(int start, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Rows);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Rows - start);
        return new FeatureMatrix(_values, _start + (start * Columns), rows, Columns);
    }

    /// <summary>All values, row after row.</summary>
    internal ReadOnlySpan<double> Values => _values.AsSpan(_start, Rows * Columns);

    internal long Missing
    {
        get
        {
            long count = 0;
            foreach (double value in Values)
                count += double.IsNaN(value) ? 1 : 0;
            return count;
        }
    }

    internal long Infinite
    {
        get
        {
            long count = 0;
            foreach (double value in Values)
                count += double.IsInfinity(value) ? 1 : 0;
            return count;
        }
    }

    /// <summary>Refuses two matrices that cannot be compared.</summary>
    internal static void CheckColumns(FeatureMatrix reference, FeatureMatrix current)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);
        if (reference.Columns != current.Columns && reference.Rows > 0 && current.Rows > 0)
            throw new ArgumentException($"The reference has {reference.Columns} columns, the current rows have {current.Columns}; give both the same columns in the same order.", nameof(current));
    }

    internal double[] Column(int column)
    {
        double[] values = new double[Rows];
        for (int row = 0, at = _start + column; row < values.Length; row++, at += Columns)
            values[row] = _values[at];
        return values;
    }

    /// <summary>Some of the rows.</summary>
    internal FeatureMatrix Only(int[] rows)
    {
        if (rows.Length == Rows)
            return this;
        double[] values = new double[rows.Length * Columns];
        for (int row = 0; row < rows.Length; row++)
            Row(rows[row]).CopyTo(values.AsSpan(row * Columns));
        return new FeatureMatrix(values, 0, rows.Length, Columns);
    }

    /// <summary>This matrix with one column more.</summary>
    internal FeatureMatrix With(ReadOnlySpan<double> column)
    {
        double[] values = new double[checked(Rows * (Columns + 1))];
        for (int row = 0; row < Rows; row++)
        {
            Row(row).CopyTo(values.AsSpan(row * (Columns + 1)));
            values[(row * (Columns + 1)) + Columns] = column[row];
        }

        return new FeatureMatrix(values, 0, Rows, Columns + 1);
    }
}
