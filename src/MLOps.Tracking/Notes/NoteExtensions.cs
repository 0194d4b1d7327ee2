namespace MLOps.Tracking;

/// <summary>Describes a run.</summary>
public static class NoteExtensions
{
    /// <summary>Sets the run's description, which MLflow's tools show on its page.</summary>
    /// <param name="run">The run.</param>
    /// <param name="markdown">Markdown, up to 8,000 characters; empty clears it.</param>
    /// <exception cref="ArgumentException">The text is too long; log it with <see cref="TextExtensions.LogTextAsync"/>.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static void SetNote(this Run run, string markdown)
    {
        ArgumentNullException.ThrowIfNull(run);
        run.SetTag(WellKnownTags.Note, markdown);
    }
}
