using MLOps.Server.Artifacts;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Contract;
using MLOps.Tracking.Contract.Artifacts;

namespace MLOps.Server.Tests.Artifacts;

public sealed class ProxyArtifactStoreTests : ArtifactStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private int _locations;

    public ProxyArtifactStoreTests() => Store = new ProxyArtifactStore(new LocalArtifactStore(), LocalArtifactStore.LocationOf(_folder["kept here"]));

    protected override IArtifactStore Store { get; }

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return base.DisposeAsync();
    }

    protected override ValueTask<Uri> CreateLocationAsync() => new(ProxyLocation.Of($"location {_locations++} 100%20 größe?"));

    [Theory]
    [InlineData("mlflow-artifacts:/1/a b", "1/a b")]
    [InlineData("mlflow-artifacts:/1/a%20b/", "1/a b")]
    [InlineData("mlflow-artifacts:///1/a%20b", "1/a b")]
    [InlineData("mlflow-artifacts://host:5000/1/a%20b", "1/a b")]
    [InlineData("http://host:5000/api/2.0/mlflow-artifacts/artifacts/1/a%20b", "1/a b")]
    [InlineData("https://host/prefix/api/2.0/mlflow-artifacts/artifacts/1/a%20b/", "1/a b")]
    [InlineData("mlflow-artifacts:/", "")]
    [InlineData("mlflow-artifacts:", "")]
    [InlineData("http://host/api/2.0/mlflow-artifacts/artifacts", "")]
    [InlineData("mlflow-artifacts:/100%2525", "100%25")]
    public async Task Every_form_of_a_location_leads_to_one_place(string location, string folder)
    {
        Uri uri = new(location);
        Assert.True(Store.Serves(uri));
        await using MemoryStream content = new("here"u8.ToArray());
        await Store.PutAsync(uri, "file", content, default, Cancel);
        Assert.Equal("here", await File.ReadAllTextAsync(Path.Join(_folder["kept here"], folder, "file"), Cancel));
        Assert.Equal(["file"], (await Store.ListAsync(uri, "", Cancel).ToArrayAsync(Cancel)).Select(item => item.Path));
    }

    [Theory]
    [InlineData("mlflow-artifacts:/%2e%2e/x")]
    [InlineData("mlflow-artifacts:/a/%252e%252e/x")]
    [InlineData("mlflow-artifacts:/a%5cb")]
    [InlineData("mlflow-artifacts:/a%00b")]
    [InlineData("mlflow-artifacts:/.mlops/uploads")]
    [InlineData("http://host/api/2.0/mlflow-artifacts/artifacts/%2e%2e/%2e%2e")]
    public async Task A_location_that_leads_out_of_the_destination_is_refused_or_stays_inside(string location)
    {
        Uri uri = new(location);
        await using MemoryStream content = new("x"u8.ToArray());
        try
        {
            await Store.PutAsync(uri, "file", content, default, Cancel);
        }
        catch (ArgumentException)
        {
            // Refused; what URIs resolve by their own rules stays inside instead.
        }

        string[] outside = [.. Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories).Where(file => !file.StartsWith(_folder["kept here"] + Path.DirectorySeparatorChar, StringComparison.Ordinal))];
        Assert.Empty(outside);
        Assert.False(Directory.Exists(_folder["kept here/.mlops/uploads"]));
    }

    [Theory]
    [InlineData("http://host/a")]
    [InlineData("http://host/api/2.0/mlflow-artifacts/artifactsX/a")]
    [InlineData("https://host/api/2.0/mlflow/artifacts/a")]
    [InlineData("mlflow-artifacts:/a?x=1")]
    [InlineData("mlflow-artifacts:/a#x")]
    [InlineData("file:///a")]
    [InlineData("s3://bucket/a")]
    public void Other_locations_are_not_served(string location) => Assert.False(Store.Serves(new Uri(location)));

    [Theory]
    [InlineData("1/0123456789abcdef0123456789abcdef/artifacts/model/a.bin", "mlflow-artifacts:/1/0123456789abcdef0123456789abcdef/artifacts", "model/a.bin")]
    [InlineData("0123456789abcdef0123456789abcdef/artifacts", "mlflow-artifacts:/0123456789abcdef0123456789abcdef/artifacts", "")]
    [InlineData("1/models/m-0123456789abcdef0123456789abcdef/artifacts/MLmodel", "mlflow-artifacts:/1/models/m-0123456789abcdef0123456789abcdef/artifacts", "MLmodel")]
    [InlineData("1/traces/tr-0123456789abcdef0123456789abcdef/artifacts/traces.json", "mlflow-artifacts:/1/traces/tr-0123456789abcdef0123456789abcdef/artifacts", "traces.json")]
    [InlineData("a b/0123456789abcdef0123456789abcdef/artifacts/c d", "mlflow-artifacts:/a%20b/0123456789abcdef0123456789abcdef/artifacts", "c d")]
    [InlineData("1/artifacts/x", "mlflow-artifacts:/", "1/artifacts/x")]
    [InlineData("0123456789ABCDEF0123456789ABCDEF/artifacts/x", "mlflow-artifacts:/", "0123456789ABCDEF0123456789ABCDEF/artifacts/x")]
    [InlineData("0123456789abcdef0123456789abcdef/x", "mlflow-artifacts:/", "0123456789abcdef0123456789abcdef/x")]
    [InlineData("", "mlflow-artifacts:/", "")]
    public void A_path_lies_at_the_location_of_its_owner(string path, string location, string below)
    {
        var place = ProxiedPlace.Of(path);
        Assert.Equal((location, below), (place.Location.AbsoluteUri, place.Path));
    }

    [Fact]
    public async Task What_it_lacks_its_destination_lacks()
    {
        IArtifactStore bare = new BareStore();
        ProxyArtifactStore proxy = new(bare, new Uri("bare://x/y"));
        Assert.Equal(ArtifactStoreCapabilities.None, ((IArtifactStore)proxy).Capabilities);
        await Assert.ThrowsAsync<NotSupportedException>(async () => await proxy.GetDownloadLinkAsync(ProxyLocation.Root, "a", TimeSpan.FromMinutes(1), Cancel));
    }

    /// <summary>A store with nothing beyond the core.</summary>
    private sealed class BareStore : IArtifactStore
    {
        private readonly LocalArtifactStore _none = new();

        public bool Serves(Uri location) => true;

        public ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken) => _none.PutAsync(location, path, content, options, cancellationToken);

        public ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken) => _none.OpenReadAsync(location, path, range, cancellationToken);

        public ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken) => _none.FindAsync(location, path, cancellationToken);

        public IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, CancellationToken cancellationToken) => _none.ListAsync(location, prefix, cancellationToken);

        public ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken) => _none.DeleteAsync(location, path, cancellationToken);
    }
}
