using System.Globalization;

namespace MLOps.Drift.Statistics;

/// <summary>The table of two samples and two outcomes, a success and all others.</summary>
internal sealed class FourfoldTable
{
    private readonly NotComputable? _tooMany;

    private FourfoldTable(CellCounts cells, NotComputable? tooMany = null)
    {
        _tooMany = tooMany;
        Table = new ContingencyTable(cells);
        (ReferenceFailures, ReferenceSuccesses) = (cells.Reference[0], cells.Reference[1]);
        (CurrentFailures, CurrentSuccesses) = (cells.Current[0], cells.Current[1]);
    }

    public ContingencyTable Table { get; }

    public long ReferenceSuccesses { get; }

    public long ReferenceFailures { get; }

    public long CurrentSuccesses { get; }

    public long CurrentFailures { get; }

    public double Successes => Table.Size(1);

    public double Failures => Table.Size(0);

    /// <summary>The difference of the shares of successes, reference less current, times n·m: exact up to one rounding.</summary>
    public double Cross => (double)(((Int128)ReferenceSuccesses * CurrentFailures) - ((Int128)ReferenceFailures * CurrentSuccesses));

    /// <summary>The difference of the shares of successes, reference less current.</summary>
    public double DifferenceOfShares => Cross / Table.Reference / Table.Current;

    /// <summary>The odds of a success in the reference over those in the current sample; NaN when no value or every value of both is a success.</summary>
    public double OddsRatio => (double)ReferenceSuccesses * CurrentFailures / ((double)ReferenceFailures * CurrentSuccesses);

    /// <summary>Cohen's h, 2 arcsin √p₁ − 2 arcsin √p₂, by the sine of the difference of the angles: the angles themselves are all but equal in large samples.</summary>
    public double CohensH
    {
        get
        {
            double n = Table.Reference, m = Table.Current;
            double p1 = ReferenceSuccesses / n, q1 = ReferenceFailures / n, p2 = CurrentSuccesses / m, q2 = CurrentFailures / m;
            double difference = DifferenceOfShares;
            return difference == 0 ? 0 : 2 * Math.Asin(Math.Clamp(difference / (Math.Sqrt(p1 * q2) + Math.Sqrt(q1 * p2)), -1, 1));
        }
    }

    public static FourfoldTable Of(CellCounts cells, int? success)
    {
        ArgumentNullException.ThrowIfNull(cells);
        int count = cells.Names.Count;
        if (success is { } chosen)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(chosen, nameof(success));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(chosen, count, nameof(success));
        }

        int cell = success ?? 1;
        bool tooMany = success is null && count > 2;
        string others = count == 2 ? cells.Names[1 - cell] : count == 1 && success is null ? cells.Names[0] : "(all others)";
        string name = cell < count ? cells.Names[cell] : "(none)";
        long reference = cell < count ? cells.Reference[cell] : 0, current = cell < count ? cells.Current[cell] : 0;

        // A total beyond a long stays so: the new cells then keep a sum that is beyond it.
        CellCounts two = new(
            [others, name],
            [cells.ReferenceTotal is { } n ? n - reference : long.MaxValue, cells.ReferenceTotal is null ? Math.Max(reference, 1) : reference],
            [cells.CurrentTotal is { } m ? m - current : long.MaxValue, cells.CurrentTotal is null ? Math.Max(current, 1) : current],
            cells.Rule, cells.ReferenceMissing, cells.CurrentMissing);
        return new FourfoldTable(two, tooMany
            ? new NotComputable.BeyondLimit(string.Create(CultureInfo.InvariantCulture, $"The test compares one share, and there are {count:N0} cells. Choose one of them, or compare all by ChiSquared."))
            : null);
    }

    public static FourfoldTable Of(long referenceSuccesses, long referenceCount, long currentSuccesses, long currentCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(referenceSuccesses);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(referenceSuccesses, referenceCount);
        ArgumentOutOfRangeException.ThrowIfNegative(currentSuccesses);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(currentSuccesses, currentCount);
        return new FourfoldTable(new CellCounts(
            ["failure", "success"], [referenceCount - referenceSuccesses, referenceSuccesses], [currentCount - currentSuccesses, currentSuccesses]));
    }

    public TestResult Frame(string method, string rule)
    {
        TestResult frame = Table.Frame(method, rule);
        return _tooMany is null ? frame : frame with { NotComputable = _tooMany };
    }

    /// <summary>The two cells with what they add to χ² without a correction.</summary>
    public Cell[] Cells() => Table.Cells(cell => Table.ChiSquared(cell, correction: 0));
}
