using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <summary>Says how a tracker is made, in the same words with and without a container. A back end adds its own <c>UseX</c> to it.</summary>
public sealed class TrackingBuilder
{
    private readonly List<Action<TrackingOptions>> _configure = [];
    private readonly List<(Func<StoreContext, ArtifactStores, IArtifactStore> Create, bool IsOwned)> _artifactStores = [];
    private readonly List<Func<IArtifactStore, StoreContext, IArtifactStore>> _decorations = [];

    internal TrackingBuilder(string storeName, IServiceCollection? services)
    {
        StoreName = storeName;
        Services = services;
    }

    /// <summary>The key of the tracker in a container; empty for the one without a key.</summary>
    public string StoreName { get; }

    /// <summary>The container's services; null for <see cref="Tracker.Open"/>.</summary>
    public IServiceCollection? Services { get; }

    internal Func<StoreContext, ITrackingStore>? CreateStore { get; private set; }

    internal StorePlaces? Places { get; private set; }

    internal TimeProvider? Clock { get; private set; }

    internal ILoggerFactory? LoggerFactory { get; private set; }

    internal string? ArtifactRoot { get; private set; }

    internal (RetentionPolicy Policy, TimeSpan Every)? Retention { get; private set; }

    /// <summary>Chooses the store. Back ends call this from their <c>UseX</c>.</summary>
    /// <param name="create">Makes the store, once. It must not wait for a server that is away.</param>
    /// <param name="places">Where journals and artifacts go unless the options say otherwise.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder UseStore(Func<StoreContext, ITrackingStore> create, StorePlaces places)
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(places);
        CreateStore = create;
        Places = places;
        return this;
    }

    /// <summary>Keeps runs in memory, for tests: they end with the tracker. Journals and artifacts go to a folder.</summary>
    /// <param name="folder">The folder for journals and artifacts; a test gives its own and deletes it.</param>
    /// <param name="store">A store to use and keep; null makes one.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder UseInMemory(string folder, InMemoryTrackingStore? store = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        folder = Path.GetFullPath(folder);
        return UseStore(
            context => store ?? new InMemoryTrackingStore(context.Clock, context.ArtifactRoot),
            new StorePlaces { JournalFolder = Path.Combine(folder, "mlops.journal"), ArtifactRoot = Path.Combine(folder, "mlops.artifacts") });
    }

    /// <summary>Adds an artifact store that the caller owns. The first that serves a location is used; local files are served without asking.</summary>
    /// <param name="store">The store; not disposed.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder AddArtifactStore(IArtifactStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        _artifactStores.Add(((_, _) => store, IsOwned: false));
        return this;
    }

    /// <summary>Adds an artifact store that is made with the tracker and disposed with it, if it can be. Back ends call this from their <c>AddX</c> and <c>UseX</c>.</summary>
    /// <param name="create">Makes the store, once; it must not wait for a server. In a container, <see cref="StoreContext.Services"/> has what the host registered.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder AddArtifactStore(Func<StoreContext, IArtifactStore> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return AddArtifactStore((context, _) => create(context));
    }

    /// <summary>Adds an artifact store that keeps what it is given in another one of this tracker. It is made with the tracker and disposed with it, if it can be.</summary>
    /// <param name="create">Makes the store, once; it must not wait for a server. It is given the stores that were added before and that of local files, without the layers of <see cref="DecorateArtifactStores"/>: those go around the new store.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder AddArtifactStore(Func<StoreContext, ArtifactStores, IArtifactStore> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        _artifactStores.Add((create, IsOwned: true));
        return this;
    }

    /// <summary>Says where the artifacts of new runs go, unless <see cref="TrackingOptions.ArtifactRoot"/> says otherwise. Runs that are there keep their locations.</summary>
    /// <param name="root">A folder, or a URI that an artifact store of this tracker serves.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder UseArtifactRoot(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        ArtifactRoot = root;
        return this;
    }

    /// <summary>Puts a layer around every artifact store of this tracker, local files included. The first call gives the outermost layer.</summary>
    /// <param name="decorate">Given a store, returns the one around it, a <see cref="DelegatingArtifactStore"/>.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder DecorateArtifactStores(Func<IArtifactStore, StoreContext, IArtifactStore> decorate)
    {
        ArgumentNullException.ThrowIfNull(decorate);
        _decorations.Insert(0, decorate);
        return this;
    }

    /// <summary>Applies a retention policy again and again while the tracker is open, the first time after one interval. Several processes may do so on one store. What it did, and what stood in its way, is logged.</summary>
    /// <param name="policy">The policy; a later call replaces it.</param>
    /// <param name="every">The interval, 1 minute to 30 days. Shorter than the process lives, or it never happens.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The policy has neither an age nor a number, or one that is out of range, or its filter names what runs do not have.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The interval is out of range.</exception>
    public TrackingBuilder UseRetention(RetentionPolicy policy, TimeSpan every)
    {
        ArgumentNullException.ThrowIfNull(policy);
        policy.Check(nameof(policy));
        ArgumentOutOfRangeException.ThrowIfLessThan(every, TimeSpan.FromMinutes(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(every, TimeSpan.FromDays(30));
        Retention = (policy, every);
        return this;
    }

    /// <summary>Sets options.</summary>
    /// <param name="configure">Called once, when the tracker is made, in the order of the calls.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder Configure(Action<TrackingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        _configure.Add(configure);
        return this;
    }

    /// <summary>Reads options from configuration, for example the section <c>MLOps:Tracking</c>.</summary>
    /// <param name="configuration">The section whose keys are the properties of <see cref="TrackingOptions"/>.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder Bind(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Configure(options => configuration.Bind(options));
    }

    /// <summary>Replaces the clock. Default: the container's <see cref="TimeProvider"/>, else the system's.</summary>
    /// <param name="clock">The clock.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder UseTimeProvider(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        Clock = clock;
        return this;
    }

    /// <summary>Says where the tracker logs. Default: the container's factory, else nowhere.</summary>
    /// <param name="loggerFactory">The factory.</param>
    /// <returns>This builder.</returns>
    public TrackingBuilder UseLogging(ILoggerFactory loggerFactory)
    {
        ArgumentNullException.ThrowIfNull(loggerFactory);
        LoggerFactory = loggerFactory;
        return this;
    }

    internal void Apply(TrackingOptions options)
    {
        foreach (Action<TrackingOptions> configure in _configure)
            configure(options);
    }

    /// <summary>Makes the stores, the last one that of local files.</summary>
    /// <param name="context">What they are given.</param>
    /// <param name="owned">Takes those that end with the tracker.</param>
    internal IReadOnlyList<IArtifactStore> CreateArtifactStores(StoreContext context, List<object> owned)
    {
        List<IArtifactStore> stores = [], bare = [];
        LocalArtifactStore local = new(context.Clock);
        foreach ((Func<StoreContext, ArtifactStores, IArtifactStore> create, bool isOwned) in _artifactStores.Append(((_, _) => local, true)))
        {
            IArtifactStore store = create(context, new ArtifactStores([.. bare, local], context.Clock));
            bare.Add(store);
            if (isOwned)
                owned.Add(store);
            foreach (Func<IArtifactStore, StoreContext, IArtifactStore> decorate in _decorations)
                owned.Add(store = decorate(store, context));
            stores.Add(store);
        }

        return stores;
    }
}
