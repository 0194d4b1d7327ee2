namespace MLOps.Drift.Statistics;

/// <summary>The model that tries to tell current rows from those of the reference.</summary>
public enum DomainModel
{
    /// <summary>
    /// Logistic regression with an L2 penalty, scikit-learn's with C = 1 and the intercept free of it, on columns standardised by the reference. Fast, and sensitive with few rows; blind to changes that no
    /// weighted sum of the columns shows, such as of a variance or of a correlation.
    /// </summary>
    LogisticRegression,

    /// <summary>
    /// Gradient-boosted trees: 100 trees of depth 3 on up to 64 quantile bins a column, learning rate 0.1, at least 20 rows a leaf (a twentieth of the rows where they are below 400), leaf penalty 1. Sees changes of spread, of shape and of the dependence of up to
    /// three columns; takes infinite values, and missing ones as a bin of their own. Needs some hundred rows a side.
    /// </summary>
    BoostedTrees,
}
