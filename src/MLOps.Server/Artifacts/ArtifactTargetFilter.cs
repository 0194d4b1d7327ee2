using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MLOps.Server.Artifacts;

/// <summary>Routes requests of the artifact proxy by their path as it came where that has dots as parts, plain or escaped: once the web server has resolved them, they would name another file, or no route at all, where clients expect to be told that the path is invalid (contract §4).</summary>
internal sealed class ArtifactTargetFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, following) =>
        {
            string target = ClientPath.RawPathOf(context);
            if (target.StartsWith('/') && target.Contains("/mlflow-artifacts/", StringComparison.OrdinalIgnoreCase) && HasDots(target))
                context.Request.Path = new PathString(target.StartsWith("//", StringComparison.Ordinal) ? $"/{target.TrimStart('/')}" : target);
            return following(context);
        });
        next(app);
    };

    private static bool HasDots(string target) => target.Split('/').Any(part => Uri.UnescapeDataString(part) is "." or "..");
}
