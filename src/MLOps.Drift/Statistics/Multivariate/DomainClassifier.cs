using System.Globalization;
using MLOps.Tracking.Evaluation;

namespace MLOps.Drift.Statistics;

/// <summary>
/// A classifier two-sample test: a model learns to tell current rows from those of the reference, and is asked of rows that it has not learnt from. As long as nothing has changed it can only
/// guess, and its ROC AUC is about 0.5; the more it is above, the more has changed.
/// </summary>
/// <remarks>
/// <para>Rows are put in folds in turn, rows of the reference first and then the current ones: row i in fold i mod folds. The scores of all folds are pooled into one AUC. When nothing has changed, that AUC tends to be a
/// little below 0.5 with few rows, since what a fold lacks the others have too much of; so only values above 0.5 speak for a change, and p-values are of that side.
/// Rows must be independent: where neighbouring rows are alike, as in slow series, a model recognises the time and not the change.</para>
/// <para>The law of Mann and Whitney holds for rows that no model has learnt from. Here each label teaches the models that judge the other folds, and where the models follow the labels linearly that doubles the variance of the pooled AUC:
/// what row i teaches about row j and what row j teaches about row i is one number, counted twice. So the law is taken with twice the variance. Without a change, p-values of 5 % and less
/// then come in about 1 % of trials with logistic regression on one column, in 3 % on ten, and in 4 to 5 % with trees, which this class's tests repeat (undoubled: 9 % with logistic regression on three). So it is conservative with few columns; permutations are exact.</para>
/// <para>Missing values (NaN): logistic regression takes the reference's mean and adds, for each column that has any, a column that says where; trees have a bin for them. So rows are never left out, and a changed share of missing values is a change.
/// Infinite values: logistic regression answers <see cref="NotComputable.InfiniteValues"/>; trees take them. Standardised values beyond ±10⁶ count as ±10⁶.</para>
/// <para>Pure and thread-safe, apart from the <see cref="Random"/> given. Time: folds × rows × columns² / 2 × some 8 steps for logistic regression, folds × 300 × rows × columns for trees; as often again for each permutation.</para>
/// <para>Source: Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests, ICLR; NannyML's domain classifier. The AUC of logistic regression agrees with scikit-learn 1.2.1 within 0.002 on tests/MLOps.Drift.Tests/Vectors/cases/multivariate.json.</para>
/// </remarks>
public static class DomainClassifier
{
    private const double MostDeviations = 1e6;
    private const int MostPermutations = 10_000;

