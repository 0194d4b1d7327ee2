using System.Globalization;
using MathNet.Numerics.LinearAlgebra;

namespace MLOps.Drift.Statistics;

/// <summary>
/// Drift of the dependence between columns, by principal components: rows are described by the few components that carry most of the reference's variance, and what that description loses, the
/// reconstruction error ‖z − ẑ‖₂, grows (or shrinks) when columns no longer hang together as they did. Fit once on the reference, test many chunks.
/// </summary>
/// <remarks>
/// <para>Columns are standardised by the reference (ddof 0; a constant one by 1). Missing values (NaN) are replaced by the reference's mean, so they neither add to the error nor show as drift: compare their share apart.
/// A column of which the reference has no value counts for nothing. Categories are the caller's to encode: see <see cref="FeatureMatrix"/>.</para>
/// <para>Immutable and safe for any number of threads. Fitting takes time rows × columns² + columns³; a row, columns × (columns − components). Keeps 8 bytes a row of the reference and 8 × columns².</para>
/// <para>Source: NannyML, Multivariate drift detection (data reconstruction with PCA); scikit-learn's <c>PCA</c>. Agrees with both on tests/MLOps.Drift.Tests/Vectors/cases/multivariate.json.</para>
/// </remarks>
public sealed class PcaReconstruction
{
    private readonly ColumnScaling? _scaling;
    private readonly double[][] _dropped = [];
    private readonly double[] _referenceErrors = [];
    private readonly int _columns;
    private readonly string _rule = "principal components of the standardised reference";

    private PcaReconstruction(FeatureMatrix reference, double varianceShare, int? components, CancellationToken cancellationToken)
    {
        _columns = reference.Columns;
        ReferenceRows = reference.Rows;
        ReferenceMean = ReferenceDeviation = double.NaN;
        VarianceShares = [];
        _scaling = reference.Infinite == 0 ? ColumnScaling.Of(reference) : null;
        NotComputable = WhyNot(reference, _scaling);
        if (NotComputable is not null)
            return;

        (double[] variances, double[][] axes) = Axes(reference, _scaling!, cancellationToken);
        double total = variances.Sum();
        Components = components is { } given ? Math.Min(given, _columns) : Needed(variances, varianceShare * total);
        VarianceShares = [.. variances.Take(Components).Select(variance => variance / total)];
        _dropped = axes[Components..];
        _referenceErrors = Errors(reference);
        ReferenceMean = Descriptive.Mean(_referenceErrors);
        ReferenceDeviation = Math.Sqrt(Descriptive.Variance(_referenceErrors, ddof: 1));
        _rule = string.Create(
            CultureInfo.InvariantCulture, $"{Components} of {_columns} principal components of the standardised reference, {VarianceShares.Sum():P1} of its variance, missing values at the reference's mean");
    }

    /// <summary>Why the reference gives no components, and no chunk a number; null when it does.</summary>
    public NotComputable? NotComputable { get; }

    /// <summary>How many components are kept.</summary>
    public int Components { get; }

    /// <summary>The share of the reference's variance, 0 to 1, that each kept component carries, from the largest down.</summary>
    public IReadOnlyList<double> VarianceShares { get; }

    /// <summary>How many rows the reference has.</summary>
    public int ReferenceRows { get; }

    /// <summary>The mean error of the reference's rows, 0 or more, in standard deviations of the columns.</summary>
    public double ReferenceMean { get; }

    /// <summary>The standard deviation (ddof 1) of the errors of the reference's rows.</summary>
    public double ReferenceDeviation { get; }

    /// <summary>The error of each row of the reference.</summary>
    public ReadOnlySpan<double> ReferenceErrors => _referenceErrors;

