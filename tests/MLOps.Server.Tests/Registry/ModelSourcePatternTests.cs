using MLOps.Server.Tests.Conformance;

namespace MLOps.Server.Tests.Registry;

public sealed class ModelSourcePatternTests
{
    [Fact]
    public async Task Rule_7_3_sources_match_the_pattern_of_the_server_from_their_beginning()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(options => options.ModelSourcePattern = "s3://(own|shared)/|prompt");
        string name = await server.Client.CreateModelAsync();
        await server.Client.CreateVersionAsync(name, "s3://own/model");
        await server.Client.CreateVersionAsync(name, "s3://shared/model");
        foreach (string source in (string[])["s3://foreign/model", "https://host/?s3://own/", "S3://own/model", $"models:/{name}/1", "/etc"])
            (await server.Client.TryCreateVersionAsync(name, source)).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid model version source");
        (await server.Client.TryCreateVersionAsync(name, "s3://own/../foreign")).IsError(400, "INVALID_PARAMETER_VALUE", "If supplying a source as an http, https,");
    }

    [Fact]
    public async Task A_pattern_that_is_slow_elsewhere_is_not_slow_here()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(options => options.ModelSourcePattern = "(a+)+$");
        string name = await server.Client.CreateModelAsync();
        (await server.Client.TryCreateVersionAsync(name, new string('a', 5_000) + "!")).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid model version source");
    }
}
