namespace MLOps.Drift.Statistics;

/// <summary>
/// Finds the largest F − G of two empirical distribution functions without reading all of the samples: a stretch of values whose ends bound the gap
/// below what has been found already is left out. In whole numbers, i·m − j·n for F = i/n and G = j/m, so that equal gaps are equal.
/// </summary>
/// <remarks>Time: a few thousand values of two samples that differ, n + m at worst, when the samples are the same.</remarks>
internal ref struct LargestGap
{
    /// <summary>A stretch of so many values is read whole.</summary>
    private const int Short = 96;

    private readonly ReadOnlySpan<double> _first;
    private readonly ReadOnlySpan<double> _second;

    private LargestGap(ReadOnlySpan<double> first, ReadOnlySpan<double> second, long floor)
    {
        _first = first;
        _second = second;
        (Gap, Location) = (floor, double.NaN);
    }

    /// <summary>The largest i·m − j·n.</summary>
    public long Gap { get; private set; }

    /// <summary>The smallest value at which the gap is that large; NaN when none is beyond the floor.</summary>
    public double Location { get; private set; }

    /// <summary>Finds the largest gap above a floor.</summary>
    /// <param name="first">In ascending order, one value at least.</param>
    /// <param name="second">In ascending order, one value at least.</param>
    /// <param name="floor">Only a gap beyond this one counts.</param>
    public static LargestGap Find(ReadOnlySpan<double> first, ReadOnlySpan<double> second, long floor = -1)
    {
        LargestGap found = new(first, second, floor);
        found.Search(0, first.Length, 0, second.Length);
        return found;
    }

    /// <summary>Searches the values first[i..iEnd] and second[j..jEnd], which are all those of a stretch of the axis.</summary>
    private void Search(int i, int iEnd, int j, int jEnd)
    {
        while (i < iEnd || j < jEnd)
        {
            long bound = Gapped(iEnd, j);
            if (bound < Gap || (bound == Gap && !(Smallest(i, iEnd, j, jEnd) < Location)))
                return;
            if (iEnd - i + (jEnd - j) <= Short)
            {
                Read(i, iEnd, j, jEnd);
                return;
            }

            double middle = iEnd - i > jEnd - j ? _first[i + ((iEnd - i) / 2)] : _second[j + ((jEnd - j) / 2)];
            int iMiddle = Above(_first, i, iEnd, middle), jMiddle = Above(_second, j, jEnd, middle);
            Offer(iMiddle, jMiddle, middle);
            if (iMiddle == iEnd && jMiddle == jEnd)
            {
                (iEnd, jEnd) = (NotBelow(_first, i, iEnd, middle), NotBelow(_second, j, jEnd, middle));
                continue;
            }

            // The half that may hold more first: what it finds spares more of the other.
            if (Gapped(iMiddle, j) >= Gapped(iEnd, jMiddle))
            {
                Search(i, iMiddle, j, jMiddle);
                (i, j) = (iMiddle, jMiddle);
            }
            else
            {
                Search(iMiddle, iEnd, jMiddle, jEnd);
                (iEnd, jEnd) = (iMiddle, jMiddle);
            }
        }
    }

    private void Read(int i, int iEnd, int j, int jEnd)
    {
        while (i < iEnd || j < jEnd)
        {
            double value = Smallest(i, iEnd, j, jEnd);
            while (i < iEnd && _first[i] == value)
                i++;
            while (j < jEnd && _second[j] == value)
                j++;
            Offer(i, j, value);
        }
    }

    private void Offer(int i, int j, double value)
    {
        long gap = Gapped(i, j);
        if (gap > Gap || (gap == Gap && value < Location))
            (Gap, Location) = (gap, value);
    }

    private readonly long Gapped(int i, int j) => ((long)i * _second.Length) - ((long)j * _first.Length);

    private readonly double Smallest(int i, int iEnd, int j, int jEnd) =>
        i == iEnd ? _second[j] : j == jEnd ? _first[i] : Math.Min(_first[i], _second[j]);

    /// <summary>The index of the first value in a range that is above another.</summary>
    private static int Above(ReadOnlySpan<double> sorted, int from, int to, double value)
    {
        while (from < to)
        {
            int middle = from + ((to - from) / 2);
            (from, to) = sorted[middle] <= value ? (middle + 1, to) : (from, middle);
        }

        return from;
    }

    /// <summary>The index of the first value in a range that is not below another.</summary>
    private static int NotBelow(ReadOnlySpan<double> sorted, int from, int to, double value)
    {
        while (from < to)
        {
            int middle = from + ((to - from) / 2);
            (from, to) = sorted[middle] < value ? (middle + 1, to) : (from, middle);
        }

        return from;
    }
}
