using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using MLOps.Registry.Promotions;
using MLOps.Registry.Serving;
using MLOps.Registry.Serving.Cache;
using MLOps.Registry.Storage;
using MLOps.Registry.Telemetry;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;

namespace MLOps.Registry;

/// <summary>
/// Keeps registered models: their versions, the aliases that say which one is in production, the policies that guard these, and a log of who did what.
/// </summary>
/// <remarks>
/// All members may be used from any thread at once, and by many processes on one store. Every change is one transaction: it is whole or absent, also when the
/// process is killed in it. Open one per store and process and keep it.
/// </remarks>
public sealed partial class ModelRegistry : IAsyncDisposable
{
    private readonly RegistryOptions _options;
    private readonly ILogger _logger;
    private readonly IActorProvider _actors;
    private readonly Tracker? _tracker;
    private readonly ArtifactStores _artifacts;
    private readonly Uri _artifactRoot;
    private readonly string _storeName;
    private int _disposed;

    internal ModelRegistry(RegistryBuilder builder, RegistryOptions options, Tracker? tracker, IServiceProvider? services)
    {
        _options = options;
        _storeName = builder.StoreName;
        Clock = builder.Clock ?? services?.GetService(typeof(TimeProvider)) as TimeProvider ?? TimeProvider.System;
        ILoggerFactory loggers = builder.LoggerFactory ?? services?.GetService(typeof(ILoggerFactory)) as ILoggerFactory ?? NullLoggerFactory.Instance;
        _logger = loggers.CreateLogger<ModelRegistry>();
        _actors = builder.Actors ?? services?.GetService(typeof(IActorProvider)) as IActorProvider ?? new SystemActor();
        _tracker = tracker;
        _artifacts = tracker?.ArtifactStores ?? new ArtifactStores([new LocalArtifactStore(Clock)], Clock);
        string root = (tracker?.ArtifactRoot.AbsoluteUri ?? FolderUri(builder.ArtifactRoot!)).TrimEnd('/');
        _artifactRoot = new Uri(options.ArtifactRoot is { } own ? FolderUri(own) : $"{root}/models");
        Store = builder.CreateStore!(new StoreContext(Clock, loggers, root, services));
        _telemetry = new RegistryTelemetry(services?.GetService(typeof(IMeterFactory)) as IMeterFactory, _storeName);
        _cache = new ModelCache(options, Clock, _telemetry, _logger);
        _known = new KnownAnswers(_cache.Folder, Store.Address);
        _watcher = new ModelWatcher(this, options.WatchInterval);
        StartEvents(builder, services);
    }

    /// <summary>The store.</summary>
    public IRegistryStore Store { get; }

    internal TimeProvider Clock { get; }

    /// <summary>Opens a registry without a container, in the words of <c>AddMLOpsRegistry</c>.</summary>
    /// <param name="configure">Chooses the store and sets options: <c>r => r.UseSqlite("mlops.db")</c>.</param>
    /// <returns>The registry. Dispose it at the end of the program.</returns>
    /// <exception cref="InvalidOperationException">No store was chosen.</exception>
    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    public static ModelRegistry Open(Action<RegistryBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = new RegistryBuilder(Options.DefaultName, services: null);
        configure(builder);
        if (builder.CreateStore is null)
            throw new InvalidOperationException("No store was chosen. Call UseSqlite(\"mlops.db\") or another UseX in ModelRegistry.Open.");
        var options = new RegistryOptions();
        builder.Apply(options);
        ValidateOptionsResult validation = new RegistryOptionsValidator().Validate(null, options);
        if (validation.Failed)
            throw new OptionsValidationException(Options.DefaultName, typeof(RegistryOptions), validation.Failures);
        return new ModelRegistry(builder, options, builder.Tracker, services: null);
    }

