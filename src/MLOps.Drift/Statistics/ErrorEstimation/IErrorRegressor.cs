namespace MLOps.Drift.Statistics;

/// <summary>Learns how large a model's errors are for which inputs. Plug in a model of your own, for example one of ML.NET.</summary>
public interface IErrorRegressor
{
    /// <summary>Learns the expected error.</summary>
    /// <param name="inputs">A row for each labelled row: the features, and the monitored model's prediction as the last column. NaN is a missing value.</param>
    /// <param name="errors">The error of each row, finite, 0 or more: |error| for one model, error² for another.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What has been learnt.</returns>
    IErrorModel Fit(FeatureMatrix inputs, ReadOnlySpan<double> errors, CancellationToken cancellationToken);
}
