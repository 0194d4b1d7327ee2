using System.Diagnostics.CodeAnalysis;

namespace MLOps.Server.Wire;

/// <summary>A request that is answered with an error.</summary>
[SuppressMessage("Design", "CA1032", Justification = "It is raised here and caught here.")]
[SuppressMessage("Design", "CA1064", Justification = "It is raised here and caught here.")]
internal sealed class MlflowException(ErrorCode code, string message, Exception? cause = null) : Exception(message, cause)
{
    public ErrorCode Code { get; } = code;

    public static MlflowException Invalid(string message) => new(ErrorCode.InvalidParameterValue, message);

    public static MlflowException Missing(string parameter) => Invalid($"Missing value for required parameter '{parameter}'. See the API docs for more information about request parameters.");

    public static MlflowException InvalidValue(string parameter, string json, string expected) =>
        Invalid($"Invalid value {json} for parameter '{parameter}' supplied: {expected}");

    public static MlflowException NotFound(string message) => new(ErrorCode.ResourceDoesNotExist, message);
}
