namespace MLOps.Tracking;

/// <summary>How a tracker works. Bound from configuration by <see cref="TrackingBuilder.Bind"/>; validated when the tracker is opened or the host starts.</summary>
public sealed class TrackingOptions
{
    /// <summary>The journal.</summary>
    public JournalOptions Journal { get; set; } = new();

    /// <summary>The root of the artifacts of runs started here: a folder or a URI that an artifact store serves. Default: the store's choice, for SQLite <c>mlops.artifacts</c> beside the database.</summary>
    public string? ArtifactRoot { get; set; }

    /// <summary>What a run writes down of its program and machine. Default: all of it, without secrets.</summary>
    public CaptureOptions Capture { get; set; } = new();

    /// <summary>How often CPU, memory, disk and GPU use go into a run as metrics <c>system/…</c>. Default null: not at all. At least 1 s.</summary>
    public TimeSpan? SystemMetricsInterval { get; set; }

    /// <summary>What time costs here; a run then says at its end what it took and what that cost, as metrics <c>cost/…</c>. Default null: it does not.</summary>
    public PriceTable? Prices { get; set; }

    /// <summary>Whether <see cref="Tracker.StartRunAsync"/> waits until the store has the run and raises what the store refuses. Default false: the journal is enough.</summary>
    public bool RequireStoreAtStart { get; set; }

    /// <summary>Whether a query first waits until the store has what this tracker accepted before. Default true.</summary>
    public bool ReadYourWrites { get; set; } = true;

    /// <summary>How long a query waits for that. Default 30 s; at most 1 h.</summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long closing waits for the store. What it has not taken by then stays in the journal for whoever opens the store next. Default 30 s; at most 1 h.</summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a run counts as alive after its owner last said so. Default 60 s; 3 s to 1 day. Renewed four times as often.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often journals of ended processes are looked for. Default 1 min; 1 s to 1 day. The first look is at opening.</summary>
    public TimeSpan AdoptionInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often an upload is tried before the artifact is staged beside the journal. Default 3; 1 to 100.</summary>
    public int ArtifactAttempts { get; set; } = 3;
}
