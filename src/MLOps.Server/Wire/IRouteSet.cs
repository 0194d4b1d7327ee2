namespace MLOps.Server.Wire;

/// <summary>The routes of one concept.</summary>
internal interface IRouteSet
{
    IEnumerable<MlflowRoute> Routes { get; }
}
