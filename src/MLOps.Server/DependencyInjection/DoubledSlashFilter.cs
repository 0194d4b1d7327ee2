using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MLOps.Server;

/// <summary>Takes a doubled slash in front of a path, or behind the prefix of the routes, for a single one: clients write it whose tracking URI ends with a slash (contract §1.1).</summary>
internal sealed class DoubledSlashFilter : IStartupFilter
{
    /// <summary>What routes are mapped below, besides nothing. It is complete before the first request comes.</summary>
    public List<string> Prefixes { get; } = [""];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, following) =>
        {
            foreach (string prefix in Prefixes)
            {
                if (context.Request.Path.Value is { } path && path.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && path.AsSpan(prefix.Length).StartsWith("//"))
                {
                    // By its constructor: a text that becomes a path implicitly is decoded once more.
                    context.Request.Path = new PathString($"{prefix}/{path.AsSpan(prefix.Length).TrimStart('/')}");
                }
            }

            return following(context);
        });
        next(app);
    };
}
