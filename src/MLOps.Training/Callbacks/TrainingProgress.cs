namespace MLOps.Training;

/// <summary>How far a training is, for a bar or a line of text.</summary>
public readonly record struct TrainingProgress
{
    /// <summary>Steps, epochs and batches done, those before a resume included.</summary>
    public required TrainingPosition Position { get; init; }

    /// <summary>How long is to be trained in all: a number of steps or of epochs.</summary>
    public required TrainingLength Length { get; init; }

    /// <summary>The batches of an epoch, where the data source knows it; else null.</summary>
    public long? BatchesPerEpoch { get; init; }

    /// <summary>The share of the length that is done, 0 to 1; null where only whole epochs can be counted and their number is not known beforehand.</summary>
    public double? Fraction { get; init; }

    /// <summary>The loss of the latest batch that was looked at, as the loss function returned it; null before the first. Looked at when progress is reported: after a training that did not reach its length, that of the report before the last.</summary>
    public double? Loss { get; init; }

    /// <summary>The learning rate of the latest step.</summary>
    public double LearningRate { get; init; }

    /// <summary>Batches a second, smoothed over about ten seconds, what callbacks take included; null before a first span of time.</summary>
    public double? BatchesPerSecond { get; init; }

    /// <summary>Optimizer steps a second, smoothed likewise; without gradient accumulation the same.</summary>
    public double? StepsPerSecond { get; init; }

    /// <summary>Since this run of the trainer began.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>How long the rest takes at the present rate; null where rate or <see cref="Fraction"/> are not known.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>The latest value of everything that was reported, by name. A copy.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>What the time of the steps since the last report went to; the share of a phase is that of <see cref="PhaseTimes.Total"/>. What callbacks do between steps is in none.</summary>
    public PhaseTimes Times { get; init; }

    /// <summary>The memory of the process that is in RAM, in bytes; not that of a GPU.</summary>
    public long WorkingSet { get; init; }

    /// <summary>How many tensors of the process are not disposed. A number that grows from epoch to epoch is a leak.</summary>
    public long LiveTensors { get; init; }
}
