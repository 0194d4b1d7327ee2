using System.Runtime.ExceptionServices;

namespace MLOps.Tracking.Artifacts;

/// <summary>Carries what reading the content raised past those who judge the failures of a local file.</summary>
internal sealed class ContentFailedException(ExceptionDispatchInfo cause) : Exception(cause.SourceException.Message, cause.SourceException)
{
    public ExceptionDispatchInfo Cause { get; } = cause;
}
