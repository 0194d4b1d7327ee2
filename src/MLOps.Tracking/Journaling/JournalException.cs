namespace MLOps.Tracking;

/// <summary>A journal could not be made, written or read.</summary>
public sealed class JournalException : MLOpsException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what to do next.</param>
    /// <param name="innerException">The cause.</param>
    public JournalException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
