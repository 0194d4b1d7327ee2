using System.Text.Json.Nodes;
using MLOps.Registry;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Server.Tests.Registry;

public sealed class VersionSearchTests
{
    [Fact]
    public async Task Rule_6_12_more_versions_than_a_page_of_the_store_has_are_answered_at_once()
    {
        const int Versions = PageRequest.LargestSize + 5;
        await using RegistryServer server = await RegistryServer.StartAsync();
        VersionFacts facts = new() { Source = "s3://b", Location = "s3://b" };
        RegistryCommit commit = new()
        {
            ModelKey = Guid.CreateVersion7(),
            Revision = 0,
            Changes = [new RegistryEvent.ModelCreated("fraud", null, new Dictionary<string, string>()), .. Enumerable.Range(1, Versions).Select(number => new RegistryEvent.VersionCreated(number, facts, false, null, new Dictionary<string, string>()))],
            Actor = "test",
            At = DateTimeOffset.UnixEpoch,
        };
        Assert.Equal(CommitOutcome.Committed, await server.Registry.Store.CommitAsync(commit, TestContext.Current.CancellationToken));

        JsonObject all = await server.Client.GetAsync("model-versions/search", ("order_by", "version_number"));
        Assert.Equal(Versions, all["model_versions"]!.AsArray().Count);
        Assert.False(all.ContainsKey("next_page_token"));

        JsonObject some = await server.Client.GetAsync("model-versions/search", ("order_by", "version_number"), ("max_results", $"{Versions - 2}"));
        JsonArray first = some["model_versions"]!.AsArray();
        Assert.Equal((Versions - 2, $"{Versions - 2}"), (first.Count, (string)first[^1]!["version"]!));
        JsonObject rest = await server.Client.GetAsync("model-versions/search", ("order_by", "version_number"), ("page_token", (string)some["next_page_token"]!));
        Assert.Equal([$"{Versions - 1}", $"{Versions}"], rest["model_versions"]!.AsArray().Select(version => (string)version!["version"]!));
    }
}
