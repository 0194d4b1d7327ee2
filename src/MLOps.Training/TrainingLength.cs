namespace MLOps.Training;

/// <summary>How long to train: until so many steps or epochs have been done in all, those before a resume included.</summary>
public readonly record struct TrainingLength
{
    private TrainingLength(long? totalSteps, int? totalEpochs) => (TotalSteps, TotalEpochs) = (totalSteps, totalEpochs);

    /// <summary>The optimizer step after which training is complete; null when epochs decide.</summary>
    public long? TotalSteps { get; }

    /// <summary>The number of passes over the data after which training is complete; null when steps decide.</summary>
    public int? TotalEpochs { get; }

    /// <summary>Trains until <paramref name="count"/> optimizer steps have been taken.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public static TrainingLength Steps(long count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new(count, null);
    }

    /// <summary>Trains until the data have been read <paramref name="count"/> times.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public static TrainingLength Epochs(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new(null, count);
    }

    internal bool IsReachedBy(TrainingPosition position) => position.Step >= TotalSteps || position.Epoch >= TotalEpochs;
}
