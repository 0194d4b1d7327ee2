namespace MLOps.Tracking;

/// <summary>What a comparison of runs looks at.</summary>
public sealed record CompareOptions
{
    /// <summary>
    /// Which values of a metric are better, by its key. What is not named here is guessed from the key's part behind the last slash, case and <c>-</c> or <c>_</c> aside. A name is, or ends in
    /// <c>_</c> and, a word that says it:
    /// <list type="bullet">
    /// <item>lower: <c>loss</c>, <c>error</c>, <c>error_rate</c>, <c>mse</c>, <c>rmse</c>, <c>mae</c>, <c>mape</c>, <c>logloss</c>, <c>brier_score</c>, <c>perplexity</c>;</item>
    /// <item>higher: <c>accuracy</c>, <c>accuracy_score</c>, <c>acc</c>, <c>auc</c>, <c>precision</c>, <c>precision_score</c>, <c>recall</c>, <c>recall_score</c>,
    /// <c>f1</c>, <c>f1_score</c>, <c>r2</c>, <c>r2_score</c>, <c>mcc</c>, <c>iou</c>.</item>
    /// </list>
    /// So <c>val_loss</c>, <c>log_loss</c>, <c>train/accuracy</c> and <c>roc_auc</c> are understood; <c>_macro</c>, <c>_micro</c> or <c>_weighted</c> may stand behind. A name with <c>neg_</c>, as scikit-learn's <c>neg_mean_squared_error</c>, is not guessed at.
    /// </summary>
    public IReadOnlyDictionary<string, MetricDirection> Directions { get; init; } = new Dictionary<string, MetricDirection>(StringComparer.Ordinal);

    /// <summary>Whether to leave out the params that all runs have with one value. Default: no.</summary>
    public bool OnlyDifferentParams { get; init; }

    /// <summary>Whether to compare also the tags that begin with <c>mlflow.</c> or <c>mlops.</c>, such as who started a run and from which commit. Default: no.</summary>
    public bool ReservedTags { get; init; }

    /// <summary>Whether to list the artifacts of each run and compare them. Default: yes.</summary>
    public bool Artifacts { get; init; } = true;
}
