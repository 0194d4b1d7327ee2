namespace MLOps.Drift.Statistics;

/// <summary>The complete rows of both sides, standardised, in the layout in which distances between all of them are computed: tiles of 64 rows, column after column in each.</summary>
internal sealed class PairedRows
{
    public const int Tile = 64;

    private PairedRows(double[] values, int columns, int reference, int current) =>
        (Values, Columns, Reference, Current) = (values, columns, reference, current);

    /// <summary>Value of column c and row r: [(r / 64 × columns + c) × 64 + r % 64]; rows of the reference first. The last tile is filled up with zeros.</summary>
    public double[] Values { get; }

    public int Columns { get; }

    public int Reference { get; }

    public int Current { get; }

    public int Rows => Reference + Current;

    public int Tiles => (Rows + Tile - 1) / Tile;

    /// <summary>Makes rows ready, or says in the result why they cannot be compared. The result also gets the counts, and what was done to the rows.</summary>
    public static PairedRows? Of(FeatureMatrix reference, FeatureMatrix current, bool standardise, int needed, int mostRows, Random random, ref TestResult about)
    {
        int[] ofReference = Complete(reference), ofCurrent = Complete(current);
        about = about with
        {
            Rule = about.Rule + (standardise ? ", columns standardised by the reference" : ", columns as they are"),
            ReferenceCount = ofReference.Length, CurrentCount = ofCurrent.Length,
            ReferenceMissing = reference.Rows - ofReference.Length, CurrentMissing = current.Rows - ofCurrent.Length,
        };
        if (ofReference.Length < needed || ofCurrent.Length < needed)
            about = about with { NotComputable = new NotComputable.TooFewValues(ofReference.Length, ofCurrent.Length, needed) };
        else if (reference.Columns == 0)
            about = about with { NotComputable = new NotComputable.BeyondLimit("The rows have no column; a comparison needs at least one.") };
        else if (reference.Infinite + current.Infinite > 0)
            about = about with { NotComputable = new NotComputable.InfiniteValues(reference.Infinite, current.Infinite) };
        if (!about.IsComputed)
            return null;

        ColumnScaling scaling = standardise ? ColumnScaling.Of(reference.Only(ofReference)) : ColumnScaling.None(reference.Columns);
        if (ofReference.Length > mostRows || ofCurrent.Length > mostRows)
        {
            (ofReference, ofCurrent) = (Draw(ofReference, mostRows, random), Draw(ofCurrent, mostRows, random));
            about = about with
            {
                Rule = $"{about.Rule}, at most {mostRows} rows of a side drawn at random", ReferenceCount = ofReference.Length, CurrentCount = ofCurrent.Length,
                Notes = [.. about.Notes, $"The sides have {about.ReferenceCount} and {about.CurrentCount} complete rows; {ofReference.Length} and {ofCurrent.Length} of them, drawn at random, were compared."],
            };
        }

        PairedRows pooled = new(
            new double[checked((ofReference.Length + ofCurrent.Length + Tile - 1) / Tile * Tile * reference.Columns)], reference.Columns, ofReference.Length, ofCurrent.Length);
        if (!scaling.Overflows && pooled.Fill(reference, ofReference, 0, scaling) && pooled.Fill(current, ofCurrent, ofReference.Length, scaling))
            return pooled;
        about = about with { NotComputable = new NotComputable.Overflow("A standardised value") };
        return null;
    }

    /// <summary>A random choice of rows without replacement, in their order.</summary>
    public static int[] Draw(int[] rows, int most, Random random)
    {
        if (rows.Length <= most)
            return rows;
        int[] drawn = [.. rows];
        for (int at = 0; at < most; at++)
        {
            int other = random.Next(at, drawn.Length);
            (drawn[at], drawn[other]) = (drawn[other], drawn[at]);
        }

        Array.Resize(ref drawn, most);
        Array.Sort(drawn);
        return drawn;
    }

    /// <summary>A part of the rows, as one side.</summary>
    public PairedRows Part(int[] rows)
    {
        PairedRows part = new(new double[(rows.Length + Tile - 1) / Tile * Tile * Columns], Columns, rows.Length, 0);
        for (int row = 0; row < rows.Length; row++)
        {
            for (int column = 0; column < Columns; column++)
                part.Values[part.At(row, column)] = Values[At(rows[row], column)];
        }

        return part;
    }

    private int At(int row, int column) => ((((row / Tile) * Columns) + column) * Tile) + (row % Tile);

    private bool Fill(FeatureMatrix from, int[] rows, int first, ColumnScaling scaling)
    {
        double[] standardised = new double[Columns];
        bool finite = true;
        for (int row = 0; row < rows.Length; row++)
        {
            scaling.Apply(from.Row(rows[row]), standardised);
            for (int column = 0; column < Columns; column++)
            {
                finite &= double.IsFinite(standardised[column]);
                Values[At(first + row, column)] = standardised[column];
            }
        }

        return finite;
    }

    private static int[] Complete(FeatureMatrix matrix)
    {
        int[] complete = new int[matrix.Rows];
        int count = 0;
        for (int row = 0; row < matrix.Rows; row++)
        {
            bool isComplete = true;
            foreach (double value in matrix.Row(row))
                isComplete &= !double.IsNaN(value);
            if (isComplete)
                complete[count++] = row;
        }

        return count == complete.Length ? complete : complete[..count];
    }
}
