namespace MLOps.Tracking;

/// <summary>Guesses from a metric's name which values are better. The words are listed at <see cref="CompareOptions.Directions"/>.</summary>
internal static class MetricNames
{
    private static readonly string[] s_lower = ["loss", "error", "error_rate", "mse", "rmse", "mae", "mape", "logloss", "brier_score", "perplexity"];

    private static readonly string[] s_higher =
    [
        "accuracy", "accuracy_score", "acc", "auc", "precision", "precision_score", "recall", "recall_score", "f1", "f1_score", "r2", "r2_score", "mcc", "iou",
    ];

    private static readonly string[] s_averages = ["_macro", "_micro", "_weighted"];

    public static MetricDirection DirectionOf(string key)
    {
        string name = '_' + key[(key.LastIndexOf('/') + 1)..].ToLowerInvariant().Replace('-', '_');
        if (name.Contains("_neg_", StringComparison.Ordinal))
            return MetricDirection.Unknown;
        if (Array.Find(s_averages, average => name.EndsWith(average, StringComparison.Ordinal)) is { } last)
            name = name[..^last.Length];
        return Says(s_lower) ? MetricDirection.Lower : Says(s_higher) ? MetricDirection.Higher : MetricDirection.Unknown;

        bool Says(string[] words) => Array.Exists(words, word => name.EndsWith('_' + word, StringComparison.Ordinal));
    }
}
