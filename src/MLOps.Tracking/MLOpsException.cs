namespace MLOps.Tracking;

/// <summary>The root of the exceptions that this SDK raises for the domain's reasons; misuse raises argument exceptions.</summary>
/// <remarks>A subclass says what a caller can do about it and carries the facts as properties.</remarks>
public class MLOpsException : Exception
{
    /// <summary>Creates an exception with a message that says what to do next.</summary>
    /// <param name="message">What happened, and what to do next.</param>
    public MLOpsException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with its cause.</summary>
    /// <param name="message">What happened, and what to do next.</param>
    /// <param name="innerException">The cause.</param>
    public MLOpsException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
