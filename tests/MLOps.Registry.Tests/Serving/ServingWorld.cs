using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Serving;

/// <summary>A registry over memory and local files, with a clock of its own, and as many further registries over the same store and cache as a test wants: each is to the cache what another process is.</summary>
internal sealed class ServingWorld : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _opened = [];
    private readonly ServiceProvider _services;
    private ModelRegistry? _registry;

    public ServingWorld(Action<RegistryOptions>? configure = null)
    {
        Configure = configure;
        Tracker = Tracker.Open(t => t.UseInMemory(Folder["runs"]).AddArtifactStore(Files));
        _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    }

    public Action<RegistryOptions>? Configure { get; }

    public TemporaryFolder Folder { get; } = new();

    public SwitchedRegistryStore Store { get; } = new(new InMemoryRegistryStore());

    public GatedArtifactStore Files { get; } = new();

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UnixEpoch.AddYears(60));

    public FakeLogCollector Logs { get; } = new();

    public Tracker Tracker { get; }

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public string Cache => Folder["cache"];

    public ModelRegistry Registry => _registry ??= Open();

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ModelRegistry Open()
    {
        var services = new ServiceCollection();
        services.AddSingleton(Meters);
        services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(Logs)));
        services.AddMLOpsRegistry(Describe);
        ServiceProvider provider = services.BuildServiceProvider();
        _opened.Add(provider);
        return provider.GetRequiredService<ModelRegistry>();
    }

    public void Describe(RegistryBuilder r)
    {
        r.UseStore(_ => Store, Folder["registry"]).UseTracker(Tracker).UseTimeProvider(Clock).Configure(options => options.CacheFolder = Cache);
        if (Configure is not null)
            r.Configure(Configure);
    }

    /// <summary>Registers a version as the registry will: files in a folder, hashes in the facts.</summary>
    public async Task<ModelVersion> RegisterAsync(string model, params (string Path, string Content)[] files)
    {
        string folder = Write(files);
        return await CreateAsync(model, new Uri(folder).AbsoluteUri, ManifestOf(files), isVerified: true);
    }

    /// <summary>Creates a version as MLflow's route does: nobody has read the files.</summary>
    public Task<ModelVersion> CreateUnverifiedAsync(string model, string location, ModelManifest? manifest = null) => CreateAsync(model, location, manifest, isVerified: false);

    public string Write(params (string Path, string Content)[] files)
    {
        string folder = $"models/{Guid.NewGuid():N}";
        foreach ((string path, string content) in files)
            Folder.Write($"{folder}/{path}", content);
        return Folder[folder];
    }

    public static ModelManifest ManifestOf(params (string Path, string Content)[] files) => new()
    {
        Files = [.. files.OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => new ModelFile(file.Path, file.Content.Length, Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(file.Content)))))],
    };

    /// <summary>Lets time pass, a second at a time, until something has happened.</summary>
    public async Task PassUntilAsync(Func<bool> hasHappened)
    {
        while (!hasHappened())
        {
            Cancel.ThrowIfCancellationRequested();
            Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    public static async Task UntilAsync(Func<bool> hasHappened)
    {
        while (!hasHappened())
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>A task that ends when a token changes.</summary>
    public static Task ChangeOf(Microsoft.Extensions.Primitives.IChangeToken token)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.RegisterChangeCallback(_ => changed.TrySetResult(), null);
        return changed.Task.WaitAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable opened in Enumerable.Reverse(_opened))
            await opened.DisposeAsync();
        await Tracker.DisposeAsync();
        await _services.DisposeAsync();
        Folder.Dispose();
    }

    private async Task<ModelVersion> CreateAsync(string model, string location, ModelManifest? manifest, bool isVerified)
    {
        RegisteredModel found = await Registry.FindModelAsync(model, Cancel) ?? await Registry.CreateModelAsync(model, cancellationToken: Cancel);
        var facts = new VersionFacts { Source = location, Location = location, Manifest = manifest };
        RegistryEvent change = new RegistryEvent.VersionCreated(found.LastNumber + 1, facts, isVerified, Description: null, new Dictionary<string, string>());
        CommitOutcome outcome = await Store.CommitAsync(new RegistryCommit { ModelKey = found.Key, Revision = found.Revision, Changes = [change], Actor = "test", At = Clock.GetUtcNow() }, Cancel);
        Assert.Equal(CommitOutcome.Committed, outcome);
        return await Registry.GetVersionAsync(model, found.LastNumber + 1, Cancel);
    }
}
