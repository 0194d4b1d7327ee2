using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MLOps.Runtime;

namespace MLOps.Training;

/// <summary>What a <see cref="Trainer{TBatch}"/> is told beyond model, optimizer, data and loss.</summary>
public sealed class TrainerOptions
{
    /// <summary>What all randomness of the training comes from; 0 by default. Before each batch PyTorch's generators are seeded with a number made from this one and the batch's
    /// position, so that a resumed training meets the same dropout as one that was never stopped, on every device.</summary>
    public long Seed { get; set; }

    /// <summary>Whether generators are seeded before each batch; true by default. Without it a resume is not bitwise the training that was never stopped.</summary>
    public bool SeedEachBatch { get; set; } = true;

    /// <summary>
    /// Where notices come from that the process is about to be stopped. Null, the default: while a training runs it holds SIGTERM, SIGINT and SIGUSR1, finishes the step, lets its
    /// callbacks save what they keep, and returns <see cref="TrainingOutcome.Interrupted"/>; a second signal ends the process at once. Give one that also polls the platform's
    /// metadata to hear of spot and preemption notices; the trainer does not dispose it.
    /// </summary>
    public InterruptionNotices? Notices { get; set; }

    /// <summary>Whether the trainer holds signals when <see cref="Notices"/> is null; true by default. Turn it off where a host owns the signals and cancels the token.</summary>
    public bool HoldSignals { get; set; } = true;

    /// <summary>How long after a signal the process may still run, when nothing says otherwise; 25 s by default, below the 30 s that Kubernetes gives.</summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>What tells the time; the system's by default.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where the trainer says what it does; nowhere by default.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;
}
