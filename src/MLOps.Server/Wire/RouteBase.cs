namespace MLOps.Server.Wire;

/// <summary>Below which base paths a route lies.</summary>
internal enum RouteBase
{
    /// <summary><c>/api/2.0/mlflow/</c> and <c>/ajax-api/2.0/mlflow/</c>.</summary>
    Mlflow,

    /// <summary><c>/ajax-api/2.0/mlflow/</c> alone.</summary>
    MlflowPages,

    /// <summary><c>/api/2.0/mlflow-artifacts/</c> and <c>/ajax-api/2.0/mlflow-artifacts/</c>.</summary>
    Artifacts,

    /// <summary>The root.</summary>
    Root,
}
