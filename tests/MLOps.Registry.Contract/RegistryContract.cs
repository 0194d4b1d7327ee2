using System.Text;
using Microsoft.Extensions.Time.Testing;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Registry.Contract;

/// <summary>A registry's store for one test, and the words in which both suites speak of it.</summary>
public abstract class RegistryContract : IAsyncLifetime
{
    protected const string Ann = "ann";
    protected const string Prompt = "mlflow.prompt.is_prompt";
    private readonly List<IRegistryStore> _others = [];
    private IRegistryStore? _store;

    /// <summary>The store's clock; it stands still until a test moves it.</summary>
    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    protected IRegistryStore Store => _store ?? throw new InvalidOperationException("InitializeAsync comes first.");

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected DateTimeOffset Now => Clock.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        _store = await CreateAsync(Clock);
        await _store.OpenAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IRegistryStore other in _others)
            await other.DisposeAsync();
        if (_store is not null)
            await _store.DisposeAsync();
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes an empty store.</summary>
    /// <param name="clock">The store's clock.</param>
    protected abstract ValueTask<IRegistryStore> CreateAsync(FakeTimeProvider clock);

    /// <summary>Closes a store and opens it again on what it has kept. A store without persistence returns the same instance.</summary>
    /// <param name="store">The open store.</param>
    /// <param name="clock">The store's clock.</param>
    protected virtual ValueTask<IRegistryStore> ReopenAsync(IRegistryStore store, FakeTimeProvider clock) => ValueTask.FromResult(store);

    /// <summary>Opens what an open store keeps once more, as another process would. A store that cannot be shared so returns the same instance.</summary>
    /// <param name="store">The open store.</param>
    /// <param name="clock">The store's clock.</param>
    protected virtual ValueTask<IRegistryStore> OpenAnotherAsync(IRegistryStore store, FakeTimeProvider clock) => ValueTask.FromResult(store);

    /// <summary>Removes what a test left behind, after its stores were disposed.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    protected async ValueTask ReopenAsync() => _store = await ReopenAsync(Store, Clock);

    protected async ValueTask<IRegistryStore> OpenAnotherAsync()
    {
        IRegistryStore other = await OpenAnotherAsync(Store, Clock);
        if (!ReferenceEquals(other, Store))
            _others.Add(other);
        return other;
    }

    protected void Needs(RegistryCapabilities capability) =>
        Assert.SkipUnless(Store.Capabilities.HasFlag(capability), $"The store does not have {capability}.");

    /// <summary>Makes a model by a commit.</summary>
    protected async Task<Guid> MakeModelAsync(string name = "fraud", params RegistryEvent[] more)
    {
        var key = Guid.CreateVersion7(Now);
        Assert.Equal(CommitOutcome.Committed, await TryCommitAsync(key, 0, [Created(name), .. more]));
        return key;
    }

    /// <summary>Commits changes on what the model is now, and expects that nothing stands in the way.</summary>
    protected async Task CommitAsync(Guid key, params RegistryEvent[] changes) =>
        Assert.Equal(CommitOutcome.Committed, await TryCommitAsync(key, (await GetModelAsync(key)).Revision, changes));

    protected ValueTask<CommitOutcome> TryCommitAsync(Guid key, long revision, params RegistryEvent[] changes) =>
        Store.CommitAsync(new RegistryCommit { ModelKey = key, Revision = revision, Changes = changes, Actor = Ann, At = Now }, Cancellation);

    protected async Task<RegisteredModel> GetModelAsync(Guid key)
    {
        RegisteredModel? model = await Store.FindModelAsync(key, Cancellation);
        Assert.NotNull(model);
        return model;
    }

    protected async Task<RegisteredModel> GetModelAsync(string name = "fraud")
    {
        RegisteredModel? model = await Store.FindModelAsync(name, Cancellation);
        Assert.NotNull(model);
        return model;
    }

    protected async Task<ModelVersion> GetVersionAsync(int number, string model = "fraud")
    {
        ModelVersion? version = await Store.FindVersionAsync(model, number, Cancellation);
        Assert.NotNull(version);
        return version;
    }

    protected static RegistryEvent.ModelCreated Created(string name, string? description = null, params (string Key, string Value)[] tags) =>
        new(name, description, tags.ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal));

    protected static RegistryEvent.VersionCreated Version(int number, VersionFacts? facts = null, params (string Key, string Value)[] tags) =>
        new(number, facts ?? Facts(), IsVerified: false, Description: null, tags.ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal));

    protected static RegistryEvent.AliasMoved Moved(string alias, int? from, int to, AliasCause cause = AliasCause.Set) => new(alias, from, to, cause, Reason: null, Promotion: null);

    protected static VersionFacts Facts(string source = "s3://models/fraud") => new() { Source = source, Location = source };

    /// <summary>All that can be read of the store, as a text: two that are equal were read of the same state.</summary>
    protected async Task<string> ReadAllAsync()
    {
        var text = new StringBuilder();
        List<RegisteredModel> models = [];
        foreach (string? filter in (string?[])[null, $"tags.`{Prompt}` = 'true'"])
        {
            models.AddRange((await Store.FindModelsAsync(RegisteredModelQuery.Parse(filter), new PageRequest { Size = 10_000 }, Cancellation)).Items);
            foreach (ModelVersion version in (await Store.FindVersionsAsync(ModelVersionQuery.Parse(filter, "name", "version_number"), new PageRequest { Size = 10_000 }, Cancellation)).Items)
                text.AppendLine(Describe(version));
        }

        foreach (RegisteredModel model in models)
        {
            text.AppendLine(Describe(model));
            if (!Store.Capabilities.HasFlag(RegistryCapabilities.Promotion))
                continue;
            foreach (Promotion promotion in await Store.FindPromotionsAsync(model.Key, status: null, Cancellation))
                text.AppendLine(Encoding.UTF8.GetString(RegistryJson.Write(promotion)));
        }

        if (Store.Capabilities.HasFlag(RegistryCapabilities.Audit))
            text.AppendLine((await Store.GetAuditHeadAsync(Cancellation)).ToString());
        return text.ToString();
    }

    protected static string Describe(RegisteredModel model) => string.Join(
        '|',
        [
            model.Key, model.Name, model.Description ?? "(null)", model.User, model.CreatedAt.ToString("O"), model.UpdatedAt.ToString("O"), model.LastNumber, model.Revision, Describe(model.Tags),
            .. model.Aliases.Select(Describe), .. model.Policies.OrderBy(policy => policy.Key.ToString(), StringComparer.Ordinal).Select(policy => $"{policy.Key}={Encoding.UTF8.GetString(RegistryJson.Write(policy.Value))}"),
        ]);

    protected static string Describe(ModelVersion version) => string.Join(
        '|',
        version.ModelKey, version.Ref, version.Status, version.IsVerified, version.Stage, version.Description ?? "(null)", version.User, version.CreatedAt.ToString("O"), version.UpdatedAt.ToString("O"),
        Describe(version.Tags), string.Join(',', version.Aliases), Encoding.UTF8.GetString(RegistryJson.Write(version.Facts)));

    protected static string Describe(ModelAlias alias) =>
        $"{alias.Name}->{alias.Version} after [{string.Join(',', alias.Earlier)}] by {alias.MovedBy} at {alias.MovedAt:O} for {alias.Reason ?? "(null)"}";

    private static string Describe(IReadOnlyDictionary<string, string> tags) => string.Join(',', tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));
}
