namespace MLOps.AzureBlobs.Tests;

public sealed class BlobPlaceTests
{
    [Theory]
    [InlineData("wasbs://models@acme.blob.core.windows.net/a/b")]
    [InlineData("wasbs://models@ACME.blob.core.windows.net/a/b/")]
    [InlineData("abfss://models@acme.dfs.core.windows.net/a/b")]
    [InlineData("abfss://models@acme.dfs.core.windows.net:443/a/b")]
    [InlineData("https://acme.blob.core.windows.net/models/a/b")]
    [InlineData("https://acme.dfs.core.windows.net/models/a/b//")]
    public void All_forms_of_a_location_name_one_place(string location) =>
        Assert.Equal(new BlobPlace(new("acme", "core.windows.net"), "models", "a/b/", new("https://acme.blob.core.windows.net")), BlobPlace.Of(new Uri(location)));

    [Theory]
    [InlineData("wasbs://models@acme.blob.core.chinacloudapi.cn", "https://acme.blob.core.chinacloudapi.cn/")]
    [InlineData("abfss://models@acme.dfs.core.usgovcloudapi.net", "https://acme.blob.core.usgovcloudapi.net/")]
    [InlineData("https://acme.z12.blob.storage.azure.net/models", "https://acme.z12.blob.storage.azure.net/")]
    [InlineData("http://127.0.0.1:10000/acme/models", "http://127.0.0.1:10000/acme")]
    [InlineData("http://azurite:10000/acme/models", "http://azurite:10000/acme")]
    [InlineData("https://127.0.0.1:4711/acme/models/", "https://127.0.0.1:4711/acme")]
    public void The_service_of_an_account_follows_from_its_location(string location, string service)
    {
        BlobPlace place = BlobPlace.Of(new Uri(location));
        Assert.Equal(new Uri(service), place.ServiceUrl);
        Assert.Equal(("models", ""), (place.Container, place.Prefix));
    }

    [Theory]
    [InlineData("https://acme.blob.core.windows.net/models/gr%C3%B6%C3%9Fe%20+%20100%25", "größe + 100%/")]
    [InlineData("https://acme.blob.core.windows.net/models/größe x", "größe x/")]
    [InlineData("wasbs://models@acme.blob.core.windows.net/50%2525", "50%25/")]
    public void A_prefix_is_decoded_once(string location, string prefix) => Assert.Equal(prefix, BlobPlace.Of(new Uri(location)).Prefix);

    [Theory]
    [InlineData("https://acme.blob.core.windows.net")]
    [InlineData("https://acme.blob.core.windows.net/")]
    [InlineData("http://acme.blob.core.windows.net/models")]
    [InlineData("https://acme.blob.core.windows.net/models?sv=1&sig=secret")]
    [InlineData("https://acme.blob.core.windows.net/models#x")]
    [InlineData("https://user:secret@acme.blob.core.windows.net/models")]
    [InlineData("https://acme.example.com/models")]
    [InlineData("https://blob.core.windows.net/models")]
    [InlineData("https://acme.blob.core.windows.net:8443/models")]
    [InlineData("wasbs://acme.blob.core.windows.net/models")]
    [InlineData("wasbs://models:secret@acme.blob.core.windows.net/a")]
    [InlineData("wasb://models@acme.blob.core.windows.net/a")]
    [InlineData("wasbs://models@acme.blob.core.windows.net/a/%2e%2e/b")]
    [InlineData("http://127.0.0.1:10000/acme")]
    [InlineData("http://127.0.0.1:10000/")]
    [InlineData("s3://models/a")]
    [InlineData("file:///models/a")]
    public void Other_locations_are_refused_without_telling_a_secret(string location)
    {
        // ".." that the Uri class has resolved is no longer there to refuse.
        Uri uri = new(location);
        if (uri.AbsolutePath == "/b")
            return;
        Assert.False(BlobPlace.TryParse(uri, out _));
        ArgumentException error = Assert.Throws<ArgumentException>(() => BlobPlace.Of(uri));
        Assert.Contains("wasbs://container@account", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_custom_domain_does_not_tell_its_account() => Assert.Null(BlobPlace.AccountOf(new Uri("https://blobs.example.com")));
}
