using System.Globalization;
using MLOps.Training.Checkpoints;

namespace MLOps.Training;

/// <summary>Ends the training when a metric has not become better for a while.</summary>
/// <remarks>
/// Counts the reports of the metric, by an <see cref="Evaluation{TBatch}"/> for one, not steps or epochs; reports without it do not count. A value is better when it passes the best so far by more than
/// <see cref="MinDelta"/>; NaN never is. The first number is the first best. After <see cref="Patience"/> reports in a row that are not better it calls <see cref="Trainer.Stop"/>.
/// Best value and count are part of a checkpoint; a training that was stopped so, and is run again with no more patience, is stopped again at once.
/// </remarks>
public sealed class EarlyStopping : TrainerCallback
{
    /// <summary>Watches a metric.</summary>
    /// <param name="metric">Its name as it is reported: <c>val_loss</c>.</param>
    /// <param name="patience">How many reports in a row may be no better before the training is stopped; 1 or more. Default 3.</param>
    /// <param name="minDelta">By how much a value must pass the best to count as better, in the metric's unit; 0 or more. Default 0: any amount.</param>
    /// <param name="higherIsBetter">Whether greater values are better, as of an accuracy. Default false, as of a loss.</param>
    /// <exception cref="ArgumentException"><paramref name="metric"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public EarlyStopping(string metric, int patience = 3, double minDelta = 0, bool higherIsBetter = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(metric);
        ArgumentOutOfRangeException.ThrowIfLessThan(patience, 1);
        if (!(minDelta >= 0 && double.IsFinite(minDelta)))
            throw new ArgumentOutOfRangeException(nameof(minDelta), minDelta, "A finite number of 0 or more is needed.");
        (Metric, Patience, MinDelta, HigherIsBetter) = (metric, patience, minDelta, higherIsBetter);
        StateName = "early-stopping-" + string.Concat(metric.Select(letter => char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '-'));
    }

    /// <summary>The metric that is watched.</summary>
    public string Metric { get; }

    /// <summary>How many reports in a row may be no better.</summary>
    public int Patience { get; }

    /// <summary>By how much a value must pass the best.</summary>
    public double MinDelta { get; }

    /// <summary>Whether greater values are better.</summary>
    public bool HigherIsBetter { get; }

    /// <summary>The best value so far; NaN before the first number.</summary>
    public double Best { get; private set; } = double.NaN;

    /// <summary>The optimizer steps that had been taken when the best value was reported; 0 before the first number.</summary>
    public long BestStep { get; private set; }

    /// <summary>How many reports there have been since that were not better.</summary>
    public int ReportsSinceBest { get; private set; }

    /// <summary><c>early-stopping-</c> and the metric, with hyphens for what is no letter and no digit.</summary>
    public override string StateName { get; }

    /// <inheritdoc/>
    public override void SaveState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("metric", Metric);
        state.Set("higher-is-better", HigherIsBetter ? 1 : 0);
        state.Set("best", Best);
        state.Set("best-step", BestStep);
        state.Set("reports-since-best", ReportsSinceBest);
    }

    /// <inheritdoc/>
    /// <exception cref="CheckpointMismatchException">The checkpoint's best value is of another metric, or the best in the other direction.</exception>
    public override void LoadState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        string saved = Describe(state.GetText("metric"), state.GetInt64("higher-is-better") != 0), present = Describe(Metric, HigherIsBetter);
        if (saved != present)
            throw new CheckpointMismatchException(StateName, $"it watched {saved}, this training watches {present}. To resume, watch the same.");
        (Best, BestStep, ReportsSinceBest) = (state.GetDouble("best"), state.GetInt64("best-step"), checked((int)state.GetInt64("reports-since-best")));

        static string Describe(string metric, bool higherIsBetter) => $"{metric}, {(higherIsBetter ? "higher" : "lower")} is better";
    }

    /// <inheritdoc/>
    public override void OnStart(Trainer trainer) => StopWhenOutOfPatience(trainer);

    /// <inheritdoc/>
    public override void OnMetrics(Trainer trainer, IReadOnlyDictionary<string, double> metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        if (!metrics.TryGetValue(Metric, out double value))
            return;
        // A comparison with NaN is false: a NaN value is no better than any.
        if (double.IsNaN(Best) ? !double.IsNaN(value) : HigherIsBetter ? value > Best + MinDelta : value < Best - MinDelta)
            (Best, BestStep, ReportsSinceBest) = (value, trainer.Position.Step, 0);
        else
            ReportsSinceBest++;
        StopWhenOutOfPatience(trainer);
    }

    private void StopWhenOutOfPatience(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        if (ReportsSinceBest >= Patience)
        {
            trainer.Stop(double.IsNaN(Best)
                ? string.Create(CultureInfo.InvariantCulture, $"{Metric} was NaN in all of {ReportsSinceBest} reports.")
                : string.Create(CultureInfo.InvariantCulture, $"{Metric} has not been better than {Best:R} of step {BestStep} in {ReportsSinceBest} reports."));
        }
    }
}
