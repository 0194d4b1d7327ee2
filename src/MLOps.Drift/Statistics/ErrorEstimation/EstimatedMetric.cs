namespace MLOps.Drift.Statistics;

/// <summary>A metric of a model as far as it can be known.</summary>
/// <param name="Value">The metric; NaN where it is not defined, as precision without a positive prediction.</param>
/// <param name="StandardError">How far chance in the choice of the rows and in their outcomes moves the metric of so many rows, one standard deviation; NaN where no labelled reference said.</param>
public readonly record struct EstimatedMetric(double Value, double StandardError)
{
    /// <summary>The value ± so many standard errors. About a reference it is where the metric of a chunk lies as long as nothing has changed; about an estimate, where the true metric lies if the model's scores still mean what they meant.</summary>
    /// <param name="deviations">How many, above 0. Default 3.</param>
    /// <returns>The band; it may reach beyond what the metric can be.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="deviations"/> is not above 0 and finite.</exception>
    public AlarmBand Band(double deviations = 3) =>
        deviations is > 0 and < double.PositiveInfinity
            ? new AlarmBand(Value - (deviations * StandardError), Value + (deviations * StandardError))
            : throw new ArgumentOutOfRangeException(nameof(deviations), deviations, "A number of deviations is above 0 and finite.");
}
