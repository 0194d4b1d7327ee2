namespace MLOps.Registry.Storage;

/// <summary>A registry's store could not do what was asked for its own reasons.</summary>
public class RegistryStoreException : MLOpsException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what to do next.</param>
    /// <param name="isTransient">Whether trying again may help.</param>
    /// <param name="innerException">The cause.</param>
    public RegistryStoreException(string message, bool isTransient, Exception? innerException = null)
        : base(message, innerException) => IsTransient = isTransient;

    /// <summary>Whether trying again may help: a lock, a full disk, a connection that broke.</summary>
    public bool IsTransient { get; }
}