    /// <summary>Finds the components of a reference.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="varianceShare">The fewest components are kept that carry more than this share of the variance, above 0 and below 1. Default 0.65, as in NannyML.</param>
    /// <param name="components">How many components to keep, at least 1, whatever they carry; null to go by <paramref name="varianceShare"/>. At most as many as columns are kept, and then nothing is lost and all errors are 0.</param>
    /// <param name="cancellationToken">Ends the work while rows are read.</param>
    /// <returns>The fitted components. A reference of less than two rows, without columns, with infinities or without spread gives <see cref="NotComputable"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static PcaReconstruction Fit(FeatureMatrix reference, double varianceShare = 0.65, int? components = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (!(varianceShare is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(varianceShare), varianceShare, "The share is above 0 and below 1.");
        if (components is < 1)
            throw new ArgumentOutOfRangeException(nameof(components), components, "At least one component is kept.");
        return new PcaReconstruction(reference, varianceShare, components, cancellationToken);
    }

    /// <summary>Fits the reference and tests one chunk; see the other members.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The chunk, with the same columns.</param>
    /// <param name="varianceShare">As in <see cref="Fit"/>.</param>
    /// <param name="components">As in <see cref="Fit"/>.</param>
    /// <param name="cancellationToken">Ends the work while rows are read.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException">The numbers of columns differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(FeatureMatrix reference, FeatureMatrix current, double varianceShare = 0.65, int? components = null, CancellationToken cancellationToken = default) =>
        Fit(reference, varianceShare, components, cancellationToken).Test(current);

    /// <summary>Tests a chunk of rows against the reference.</summary>
    /// <param name="current">The chunk, with the reference's columns.</param>
    /// <returns>
    /// Statistic: the mean error of its rows, 0 or more, in standard deviations of the columns. Effect size: Glass's Δ = (mean − reference's mean) / reference's deviation; NaN when the reference has no errors.
    /// There is no p-value: hold the statistic against <see cref="Band"/>.
    /// </returns>
    /// <exception cref="ArgumentException">The number of columns differs from the reference's.</exception>
    public TestResult Test(FeatureMatrix current)
    {
        CheckColumns(current);
        TestResult result = new()
        {
            Method = "PCA reconstruction error", Rule = _rule, EffectSizeName = "Glass's Δ", ReferenceCount = ReferenceRows, CurrentCount = current.Rows,
            Notes = ["The method has no p-value: hold the statistic against the band of the reference's chunks."],
        };
        NotComputable? whyNot = NotComputable;
        if (current.Rows == 0)
            whyNot ??= new NotComputable.TooFewValues(ReferenceRows, 0, 1);
        else if (current.Infinite > 0)
            whyNot ??= new NotComputable.InfiniteValues(0, current.Infinite);
        if (whyNot is not null)
            return result with { NotComputable = whyNot };

        double mean = Descriptive.Mean(Errors(current));
        if (!double.IsFinite(mean))
            return result with { NotComputable = new NotComputable.Overflow("A reconstruction error") };
        if (current.Missing > 0)
            result = result with { Notes = [.. result.Notes, $"Missing values of the current rows: {current.Missing}; the reference's means stand for them."] };
        return result with { Statistic = mean, EffectSize = ReferenceDeviation > 0 ? (mean - ReferenceMean) / ReferenceDeviation : double.NaN };
    }

    /// <summary>The error of each row.</summary>
    /// <param name="rows">Rows with the reference's columns.</param>
    /// <returns>‖z − ẑ‖₂ of each row, 0 or more; +∞ or NaN where a value is infinite or beyond range; all NaN when <see cref="NotComputable"/> says why.</returns>
    /// <exception cref="ArgumentException">The number of columns differs from the reference's.</exception>
    public double[] Errors(FeatureMatrix rows)
    {
        CheckColumns(rows);
        double[] errors = new double[rows.Rows], standardised = new double[_columns];
        for (int row = 0; row < errors.Length; row++)
            errors[row] = NotComputable is null ? Error(rows.Row(row), standardised) : double.NaN;
        return errors;
    }

    /// <summary>Where the statistic of a chunk lies as long as nothing has changed: the mean ± so many standard deviations (ddof 0) of the statistics of the reference's chunks, NannyML's rule.</summary>
    /// <param name="chunkRows">How many consecutive rows make a chunk, at least 1; rows at the end that fill no chunk are left out. Take chunks of the size that will be tested.</param>
    /// <param name="deviations">How many standard deviations, above 0. Default 3.</param>
    /// <returns>The band, its lower end at 0 or above. When the reference has less than two such chunks: its mean ± deviations × its deviation / √<paramref name="chunkRows"/>, which takes rows for independent. NaN when there is no number.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public AlarmBand Band(int chunkRows, double deviations = 3)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkRows, 1);
        if (!(deviations is > 0 and < double.PositiveInfinity))
            throw new ArgumentOutOfRangeException(nameof(deviations), deviations, "A number of deviations is above 0 and finite.");
        double[] chunks = new double[_referenceErrors.Length / chunkRows];
        for (int chunk = 0; chunk < chunks.Length; chunk++)
            chunks[chunk] = Descriptive.Mean(_referenceErrors.AsSpan(chunk * chunkRows, chunkRows));
        (double mean, double deviation) = chunks.Length >= 2
            ? (Descriptive.Mean(chunks), Math.Sqrt(Descriptive.Variance(chunks, ddof: 0)))
            : (ReferenceMean, ReferenceDeviation / Math.Sqrt(chunkRows));
        return new AlarmBand(Math.Max(0, mean - (deviations * deviation)), mean + (deviations * deviation));
    }

    private void CheckColumns(FeatureMatrix rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Columns != _columns && rows.Rows > 0 && ReferenceRows > 0)
            throw new ArgumentException($"The reference has {_columns} columns, these rows have {rows.Columns}; give the same columns in the same order.", nameof(rows));
    }

    private static NotComputable? WhyNot(FeatureMatrix reference, ColumnScaling? scaling)
    {
        if (reference.Rows < 2)
            return new NotComputable.TooFewValues(reference.Rows, 0, 2);
        if (reference.Columns == 0)
            return new NotComputable.BeyondLimit("The rows have no column; a comparison needs at least one.");
        if (scaling is null)
            return new NotComputable.InfiniteValues(reference.Infinite, 0);
        if (scaling.Overflows)
            return new NotComputable.Overflow("A column's standard deviation");
        return scaling.Varying == 0 ? new NotComputable.NoSpread("Each column of the reference") : null;
    }

    /// <summary>The fewest components that carry more than a variance: scikit-learn's rule.</summary>
    private static int Needed(double[] variances, double variance)
    {
        double sum = 0;
        int needed = 0;
        while (needed < variances.Length && sum <= variance)
            sum += variances[needed++];
        return needed;
    }

    private static (double[] Variances, double[][] Axes) Axes(FeatureMatrix reference, ColumnScaling scaling, CancellationToken cancellationToken)
    {
        int columns = reference.Columns;
        double[] products = new double[columns * columns], standardised = new double[columns];
        for (int row = 0; row < reference.Rows; row++)
        {
            if (row % 1024 == 0)
                cancellationToken.ThrowIfCancellationRequested();
            scaling.Apply(reference.Row(row), standardised);
            for (int first = 0; first < columns; first++)
            {
                double value = standardised[first];
                for (int second = 0; second <= first; second++)
                    products[(first * columns) + second] += value * standardised[second];
            }
        }

        for (int first = 0; first < columns; first++)
        {
            for (int second = 0; second <= first; second++)
                products[(second * columns) + first] = products[(first * columns) + second] /= reference.Rows;
        }

        var decomposition = Matrix<double>.Build.DenseOfColumnMajor(columns, columns, products).Evd(Symmetricity.Symmetric);
        int[] order = [.. Enumerable.Range(0, columns).OrderByDescending(at => decomposition.EigenValues[at].Real)];
        return (
            [.. order.Select(at => Math.Max(0, decomposition.EigenValues[at].Real))],
            [.. order.Select(at => decomposition.EigenVectors.Column(at).ToArray())]);
    }

    /// <summary>The length of what lies along the dropped axes: the same as ‖z − ẑ‖, without the difference of two nearly equal vectors.</summary>
    private double Error(ReadOnlySpan<double> row, Span<double> standardised)
    {
        _scaling!.Apply(row, standardised);
        double sum = 0;
        foreach (double[] axis in _dropped)
        {
            double along = 0;
            for (int column = 0; column < axis.Length; column++)
                along += axis[column] * standardised[column];
            sum += along * along;
        }

        return Math.Sqrt(sum);
    }
}