    /// <summary>Closes the registry and its store.</summary>
    /// <returns>A task that ends when they are closed.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await StopEventsAsync().ConfigureAwait(false);
        await _watcher.DisposeAsync().ConfigureAwait(false);
        _cache.Dispose();
        _telemetry.Dispose();
        await Store.DisposeAsync().ConfigureAwait(false);
    }

    private static string FolderUri(string folderOrUri) =>
        folderOrUri.Contains("://", StringComparison.Ordinal) ? folderOrUri.TrimEnd('/') : LocalArtifactStore.LocationOf(folderOrUri).AbsoluteUri.TrimEnd('/');

    private string Actor()
    {
        string actor = _actors.GetActor();
        return actor is { Length: > 0 and <= Limits.KeyLength } ? actor : throw new InvalidOperationException($"{_actors.GetType().Name} names an actor of {actor?.Length ?? 0} characters; it must have 1 to {Limits.KeyLength}.");
    }

    /// <summary>The time as it is kept: to the millisecond.</summary>
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(Clock.GetUtcNow().ToUnixTimeMilliseconds());

    private void Demand(RegistryCapabilities capability)
    {
        if (!Store.Capabilities.HasFlag(capability))
            throw new NotSupportedException($"{Store.GetType().Name} lacks the capability {nameof(RegistryCapabilities)}.{capability}. Ask Capabilities before, or use a store that has it.");
    }

    private async ValueTask<RegisteredModel> GetAsync(string name, CancellationToken cancellationToken) =>
        await Store.FindModelAsync(name, cancellationToken).ConfigureAwait(false) ?? throw new ModelNotFoundException(name);

    /// <summary>Changes a model: decides on what it is, and decides again when somebody else was faster.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="decide">Given the model, says what to change, or raises; no changes commit nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model that the decision was made on.</returns>
    private async ValueTask<RegisteredModel> ChangeAsync(string name, Func<RegisteredModel, ValueTask<IReadOnlyList<RegistryEvent>>> decide, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        string actor = Actor();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RegisteredModel model = await GetAsync(name, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<RegistryEvent> changes = await decide(model).ConfigureAwait(false);
            if (changes.Count == 0 || await TryCommitAsync(model.Key, model.Revision, changes, actor, cancellationToken).ConfigureAwait(false))
                return model;
        }
    }

    private ValueTask<RegisteredModel> ChangeAsync(string name, Func<RegisteredModel, RegistryEvent?> decide, CancellationToken cancellationToken) =>
        ChangeAsync(name, model => ValueTask.FromResult<IReadOnlyList<RegistryEvent>>(decide(model) is { } change ? [change] : []), cancellationToken);

    /// <returns>Whether it was committed; otherwise the model has changed.</returns>
    private async ValueTask<bool> TryCommitAsync(Guid key, long revision, IReadOnlyList<RegistryEvent> changes, string actor, CancellationToken cancellationToken)
    {
        RegistryCommit commit = new() { ModelKey = key, Revision = revision, Changes = changes, Actor = actor, At = Clock.GetUtcNow() };
        CommitOutcome outcome = await Store.CommitAsync(commit, cancellationToken).ConfigureAwait(false);
        if (outcome == CommitOutcome.NameTaken)
            throw new ModelExistsException(changes.Select(change => change switch { RegistryEvent.ModelCreated created => created.Name, RegistryEvent.ModelRenamed renamed => renamed.To, _ => null }).First(name => name is not null)!);
        if (outcome == CommitOutcome.Committed)
            Committed?.Invoke(this, EventArgs.Empty);
        return outcome == CommitOutcome.Committed;
    }

    /// <summary>Raised after each commit of this registry.</summary>
    internal event EventHandler? Committed;

    private static void ThrowIfGuarded(RegisteredModel model, PromotionTarget target)
    {
        if (model.Policies.TryGetValue(target, out PromotionPolicy? policy))
            throw new PromotionRequiredException(model.Name, target, policy.Name);
    }

    private static void CheckReason(string? reason) => RegistryLimits.CheckText(reason, RegistryLimits.ReasonLength, "A reason", nameof(reason));
}
