using Microsoft.Extensions.Time.Testing;
using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Tests.Registration;

/// <summary>A registry on a store in memory, beside a tracker, with artifacts in a folder and a clock that stands still until a test moves it.</summary>
public abstract class RegistrationTestBase : IAsyncLifetime
{
    private readonly Lazy<InMemoryRegistryStore> _store;
    private readonly Lazy<Tracker> _tracker;
    private readonly Lazy<ModelRegistry> _registry;

    protected RegistrationTestBase()
    {
        _store = new(() => new InMemoryRegistryStore(Clock));
        _tracker = new(() => Tracker.Open(t => t
            .UseInMemory(Folder["tracking"]).UseTimeProvider(Clock)
            .Configure(o => (o.Capture.Source, o.Capture.Environment, o.CloseTimeout) = (false, false, TimeSpan.FromSeconds(2)))));
        _registry = new(() => Open());
    }

    protected TemporaryFolder Folder { get; } = new();

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    protected InMemoryRegistryStore Store => _store.Value;

    protected Tracker Tracker => _tracker.Value;

    protected ModelRegistry Registry => _registry.Value;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The folder below which registered files lie.</summary>
    protected string Root => Folder["tracking/mlops.artifacts/models"];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        await Tracker.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected ModelRegistry Open(IRegistryStore? store = null) =>
        ModelRegistry.Open(r => r.UseStore(_ => store ?? Store, Folder["unused"]).UseTracker(Tracker).UseTimeProvider(Clock));

    protected string WriteModel(string folder = "model")
    {
        Folder.Write($"{folder}/weights.bin", "weights");
        Folder.Write($"{folder}/deep/labels.txt", "yes no");
        return Folder[folder];
    }

    protected string[] StoredFiles() => Directory.Exists(Root) ? Directory.GetFiles(Root, "*", SearchOption.AllDirectories) : [];

    protected static string LocalPath(ModelVersion version, string path) => Path.Join(new Uri(version.Facts.Location).LocalPath, path);

    protected Task<ModelVersion> RegisterBytesAsync(byte[] content, ArtifactPath path, RegisterOptions? options = null, string model = "fraud") =>
        Registry.RegisterAsync(model, ModelContent.FromStream(new MemoryStream(content), path), options, cancellationToken: Cancellation);
}
