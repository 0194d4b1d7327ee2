using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using MLOps.Registry;
using MLOps.Server;
using MLOps.Server.Access;
using MLOps.Server.Wire;
using MLOps.Tracking;
using RouteBase = MLOps.Server.Wire.RouteBase;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the routes of MLflow's protocol.</summary>
public static class MLOpsEndpointRouteBuilderExtensions
{
    private const string Api = "/api/2.0", Pages = "/ajax-api/2.0";

    /// <summary>
    /// Maps the routes by which MLflow's clients track runs, keep models and move artifacts. Until the routes are guarded, by <c>RequireAuthorization</c> on what this returns or by
    /// <see cref="MLOps.Server.MLOpsServerOptions.AllowAnonymous"/>, they answer callers on this machine only.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">A path in front of all routes, as <c>/mlflow</c>; clients then use <c>http://host:port/mlflow</c> as their tracking URI. Default: none.</param>
    /// <returns>The conventions of all routes but <c>/health</c> and <c>/version</c>: add policies of authorization, rate limits, CORS.</returns>
    /// <exception cref="InvalidOperationException"><c>AddMLOpsServer</c>, <c>AddMLOpsTracking</c> or <c>AddMLOpsRegistry</c> was not called.</exception>
    /// <example><code>app.MapMLOps().RequireAuthorization().RequireRateLimiting("clients");</code></example>
    public static IEndpointConventionBuilder MapMLOps(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        MlflowDispatcher dispatcher = endpoints.ServiceProvider.GetService<MlflowDispatcher>() ?? throw Lacking("AddMLOpsServer");
        _ = endpoints.ServiceProvider.GetService<Tracker>() ?? throw Lacking("AddMLOpsTracking");
        _ = endpoints.ServiceProvider.GetService<ModelRegistry>() ?? throw Lacking("AddMLOpsRegistry");
        prefix = prefix.TrimEnd('/');
        endpoints.ServiceProvider.GetRequiredService<DoubledSlashFilter>().Prefixes.Add(prefix);
        RouteGroupBuilder group = endpoints.MapGroup(prefix);
        Dictionary<string, List<string>> methods = new(StringComparer.OrdinalIgnoreCase);
        foreach (MlflowRoute route in endpoints.ServiceProvider.GetServices<IRouteSet>().SelectMany(set => set.Routes))
        {
            foreach (string path in PathsOf(route))
            {
                IEndpointConventionBuilder mapped = group.MapMethods(path, route.Methods, dispatcher.For(route)).WithDisplayName($"{route.Method} {path}");
                if (route.Demand == AccessDemand.Nothing)
                    mapped.WithMetadata(new AllowAnonymousAttribute());
                if (!methods.TryGetValue(path, out List<string>? known))
                    methods.Add(path, known = []);
                known.AddRange(route.Methods);
            }
        }

        foreach (string family in (string[])["api", "ajax-api"])
            group.Map($"/{family}/{{**rest}}", dispatcher.For(MlflowRoute.Stream("*", "", AccessDemand.Nothing, RefuseAsync))).WithMetadata(new AllowAnonymousAttribute());
        foreach ((string path, List<string> known) in methods)
        {
            string allowed = string.Join(", ", known);
            group.Map(path, dispatcher.For(MlflowRoute.Stream("*", path, AccessDemand.Nothing, http => RefuseMethodAsync(http, allowed)))).WithMetadata(new AllowAnonymousAttribute());
        }

        return group;
    }

    private static string[] PathsOf(MlflowRoute route) => route.Base switch
    {
        RouteBase.Root => [$"/{route.Path}"],
        RouteBase.MlflowPages => [$"{Pages}/mlflow/{route.Path}"],
        RouteBase.Artifacts => [$"{Api}/mlflow-artifacts/{route.Path}", $"{Pages}/mlflow-artifacts/{route.Path}"],
        _ => [$"{Api}/mlflow/{route.Path}", $"{Pages}/mlflow/{route.Path}"],
    };

    // Clients degrade on this code: they take the family of routes for absent.
    private static Task RefuseAsync(HttpContext http) =>
        MlflowCall.AnswerErrorAsync(http, ErrorCode.EndpointNotFound, $"There is no route {MlflowFields.Short(http.Request.Method)} {MlflowFields.Short(http.Request.Path.Value ?? "")} here.");

    private static Task RefuseMethodAsync(HttpContext http, string allowed)
    {
        http.Response.Headers.Allow = allowed;
        return MlflowCall.AnswerErrorAsync(http, ErrorCode.MethodNotAllowed, $"{MlflowFields.Short(http.Request.Path.Value ?? "")} is not called by {MlflowFields.Short(http.Request.Method)} but by {allowed}.");
    }

    private static InvalidOperationException Lacking(string call) => new($"MapMLOps needs services that are not there. Call builder.Services.{call}(…) before the application is built.");
}
