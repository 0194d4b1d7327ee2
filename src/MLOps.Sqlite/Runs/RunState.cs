namespace MLOps.Sqlite.Runs;

/// <summary>What the writer remembers of a run between records and batches.</summary>
internal sealed class RunState
{
    public required long Number { get; init; }

    public required RunId Id { get; init; }

    public required long Experiment { get; init; }

    public required Lifecycle Lifecycle { get; set; }

    public RunStatus Status { get; set; }

    public bool HasEnded => Status is RunStatus.Finished or RunStatus.Failed or RunStatus.Killed;
}
