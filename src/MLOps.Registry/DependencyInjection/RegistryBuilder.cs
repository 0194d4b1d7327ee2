using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MLOps.Registry.Events;
using MLOps.Registry.Storage;
using MLOps.Tracking.Storage;

namespace MLOps.Registry;

/// <summary>Says how a registry is made, in the same words with and without a container. A back end adds its own <c>UseX</c> to it.</summary>
public sealed class RegistryBuilder
{
    private readonly List<Action<RegistryOptions>> _configure = [];

    internal RegistryBuilder(string storeName, IServiceCollection? services)
    {
        StoreName = storeName;
        Services = services;
    }

    /// <summary>The key of the registry in a container; empty for the one without a key.</summary>
    public string StoreName { get; }

    /// <summary>The container's services; null for <see cref="ModelRegistry.Open"/>.</summary>
    public IServiceCollection? Services { get; }

    internal Func<StoreContext, IRegistryStore>? CreateStore { get; private set; }

    internal string? ArtifactRoot { get; private set; }

    internal Tracker? Tracker { get; private set; }

    internal TimeProvider? Clock { get; private set; }

    internal ILoggerFactory? LoggerFactory { get; private set; }

    internal IActorProvider? Actors { get; private set; }

    /// <summary>Chooses the store. Back ends call this from their <c>UseX</c>.</summary>
    /// <param name="create">Makes the store, once. It must not wait for a server that is away.</param>
    /// <param name="artifactRoot">The folder or URI below which files go unless a tracker or the options say otherwise.</param>
    /// <returns>This builder.</returns>
    public RegistryBuilder UseStore(Func<StoreContext, IRegistryStore> create, string artifactRoot)
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentException.ThrowIfNullOrEmpty(artifactRoot);
        (CreateStore, ArtifactRoot) = (create, artifactRoot);
        return this;
    }

    /// <summary>Keeps models in memory, for tests: they end with the registry. Files go to a folder.</summary>
    /// <param name="folder">The folder for files; a test gives its own and deletes it.</param>
    /// <param name="store">A store to use and keep; null makes one.</param>
    /// <returns>This builder.</returns>
    public RegistryBuilder UseInMemory(string folder, InMemoryRegistryStore? store = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return UseStore(context => store ?? new InMemoryRegistryStore(context.Clock), Path.Combine(Path.GetFullPath(folder), "mlops.artifacts"));
    }

    /// <summary>Works with a tracker: takes its artifact stores and its artifact root, and reads the runs that versions come from. In a container, the tracker of the same key is taken without asking.</summary>
    /// <param name="tracker">The tracker; not disposed, and open for longer than the registry.</param>
    /// <returns>This builder.</returns>
    public RegistryBuilder UseTracker(Tracker tracker)
    {
        ArgumentNullException.ThrowIfNull(tracker);
        Tracker = tracker;
        return this;
    }

    /// <summary>Says who acts. Default: the container's <see cref="IActorProvider"/>, else the user that the process runs as.</summary>
    /// <param name="actors">Says it.</param>
    /// <returns>This builder.</returns>
    public RegistryBuilder UseActors(IActorProvider actors)
    {
        ArgumentNullException.ThrowIfNull(actors);
        Actors = actors;
        return this;
    }

    /// <summary>Sets options.</summary>
    /// <param name="configure">Called once, when the registry is made, in the order of the calls.</param>
    /// <returns>This builder.</returns>
    public RegistryBuilder Configure(Action<RegistryOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        _configure.Add(configure);
        return this;
    }

    /// <summary>Reads options from configuration, for example the section <c>MLOps:Registry</c>.</summary>
    /// <param name="configuration">The section whose keys are the properties of <see cref="RegistryOptions"/>.</param>
    /// <returns>This builder.</returns>
    public RegistryBuilder Bind(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Configure(options => configuration.Bind(options));
    }

    /// <summary>Replaces the clock. Default: the container's <see cref="TimeProvider"/>, else the system's.</summary>
    /// <param name="clock">The clock.</param>
    /// <returns>This builder.</returns>
    public RegistryBuilder UseTimeProvider(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        Clock = clock;
        return this;
    }

    /// <summary>Says where the registry logs. Default: the container's factory, else nowhere.</summary>
    /// <param name="loggerFactory">The factory.</param>
    /// <returns>This builder.</returns>
    public RegistryBuilder UseLogging(ILoggerFactory loggerFactory)
    {
        ArgumentNullException.ThrowIfNull(loggerFactory);
        LoggerFactory = loggerFactory;
        return this;
    }

    /// <summary>Delivers events to a URL while the registry is open: each at least once, in the order of the audit log, by one of the processes that have the store open.</summary>
    /// <remarks>
    /// An event is a POST of a CloudEvent as JSON (<see cref="CloudEvent.ToJson"/>), signed as Standard Webhooks 1.0 says (<see cref="WebhookSignature"/>). Any answer but
    /// 2xx is a failure, redirects too, and is tried again; 410 switches the webhook off. A new webhook begins with the events after the registry was first opened
    /// with it; one of the same name goes on where it was.
    /// </remarks>
    /// <param name="name">Its name, 1 to 200 letters, digits, <c>_ - . : /</c> or spaces; no other webhook of the store has it.</param>
    /// <param name="url">Where to: https, or http on this machine; without user name and password. It is not logged.</param>
    /// <param name="configure">Sets the secret and other options.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The name, the URL or an option is not legal, or the name is taken.</exception>
    public RegistryBuilder AddWebhook(string name, Uri url, Action<WebhookOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var webhook = Webhook.Create(name, url, configure);
        if (Webhooks.Any(other => other.Name == name))
            throw new ArgumentException($"There is a webhook '{name}' already.", nameof(name));
        Webhooks.Add(webhook);
        return this;
    }

    internal List<Webhook> Webhooks { get; } = [];

    internal void Apply(RegistryOptions options)
    {
        foreach (Action<RegistryOptions> configure in _configure)
            configure(options);
    }
}
