using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace MLOps.Server;

/// <summary>Takes a doubled slash in front of a path for a single one: clients write it whose tracking URI ends with a slash (contract §1.1).</summary>
internal sealed class DoubledSlashFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, following) =>
        {
            string? path = context.Request.Path.Value;
            if (path is ['/', '/', ..])
                context.Request.Path = $"/{path.TrimStart('/')}";
            return following(context);
        });
        next(app);
    };
}
