using MLOps.Registry;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>What a run is told of a training.</summary>
public sealed record RunTrackingOptions
{
    /// <summary>At which steps loss, learning rate and gradient norm are logged: at every multiple of this number, at least 1. Null, the default, is 1 on the CPU and 10 elsewhere, where reading a loss waits for the device.</summary>
    public int? LossEvery { get; init; }

    /// <summary>How often phase times, speed and memory are logged: at the first step after this time. Default 10 s; more than 0.</summary>
    public TimeSpan StatisticsInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Which checkpoints become artifacts below <c>checkpoints/</c>. Default: none.</summary>
    public LoggedCheckpoints LogCheckpoints { get; init; }

    /// <summary>Where the model is registered when training has completed or was stopped. It works with the run's tracker (<see cref="RegistryBuilder.UseTracker"/>). Needed for <see cref="RegisterAs"/>.</summary>
    public ModelRegistry? Registry { get; init; }

    /// <summary>The name of the registered model of which the trained model becomes a version; null, the default, for none.</summary>
    public string? RegisterAs { get; init; }

    /// <summary>
    /// An input of the model, its first dimension the batch: the version's signature is inferred from it and from what the model makes of it. Null registers without a signature. Needs a module
    /// that takes one tensor and gives one. Not disposed, and not changed.
    /// </summary>
    public Tensor? Example { get; init; }

    /// <summary>What is entered before the model is written and left after: <c>ema.Swap</c> of an <c>ExponentialMovingAverage</c> registers the averaged weights. Null, the default, for nothing.</summary>
    public Func<IDisposable>? Within { get; init; }

    internal void Check(string parameterName)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(LossEvery ?? 1, 1, parameterName);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StatisticsInterval, TimeSpan.Zero, parameterName);
        if (LogCheckpoints is < LoggedCheckpoints.None or > LoggedCheckpoints.All)
            throw new ArgumentOutOfRangeException(parameterName, LogCheckpoints, "LogCheckpoints is none of its values.");
        if (RegisterAs is null)
            return;
        RegistryLimits.CheckModelName(RegisterAs, parameterName);
        if (Registry is null)
            throw new ArgumentException("RegisterAs needs a Registry.", parameterName);
    }
}
