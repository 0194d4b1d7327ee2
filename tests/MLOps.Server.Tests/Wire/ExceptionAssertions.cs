using MLOps.Server.Wire;

namespace MLOps.Server.Tests.Wire;

internal static class ExceptionAssertions
{
    /// <summary>Expects that the server answers an exception with 400.</summary>
    public static void IsCallersMistake(this Exception exception) => Assert.Equal(400, MlflowErrors.Of(exception).Code.Status);
}
