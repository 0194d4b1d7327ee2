using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Lineage;

/// <summary>Versions that are committed as they are given, without files.</summary>
internal static class StoredVersions
{
    public static async Task<ModelVersion> StoreAsync(this ModelRegistry registry, string model, VersionFacts facts, CancellationToken cancellationToken, string? description = null, IReadOnlyDictionary<string, string>? tags = null, DateTimeOffset at = default, bool isVerified = true)
    {
        RegisteredModel found = await registry.FindModelAsync(model, cancellationToken) ?? await registry.CreateModelAsync(model, cancellationToken: cancellationToken);
        List<Guid> keys = [];
        foreach (ModelVersionRef parent in facts.Parents)
        {
            if (await registry.FindModelAsync(parent.Model, cancellationToken) is { } known)
                keys.Add(known.Key);
        }

        if (keys.Count == facts.Parents.Count)
            facts = facts with { ParentKeys = keys };
        await registry.CommitAsync(found, at, "ada", [new RegistryEvent.VersionCreated(found.LastNumber + 1, facts, isVerified, description, tags ?? new Dictionary<string, string>())], cancellationToken);
        return await registry.GetVersionAsync(model, found.LastNumber + 1, cancellationToken);
    }

    public static async Task CommitAsync(this ModelRegistry registry, RegisteredModel model, DateTimeOffset at, string actor, IReadOnlyList<RegistryEvent> changes, CancellationToken cancellationToken) =>
        Assert.Equal(CommitOutcome.Committed, await registry.Store.CommitAsync(new RegistryCommit { ModelKey = model.Key, Revision = model.Revision, Changes = changes, Actor = actor, At = at }, cancellationToken));

    public static VersionFacts From(string? run = null, string[]? datasets = null, string? commit = null, params ModelVersionRef[] parents) => new()
    {
        Source = "file:///m", Location = "file:///m", RunId = run is null ? null : new RunId(run), Parents = parents,
        Datasets = [.. (datasets ?? []).Select(name => new DatasetInput { Name = name, Digest = $"digest-{name}" })],
        Code = commit is null ? null : new CodeState(commit, null, null, false, null),
    };
}
