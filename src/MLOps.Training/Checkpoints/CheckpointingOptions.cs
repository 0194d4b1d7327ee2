using MLOps.Tracking;

namespace MLOps.Training.Checkpoints;

/// <summary>When <see cref="Checkpointing"/> takes checkpoints, and which it keeps.</summary>
public sealed class CheckpointingOptions
{
    /// <summary>Takes one after every so many optimizer steps; null, the default, for none. 1 or more.</summary>
    public long? EverySteps { get; set; }

    /// <summary>Takes one after every so many epochs, when the callbacks before this one have had their say. 1 or more. Null, the default, stands for 1 when neither <see cref="EverySteps"/> nor <see cref="BestMetric"/> is set, and else for none.</summary>
    public int? EveryEpochs { get; set; }

    /// <summary>How many of the newest stay. 1 or more; 3 by default.</summary>
    public int KeepLast { get; set; } = 3;

    /// <summary>Keeps, for good, the first checkpoint of every so many steps: with 1,000 those of steps 1,000, 2,000 and so on, or the first after these. 1 or more; null, the default, for none.</summary>
    public long? KeepEvery { get; set; }

    /// <summary>The name of a metric, as <see cref="Trainer.Report(IReadOnlyDictionary{string, double})"/> is told it: the best checkpoint by it stays, and a new best value is a reason to take one. Null, the default, for none.</summary>
    /// <remarks>A value counts for the step at which it was reported, and only there: give the callback that measures before this one. NaN never counts.</remarks>
    public string? BestMetric { get; set; }

    /// <summary>Which values of <see cref="BestMetric"/> are better; <see cref="MetricDirection.Lower"/> by default, as for a loss.</summary>
    public MetricDirection BestDirection { get; set; } = MetricDirection.Lower;

    /// <summary>Takes one at the end as well, unless there is one of that step: when the length is reached, a callback stops it, the token is cancelled or the process is about to be stopped. True by default.</summary>
    public bool AtEnd { get; set; } = true;

    /// <summary>
    /// Ends the training when a checkpoint can't be written. False by default: it is logged as an error, counted in <see cref="Checkpointing.Failures"/>, tried again with the next checkpoint that is due, and
    /// raised at the end if the last one could not be written.
    /// </summary>
    public bool StopOnError { get; set; }

    /// <summary>The run that the training belongs to, for the manifest; null, the default, for that of the trainer's <see cref="RunTracking"/>, if it has one.</summary>
    public string? RunId { get; set; }
}
