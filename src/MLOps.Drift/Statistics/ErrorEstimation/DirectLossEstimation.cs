namespace MLOps.Drift.Statistics;

/// <summary>
/// Direct loss estimation (DLE): how far off a regression model is on rows whose targets are not there yet. A second model learns on a labelled reference how large the first one's errors are for which inputs, and is
/// asked about the rows without labels. Fit once, estimate many chunks.
/// </summary>
/// <remarks>
/// <para>Right as long as the errors still depend on the inputs as they did: under covariate shift within what the reference covers. Trees do not extrapolate: beyond the reference's range, its border's errors are taken. Concept drift shows to no method without labels.</para>
/// <para>Rows without a prediction (NaN) are left out and counted; missing features are the regressor's to treat, and the default one has a bin for them. Infinite predictions or targets: <see cref="NotComputable.InfiniteValues"/>; infinite features are values.</para>
/// <para>Immutable, and safe for any number of threads where the regressor's models are. Time: the regressor's, twice; by default 600 × rows × columns to fit.</para>
/// <para>Source: NannyML, Estimation of performance of the monitored model (DLE).</para>
/// </remarks>
public sealed class DirectLossEstimation
{
    private readonly LossEstimate _reference;
    private readonly double _absoluteDeviation;
    private readonly double _squaredDeviation;
    private readonly int _columns;
    private readonly IErrorModel? _absolute;
    private readonly IErrorModel? _squared;

    private DirectLossEstimation(LossEstimate reference, int columns) => (_reference, _columns) = (reference, columns);

    private DirectLossEstimation(LossEstimate reference, int columns, double[] absoluteErrors, double[] squaredErrors, IErrorModel absolute, IErrorModel squared)
        : this(reference, columns)
    {
        (_absolute, _squared) = (absolute, squared);
        _absoluteDeviation = Math.Sqrt(Descriptive.Variance(absoluteErrors, ddof: 0));
        _squaredDeviation = Math.Sqrt(Descriptive.Variance(squaredErrors, ddof: 0));
    }

    /// <summary>Learns the errors of labelled rows.</summary>
    /// <param name="features">The features of each row. Take rows that the monitored model was not trained on.</param>
    /// <param name="predictions">Its prediction of each row.</param>
    /// <param name="targets">The true value of each row; NaN where it is missing.</param>
    /// <param name="regressor">What learns the errors: boosted trees by default.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The estimator. When the reference gives nothing to learn from, all its answers say why.</returns>
    /// <exception cref="ArgumentException">There are not as many predictions and targets as rows.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static DirectLossEstimation Fit(
        FeatureMatrix features, ReadOnlySpan<double> predictions, ReadOnlySpan<double> targets, IErrorRegressor? regressor = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (predictions.Length != features.Rows || targets.Length != features.Rows)
            throw new ArgumentException($"{features.Rows} rows of features, {predictions.Length} predictions and {targets.Length} targets: the three must be as many.", nameof(predictions));
        List<int> rows = [];
        long infinite = 0;
        for (int row = 0; row < features.Rows; row++)
        {
            if (double.IsNaN(predictions[row]) || double.IsNaN(targets[row]))
                continue;
            rows.Add(row);
            if (double.IsInfinity(predictions[row]) || double.IsInfinity(targets[row]))
                infinite++;
        }

        double[] predicted = new double[rows.Count], absolute = new double[rows.Count], squared = new double[rows.Count];
        for (int at = 0; at < predicted.Length; at++)
        {
            predicted[at] = predictions[rows[at]];
            absolute[at] = Math.Abs(predicted[at] - targets[rows[at]]);
            squared[at] = absolute[at] * absolute[at];
        }

        var reference = new LossEstimate { Rule = "measured on the reference", Rows = rows.Count, Missing = features.Rows - rows.Count };
        NotComputable? whyNot = rows.Count == 0 ? new NotComputable.TooFewValues(0, 0, 1)
            : infinite > 0 ? new NotComputable.InfiniteValues(infinite, 0)
            : !double.IsFinite(Descriptive.Variance(squared, ddof: 0)) ? new NotComputable.Overflow("The variance of squared errors")
            : null;
        if (whyNot is not null)
            return new DirectLossEstimation(reference with { NotComputable = whyNot }, features.Columns);

