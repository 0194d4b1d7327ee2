using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MLOps.Server.Tests;

public sealed class DoubledSlashFilterTests
{
    [Theory]
    [InlineData("", "/api/2.0/mlflow/runs/get", "/api/2.0/mlflow/runs/get")]
    [InlineData("", "//api/2.0/mlflow/runs/get", "/api/2.0/mlflow/runs/get")]
    [InlineData("", "///api", "/api")]
    [InlineData("", "/api//a", "/api//a")]
    [InlineData("", "//a%20b%2Fc", "/a%20b%2Fc")]
    [InlineData("", "//..%00", "/..%00")]
    [InlineData("/mlflow", "/mlflow//api/a//b", "/mlflow/api/a//b")]
    [InlineData("/mlflow", "//mlflow//api", "/mlflow/api")]
    [InlineData("/mlflow", "/mlflow2//api", "/mlflow2//api")]
    [InlineData("/mlflow", "/other//api", "/other//api")]
    public async Task Rule_1_1_a_doubled_slash_in_front_or_behind_the_prefix_is_one(string prefix, string path, string expected)
    {
        ApplicationBuilder app = new(new ServiceCollection().BuildServiceProvider());
        DoubledSlashFilter filter = new() { Prefixes = { prefix } };
        string? found = null;
        filter.Configure(next => next.Run(context =>
        {
            found = context.Request.Path.Value;
            return Task.CompletedTask;
        }))(app);
        await app.Build()(new DefaultHttpContext { Request = { Path = new PathString(path) } });
        Assert.Equal(expected, found);
    }
}