    /// <summary>Compares two samples of rows.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current rows, with the same columns.</param>
    /// <param name="model">The model. Default: logistic regression.</param>
    /// <param name="folds">How many folds, 2 to 100. Default 5.</param>
    /// <param name="permutations">0: the p-value is of the Mann–Whitney normal law with ties and twice the variance, at once. Above, up to 10,000: the p-value is from so many random splits of the rows, for each of which all folds are learnt again. Default 0.</param>
    /// <param name="random">Where random splits come from. Default: seed 1.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Statistic and effect size: the ROC AUC, 0 to 1. P-value: of an AUC at least as large. Needs a row of each side for every fold, and a column.</returns>
    /// <exception cref="ArgumentException">The numbers of columns differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        FeatureMatrix reference, FeatureMatrix current, DomainModel model = DomainModel.LogisticRegression, int folds = 5, int permutations = 0, Random? random = null,
        CancellationToken cancellationToken = default)
    {
        FeatureMatrix.CheckColumns(reference, current);
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(folds, 100);
        ArgumentOutOfRangeException.ThrowIfNegative(permutations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permutations, MostPermutations);
        if (!Enum.IsDefined(model))
            throw new ArgumentOutOfRangeException(nameof(model), model, "There is no such model.");

        bool isLinear = model == DomainModel.LogisticRegression;
        TestResult result = new()
        {
            Method = "Domain classifier", EffectSizeName = "ROC AUC", ReferenceCount = reference.Rows, CurrentCount = current.Rows,
            Rule = string.Create(
                CultureInfo.InvariantCulture,
                $"{(isLinear ? "logistic regression, C = 1, columns standardised by the reference" : "boosted trees")}, {folds} folds in turn, {(permutations == 0 ? "Mann–Whitney normal law with ties and twice the variance" : $"{permutations} permutations")}"),
        };
        if (reference.Rows < folds || current.Rows < folds)
            return result with { NotComputable = new NotComputable.TooFewValues(reference.Rows, current.Rows, folds) };
        if (reference.Columns == 0)
            return result with { NotComputable = new NotComputable.BeyondLimit("The rows have no column; a comparison needs at least one.") };
        if (isLinear && reference.Infinite + current.Infinite > 0)
            return result with { NotComputable = new NotComputable.InfiniteValues(reference.Infinite, current.Infinite) };
        if (reference.Missing + current.Missing > 0)
            result = result with { Notes = [$"{reference.Missing} values of the reference and {current.Missing} of the current rows are missing; that they are is a feature to the model."] };

        Scorer scorer;
        if (isLinear)
        {
            if (Standardised(reference, current) is not { } rows)
                return result with { NotComputable = new NotComputable.Overflow("A column's standard deviation") };
            scorer = (train, test, labels, scores) =>
            {
                int columns = rows.Length / labels.Length;
                double[] weights = LogisticRegression.Fit(rows, columns, train, labels, cancellationToken);
                foreach (int row in test)
                    scores[row] = LogisticRegression.Score(rows.AsSpan(row * columns, columns), weights);
            };
        }
        else
        {
            byte[][] codes = Coded(reference, current);
            scorer = (train, test, labels, scores) =>
            {
                var trees = BoostedTrees.Fit(
                    [.. codes.Select(column => Array.ConvertAll(train, row => column[row]))], Array.ConvertAll(train, row => labels[row] ? 1.0 : 0.0), isLogistic: true, cancellationToken);
                foreach (int row in test)
                    scores[row] = trees.Predict(codes, row);
            };
        }

        return Measure(result, scorer, reference.Rows, current.Rows, folds, permutations, random ?? new Random(Seed.Default));
    }

    /// <summary>Learns from some rows and scores others.</summary>
    private delegate void Scorer(int[] train, int[] test, bool[] labels, double[] scores);

    private static TestResult Measure(TestResult about, Scorer scorer, int reference, int current, int folds, int permutations, Random random)
    {
        int[][] tests = [.. Enumerable.Range(0, folds).Select(fold => Enumerable.Range(0, reference + current).Where(row => row % folds == fold).ToArray())];
        int[][] trains = [.. Enumerable.Range(0, folds).Select(fold => Enumerable.Range(0, reference + current).Where(row => row % folds != fold).ToArray())];
        bool[] labels = new bool[reference + current];
        labels.AsSpan(reference).Fill(true);
        double[] scores = new double[labels.Length];
        double observed = Auc();
        Probability p = MannWhitneyUpper(scores, reference);
        if (permutations > 0)
        {
            int asExtreme = 0;
            for (int permutation = 0; permutation < permutations; permutation++)
            {
                random.Shuffle(labels);
                if (Auc() >= observed)
                    asExtreme++;
            }

            p = Probability.Of((1.0 + asExtreme) / (1 + permutations));
        }

        return about with { Statistic = observed, EffectSize = observed, PValue = p.Value, LogPValue = p.Log };

        double Auc()
        {
            for (int fold = 0; fold < folds; fold++)
            {
                // Random splits of few rows can leave a fold nothing to tell apart.
                if (trains[fold].Any(row => labels[row]) && trains[fold].Any(row => !labels[row]))
                    scorer(trains[fold], tests[fold], labels, scores);
                else
                    foreach (int row in tests[fold])
                        scores[row] = 0;
            }

            return ClassificationMetrics.RocAuc(labels, scores);
        }
    }

    /// <summary>P(AUC ≥ observed) by the normal law of Mann and Whitney's U = AUC × n × m with twice the variance, with the corrections for ties and for continuity.</summary>
    private static Probability MannWhitneyUpper(double[] scores, int reference)
    {
        double[] before = scores[..reference], now = scores[reference..];
        Array.Sort(before);
        Array.Sort(now);
        (long twiceU, Int128 ties) = MannWhitney.Count(now, before);
        double deviation = MannWhitney.Deviation(now.Length, before.Length, ties);
        return deviation == 0 ? Probability.One : Tails.NormalUpper((twiceU - ((double)before.Length * now.Length) - 1) / (2 * Math.Sqrt(2) * deviation));
    }

    /// <summary>Both sides row after row, standardised; behind the columns one for each column that has missing values. Null when a mean or a deviation is beyond range.</summary>
    internal static double[]? Standardised(FeatureMatrix reference, FeatureMatrix current)
    {
        var scaling = ColumnScaling.Of(reference);
        if (scaling.Overflows)
            return null;
        int[] withMissing = [.. Enumerable.Range(0, reference.Columns).Where(column => HasMissing(reference, column) || HasMissing(current, column))];
        int columns = reference.Columns + withMissing.Length;
        double[] rows = new double[checked((reference.Rows + current.Rows) * columns)];
        for (int row = 0; row < reference.Rows + current.Rows; row++)
        {
            ReadOnlySpan<double> from = row < reference.Rows ? reference.Row(row) : current.Row(row - reference.Rows);
            Span<double> into = rows.AsSpan(row * columns, columns);
            scaling.Apply(from, into);
            foreach (ref double value in into)
                value = Math.Clamp(value, -MostDeviations, MostDeviations);
            for (int at = 0; at < withMissing.Length; at++)
                into[reference.Columns + at] = double.IsNaN(from[withMissing[at]]) ? 1 : 0;
        }

        return rows;
    }

    private static bool HasMissing(FeatureMatrix matrix, int column)
    {
        for (int row = 0; row < matrix.Rows; row++)
        {
            if (double.IsNaN(matrix.Row(row)[column]))
                return true;
        }

        return false;
    }

    private static byte[][] Coded(FeatureMatrix reference, FeatureMatrix current)
    {
        double[] pooled = [.. reference.Values, .. current.Values];
        var matrix = FeatureMatrix.OfRowMajor(pooled, reference.Columns);
        return QuantileBins.Of(matrix).Code(matrix);
    }
}
