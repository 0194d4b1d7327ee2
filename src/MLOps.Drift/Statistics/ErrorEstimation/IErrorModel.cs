namespace MLOps.Drift.Statistics;

/// <summary>What an <see cref="IErrorRegressor"/> has learnt. Safe for any number of threads.</summary>
public interface IErrorModel
{
    /// <summary>Predicts the error of rows.</summary>
    /// <param name="inputs">Rows with the columns of the fit.</param>
    /// <returns>The expected error of each row. Negative values are taken for 0.</returns>
    double[] Predict(FeatureMatrix inputs);
}
