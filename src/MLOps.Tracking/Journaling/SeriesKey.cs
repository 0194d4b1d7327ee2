namespace MLOps.Tracking.Journaling;

/// <summary>A metric of a run, by its number in one journal.</summary>
internal sealed class SeriesKey(uint number, RunId runId, string key)
{
    private int _definedIn = -1;

    public uint Number { get; } = number;

    public RunId RunId { get; } = runId;

    public string Key { get; } = key;

    /// <summary>The last segment that holds this series' definition; a point needs one in its own segment or a later one.</summary>
    public int DefinedIn { get => Volatile.Read(ref _definedIn); set => Volatile.Write(ref _definedIn, value); }
}
