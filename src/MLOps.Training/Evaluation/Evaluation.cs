using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Makes evaluations: the usual metrics of a classifier or a regression over held-out batches, as a callback.</summary>
/// <remarks>
/// Metrics have the names that <c>ModelEvaluation</c> of MLOps.Tracking gives them, with the prefix before: <c>val_accuracy_score</c>. <c>loss</c> is the mean over all rows, whatever their batches.
/// Metrics are summed up on the host: a batch waits for the device once or twice. Where an output is NaN, or infinite in a regression, all metrics of the evaluation are NaN: so looks a model that has diverged.
/// </remarks>
public static class Evaluation
{
    /// <summary>Evaluates a classifier of several classes.</summary>
    /// <param name="data">The held-out batches.</param>
    /// <param name="predict">The model's logits, (rows, classes), any float type, and the true classes, (rows), whole numbers from 0; with further dimensions behind both, each place is a row. Rows of class −100 are left out, as in PyTorch.</param>
    /// <param name="prefix">What stands before the names of the metrics. Default <c>val_</c>.</param>
    /// <param name="everyEpochs">See <see cref="Evaluation{TBatch}"/>.</param>
    /// <param name="everySteps">See <see cref="Evaluation{TBatch}"/>.</param>
    /// <param name="loss">The mean loss of a batch from logits and true classes. Default: cross entropy, in nats.</param>
    /// <param name="within">See <see cref="Evaluation{TBatch}"/>.</param>
    /// <returns><c>loss</c>, <c>accuracy_score</c>; up to 1,000 classes <c>precision_score</c>, <c>recall_score</c>, <c>f1_score</c> (weighted), the same with <c>_macro</c>, and <c>example_count</c>.</returns>
    public static Evaluation<TBatch> Classification<TBatch>(
        IBatchSource<TBatch> data, Func<TBatch, (Tensor Logits, Tensor Classes)> predict, string prefix = "val_", int everyEpochs = 1, long everySteps = 0,
        Func<Tensor, Tensor, Tensor>? loss = null, Func<IDisposable>? within = null) =>
        new(data, new ClassificationEvaluator<TBatch>(predict, loss), prefix, everyEpochs, everySteps, within);

    /// <summary>Evaluates a classifier of two classes.</summary>
    /// <param name="data">The held-out batches.</param>
    /// <param name="predict">The logits of the positive class and the labels, 1 for positive and 0 for negative, both of as many elements, in any shape and type.</param>
    /// <param name="prefix">What stands before the names of the metrics. Default <c>val_</c>.</param>
    /// <param name="everyEpochs">See <see cref="Evaluation{TBatch}"/>.</param>
    /// <param name="everySteps">See <see cref="Evaluation{TBatch}"/>.</param>
    /// <param name="threshold">A row is predicted positive from this probability on. Default 0.5.</param>
    /// <param name="loss">The mean loss of a batch from logits and labels, both (rows), float32 or wider. Default: binary cross entropy of logits, in nats.</param>
    /// <param name="within">See <see cref="Evaluation{TBatch}"/>.</param>
    /// <returns><c>loss</c>, <c>accuracy_score</c>, <c>precision_score</c>, <c>recall_score</c>, <c>f1_score</c>, <c>roc_auc</c> (over 4,096 bins of the probability), <c>log_loss</c>, <c>brier_score</c>, <c>example_count</c>.</returns>
    public static Evaluation<TBatch> Binary<TBatch>(
        IBatchSource<TBatch> data, Func<TBatch, (Tensor Logits, Tensor Labels)> predict, string prefix = "val_", int everyEpochs = 1, long everySteps = 0,
        double threshold = 0.5, Func<Tensor, Tensor, Tensor>? loss = null, Func<IDisposable>? within = null) =>
        new(data, new BinaryEvaluator<TBatch>(predict, threshold, loss), prefix, everyEpochs, everySteps, within);

    /// <summary>Evaluates a regression. Where a row has several targets, each counts as a row.</summary>
    /// <param name="data">The held-out batches.</param>
    /// <param name="predict">The predictions and the targets, both of as many elements, in any shape and type.</param>
    /// <param name="prefix">What stands before the names of the metrics. Default <c>val_</c>.</param>
    /// <param name="everyEpochs">See <see cref="Evaluation{TBatch}"/>.</param>
    /// <param name="everySteps">See <see cref="Evaluation{TBatch}"/>.</param>
    /// <param name="loss">The mean loss of a batch from predictions and targets, both (rows), float32 or wider. Default: mean squared error.</param>
    /// <param name="within">See <see cref="Evaluation{TBatch}"/>.</param>
    /// <returns><c>loss</c>, <c>mean_squared_error</c>, <c>root_mean_squared_error</c>, <c>mean_absolute_error</c>, <c>r2_score</c>, <c>example_count</c>.</returns>
    public static Evaluation<TBatch> Regression<TBatch>(
        IBatchSource<TBatch> data, Func<TBatch, (Tensor Predictions, Tensor Targets)> predict, string prefix = "val_", int everyEpochs = 1, long everySteps = 0,
        Func<Tensor, Tensor, Tensor>? loss = null, Func<IDisposable>? within = null) =>
        new(data, new RegressionEvaluator<TBatch>(predict, loss), prefix, everyEpochs, everySteps, within);
}
