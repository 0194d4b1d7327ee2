using System.Text.Json;
using Microsoft.AspNetCore.Http;
using MLOps.Registry;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Wire;

/// <summary>What each exception of the SDK is in MLflow's words: the one place where that is decided.</summary>
internal static class MlflowErrors
{
    public static (ErrorCode Code, string Message) Of(Exception exception) => exception switch
    {
        MlflowException known => (known.Code, known.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (ErrorCode.TooLarge, "The request's body is larger than this server takes. Send less at once, or raise the limit on the server."),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => (ErrorCode.RequestTimeout, "The request's body came too slowly."),
        BadHttpRequestException bad => (ErrorCode.BadRequest, bad.Message),
        JsonException => (ErrorCode.BadRequest, $"The body is not legal JSON: {exception.Message}"),
        ExperimentNotFoundException e => (ErrorCode.ResourceDoesNotExist, $"No Experiment with id={e.Experiment} exists"),
        ExperimentDeletedException e => (ErrorCode.InvalidParameterValue, $"The experiment {e.Experiment} must be in the 'active' state. Current state is deleted."),
        ExperimentExistsException e => (ErrorCode.ResourceAlreadyExists, $"Experiment(name={e.Name}) already exists. {e.Message}"),
        RunNotFoundException e => (ErrorCode.ResourceDoesNotExist, $"Run with id={e.Id} not found"),
        RunDeletedException e => (ErrorCode.InvalidParameterValue, $"The run {e.Id} must be in the 'active' state. Current state is deleted."),
        RunPurgedException e => (ErrorCode.ResourceDoesNotExist, $"Run with id={e.Id} not found: it was purged for good."),
        LoggedModelNotFoundException e => (ErrorCode.ResourceDoesNotExist, $"Logged model with ID '{e.Id}' not found."),
        LoggedModelTagNotFoundException => (ErrorCode.ResourceDoesNotExist, exception.Message),
        LoggedModelParamChangedException => (ErrorCode.InvalidParameterValue, exception.Message),
        ModelNotFoundException e => (ErrorCode.ResourceDoesNotExist, $"Registered Model with name={e.Model} not found"),
        ModelVersionNotFoundException e => (ErrorCode.ResourceDoesNotExist, $"Model Version (name={e.Model}, version={e.Number}) not found"),
        ModelExistsException => (ErrorCode.ResourceAlreadyExists, exception.Message),
        AliasNotFoundException e => (ErrorCode.InvalidParameterValue, $"Registered model alias {e.Alias} not found."),
        PromotionRequiredException => (ErrorCode.PermissionDenied, exception.Message),
        AliasConflictException => (ErrorCode.ResourceConflict, exception.Message),
        ModelVersionInUseException => (ErrorCode.ResourceConflict, exception.Message),
        InvalidPageTokenException => (ErrorCode.InvalidParameterValue, $"Invalid page token: {exception.Message}"),
        SearchSyntaxException e => (ErrorCode.InvalidParameterValue, $"{WordsOf(e.Mistake)}: {e.Message}"),
        ArtifactNotFoundException => (ErrorCode.ResourceDoesNotExist, exception.Message),
        ArtifactStoreException { IsPathAtFault: true } => (ErrorCode.InvalidParameterValue, exception.Message),
        ArtifactStoreException { IsTransient: true } => (ErrorCode.TemporarilyUnavailable, exception.Message),
        TrackingStoreException { IsTransient: true } => (ErrorCode.TemporarilyUnavailable, exception.Message),
        RegistryStoreException { IsTransient: true } => (ErrorCode.TemporarilyUnavailable, exception.Message),
        NotSupportedException => (ErrorCode.NotImplemented, exception.Message),
        ArgumentException e => (ErrorCode.InvalidParameterValue, WithoutParameter(e)),
        MLOpsException => (ErrorCode.InternalError, exception.Message),
        _ => (ErrorCode.InternalError, "The server failed to answer; its log says why."),
    };

    private static string WordsOf(SearchMistake mistake) => mistake switch
    {
        SearchMistake.Attribute => "Invalid attribute key",
        SearchMistake.NotANumber => "Expected numeric value type for metrics and numeric attributes",
        SearchMistake.OrderKey => "Invalid order_by clause",
        _ => "Invalid clause(s) in filter string",
    };

    // The name of a C# parameter says nothing to a caller over HTTP.
    private static string WithoutParameter(ArgumentException exception)
    {
        int suffix = exception.ParamName is null ? -1 : exception.Message.LastIndexOf(" (Parameter '", StringComparison.Ordinal);
        return suffix < 0 ? exception.Message : exception.Message[..suffix];
    }
}
