namespace MLOps.Tracking;

/// <summary>What a log call does when the journal's disk is full.</summary>
public enum OnFull
{
    /// <summary>Points are dropped and counted; the program never waits.</summary>
    Drop = 0,

    /// <summary>The call waits for space, up to <see cref="JournalOptions.FullTimeout"/>, then drops.</summary>
    Wait = 1,
}
