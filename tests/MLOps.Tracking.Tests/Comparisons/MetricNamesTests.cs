namespace MLOps.Tracking.Tests.Comparisons;

public sealed class MetricNamesTests
{
    [Theory]
    [InlineData("loss", MetricDirection.Lower)]
    [InlineData("val_loss", MetricDirection.Lower)]
    [InlineData("train/loss", MetricDirection.Lower)]
    [InlineData("Validation-Loss", MetricDirection.Lower)]
    [InlineData("mean_squared_error", MetricDirection.Lower)]
    [InlineData("test_rmse", MetricDirection.Lower)]
    [InlineData("MAE", MetricDirection.Lower)]
    [InlineData("log_loss", MetricDirection.Lower)]
    [InlineData("brier_score", MetricDirection.Lower)]
    [InlineData("accuracy", MetricDirection.Higher)]
    [InlineData("eval/top_5_accuracy", MetricDirection.Higher)]
    [InlineData("val_acc", MetricDirection.Higher)]
    [InlineData("roc_auc", MetricDirection.Higher)]
    [InlineData("f1", MetricDirection.Higher)]
    [InlineData("macro_f1_score", MetricDirection.Higher)]
    [InlineData("r2_score", MetricDirection.Higher)]
    [InlineData("adjusted_r2", MetricDirection.Higher)]
    [InlineData("neg_mean_squared_error", MetricDirection.Unknown)]
    [InlineData("val_neg_log_loss", MetricDirection.Unknown)]
    [InlineData("learning_rate", MetricDirection.Unknown)]
    [InlineData("grad_norm", MetricDirection.Unknown)]
    [InlineData("loss_scale", MetricDirection.Unknown)]
    [InlineData("loss/step", MetricDirection.Unknown)]
    [InlineData("floss", MetricDirection.Unknown)]
    [InlineData("score", MetricDirection.Unknown)]
    public void A_name_says_which_values_are_better(string key, MetricDirection direction) => Assert.Equal(direction, MetricNames.DirectionOf(key));
}