        reference = reference with
        {
            MeanAbsoluteError = new EstimatedMetric(Descriptive.Mean(absolute), double.NaN), RootMeanSquaredError = new EstimatedMetric(Math.Sqrt(Descriptive.Mean(squared)), double.NaN),
        };
        FeatureMatrix inputs = features.Only([.. rows]).With(predicted);
        regressor ??= new BoostedTreesErrorRegressor();
        return new DirectLossEstimation(
            reference, features.Columns, absolute, squared, regressor.Fit(inputs, absolute, cancellationToken), regressor.Fit(inputs, squared, cancellationToken));
    }

    /// <summary>Estimates the errors of rows without targets.</summary>
    /// <param name="features">The features of each row, in the columns of the fit.</param>
    /// <param name="predictions">The monitored model's prediction of each row.</param>
    /// <returns>The estimate, with the standard error that a chunk of so many rows has by the reference. Needs one row with a prediction.</returns>
    /// <exception cref="ArgumentException">There are not as many predictions as rows, or not the columns of the fit.</exception>
    public LossEstimate Estimate(FeatureMatrix features, ReadOnlySpan<double> predictions)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (predictions.Length != features.Rows)
            throw new ArgumentException($"{features.Rows} rows of features and {predictions.Length} predictions: the two must be as many.", nameof(predictions));
        if (features.Columns != _columns && features.Rows > 0 && _reference.Rows > 0)
            throw new ArgumentException($"The reference has {_columns} columns, these rows have {features.Columns}; give the same columns in the same order.", nameof(features));
        List<int> rows = [];
        long infinite = 0;
        for (int row = 0; row < features.Rows; row++)
        {
            if (!double.IsNaN(predictions[row]))
                rows.Add(row);
            if (double.IsInfinity(predictions[row]))
                infinite++;
        }

        var estimate = new LossEstimate { Rule = "estimated by the errors of the reference", Rows = rows.Count, Missing = features.Rows - rows.Count };
        if (_reference.NotComputable is { } whyNot)
            return estimate with { NotComputable = whyNot };
        if (rows.Count == 0)
            return estimate with { NotComputable = new NotComputable.TooFewValues(_reference.Rows, 0, 1) };
        if (infinite > 0)
            return estimate with { NotComputable = new NotComputable.InfiniteValues(0, infinite) };

        double[] predicted = new double[rows.Count];
        for (int at = 0; at < predicted.Length; at++)
            predicted[at] = predictions[rows[at]];
        FeatureMatrix inputs = features.Only([.. rows]).With(predicted);
        double mae = MeanOfPositive(_absolute!.Predict(inputs), rows.Count), mse = MeanOfPositive(_squared!.Predict(inputs), rows.Count);
        return double.IsFinite(mae) && double.IsFinite(mse)
            ? With(estimate, mae, Math.Sqrt(mse), rows.Count)
            : estimate with { NotComputable = new NotComputable.Overflow("The regressor's mean error") };
    }

    /// <summary>The errors measured on the reference, with the standard error of a chunk: its bands say which estimates are an alarm.</summary>
    /// <param name="chunkRows">How many rows the chunks have whose estimates will be held against it, at least 1.</param>
    /// <returns>The measured errors.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="chunkRows"/> is below 1.</exception>
    public LossEstimate Reference(int chunkRows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkRows, 1);
        return _reference.NotComputable is null ? With(_reference, _reference.MeanAbsoluteError.Value, _reference.RootMeanSquaredError.Value, chunkRows) : _reference;
    }

    /// <summary>By the delta method, the root of a mean moves by the mean's standard error over twice the root.</summary>
    private LossEstimate With(LossEstimate about, double mae, double rmse, int rows) => about with
    {
        MeanAbsoluteError = new EstimatedMetric(mae, _absoluteDeviation / Math.Sqrt(rows)),
        RootMeanSquaredError = new EstimatedMetric(rmse, rmse > 0 ? _squaredDeviation / Math.Sqrt(rows) / (2 * rmse) : 0),
    };

    private static double MeanOfPositive(double[] errors, int rows)
    {
        if (errors.Length != rows)
            throw new InvalidOperationException($"The regressor predicted {errors.Length} errors of {rows} rows.");
        for (int row = 0; row < errors.Length; row++)
            errors[row] = Math.Max(0, errors[row]);
        return Descriptive.Mean(errors);
    }
}
