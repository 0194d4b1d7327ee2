using MLOps.Runtime;

namespace MLOps.Training;

/// <summary>Why a training returned. A closed set: a switch over its cases is complete.</summary>
/// <remarks><see cref="Cancelled"/> and <see cref="Failed"/> are seen by callbacks only: <see cref="Trainer{TBatch}.RunAsync"/> throws for these two.</remarks>
public abstract record TrainingOutcome
{
    private TrainingOutcome(TrainingPosition position) => Position = position;

    /// <summary>How far the training had come.</summary>
    public TrainingPosition Position { get; }

    /// <summary>What a program exits with: 128 + signal after an interruption, as a shell says of a process that a signal ended; 1 after a failure; else 0.</summary>
    public virtual int ExitCode => 0;

    /// <summary>The whole length was trained.</summary>
    public sealed record Completed : TrainingOutcome
    {
        internal Completed(TrainingPosition position) : base(position) { }
    }

    /// <summary>A callback asked to stop by <see cref="Trainer.Stop"/>, early stopping for one.</summary>
    public sealed record Stopped : TrainingOutcome
    {
        internal Stopped(TrainingPosition position, string reason) : base(position) => Reason = reason;

        /// <summary>What the callback said.</summary>
        public string Reason { get; }
    }

    /// <summary>The process is about to be stopped: a signal came, or a notice of the platform.</summary>
    public sealed record Interrupted : TrainingOutcome
    {
        internal Interrupted(TrainingPosition position, InterruptionNotice cause) : base(position) => Cause = cause;

        /// <summary>The notice.</summary>
        public InterruptionNotice Cause { get; }

        /// <inheritdoc/>
        public override int ExitCode => Cause.ExitCode;
    }

    /// <summary>The caller's token was cancelled; after its callbacks, <see cref="OperationCanceledException"/> is thrown.</summary>
    public sealed record Cancelled : TrainingOutcome
    {
        internal Cancelled(TrainingPosition position) : base(position) { }
    }

    /// <summary>Something threw; after its callbacks, the same exception is thrown.</summary>
    public sealed record Failed : TrainingOutcome
    {
        internal Failed(TrainingPosition position, Exception exception) : base(position) => Exception = exception;

        /// <summary>What was thrown.</summary>
        public Exception Exception { get; }

        /// <inheritdoc/>
        public override int ExitCode => 1;
    }
}
