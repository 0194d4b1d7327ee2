namespace MLOps.Server.Wire;

/// <summary>MLflow's error codes that this server answers, and the HTTP status of each (contract §1.5).</summary>
internal sealed class ErrorCode
{
    public static readonly ErrorCode InvalidParameterValue = new("INVALID_PARAMETER_VALUE", 400);
    public static readonly ErrorCode BadRequest = new("BAD_REQUEST", 400);
    public static readonly ErrorCode ResourceAlreadyExists = new("RESOURCE_ALREADY_EXISTS", 400);
    public static readonly ErrorCode Unauthenticated = new("UNAUTHENTICATED", 401);
    public static readonly ErrorCode PermissionDenied = new("PERMISSION_DENIED", 403);
    public static readonly ErrorCode ResourceDoesNotExist = new("RESOURCE_DOES_NOT_EXIST", 404);
    public static readonly ErrorCode EndpointNotFound = new("ENDPOINT_NOT_FOUND", 404);
    public static readonly ErrorCode MethodNotAllowed = new("ENDPOINT_NOT_FOUND", 405);
    public static readonly ErrorCode RequestTimeout = new("BAD_REQUEST", 408);
    public static readonly ErrorCode ResourceConflict = new("RESOURCE_CONFLICT", 409);
    public static readonly ErrorCode TooLarge = new("INVALID_PARAMETER_VALUE", 413);
    public static readonly ErrorCode RangeNotSatisfiable = new("INVALID_PARAMETER_VALUE", 416);
    public static readonly ErrorCode TooManyRequests = new("REQUEST_LIMIT_EXCEEDED", 429);
    public static readonly ErrorCode InternalError = new("INTERNAL_ERROR", 500);
    public static readonly ErrorCode NotImplemented = new("NOT_IMPLEMENTED", 501);
    public static readonly ErrorCode TemporarilyUnavailable = new("TEMPORARILY_UNAVAILABLE", 503);

    private ErrorCode(string name, int status) => (Name, Status) = (name, status);

    public string Name { get; }

    public int Status { get; }
}
