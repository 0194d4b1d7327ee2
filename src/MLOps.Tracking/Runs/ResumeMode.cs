namespace MLOps.Tracking;

/// <summary>How a run is resumed.</summary>
public enum ResumeMode
{
    /// <summary>As its owner: refused while another owner lives; the run reads Running again and its end is cleared.</summary>
    Exclusive = 0,

    /// <summary>Beside its owner, as the ranks of one job do: log what you like, but the status is the owner's.</summary>
    Share = 1,
}
