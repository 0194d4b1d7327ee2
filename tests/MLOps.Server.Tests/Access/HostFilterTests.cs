using Microsoft.AspNetCore.Http;
using MLOps.Server.Access;
using MLOps.Server.Wire;

namespace MLOps.Server.Tests.Access;

public sealed class HostFilterTests
{
    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST:5000", true)]
    [InlineData("localhost.", true)]
    [InlineData("127.0.0.1:5000", true)]
    [InlineData("127.8.9.10", true)]
    [InlineData("[::1]:5000", true)]
    [InlineData("[::ffff:127.0.0.1]", true)]
    [InlineData("[fe80::1]:5000", true)]
    [InlineData("[fd00::1]", true)]
    [InlineData("0.0.0.0:5000", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("172.16.0.1", true)]
    [InlineData("172.31.255.1", true)]
    [InlineData("192.168.1.5:5000", true)]
    [InlineData("", true)]
    [InlineData("172.32.0.1", false)]
    [InlineData("8.8.8.8", false)]
    [InlineData("[2001:db8::1]", false)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("evil.example:5000", false)]
    [InlineData("localhost@evil.example", false)]
    [InlineData("localhost..", false)]
    public void By_default_the_server_is_called_by_local_and_private_names(string host, bool isAllowed) => Assert.Equal(isAllowed, Passes(new(), Request(host)));

    [Theory]
    [InlineData("mlops.example.org", "mlops.example.org", true)]
    [InlineData("mlops.example.org", "MLOPS.example.org.:443", true)]
    [InlineData("mlops.example.org:443", "mlops.example.org:8443", true)]
    [InlineData("mlops.example.org:*", "mlops.example.org", true)]
    [InlineData("mlops.example.org", "localhost", false)]
    [InlineData("mlops.example.org", "", false)]
    [InlineData("mlops.example.org", "a.mlops.example.org", false)]
    [InlineData("*.example.org", "a.b.example.org", true)]
    [InlineData("*.example.org", "example.org", false)]
    [InlineData("*.example.org", "evilexample.org", false)]
    [InlineData("app-*.example.org", "app-7.example.org", true)]
    [InlineData("192.168.*", "192.168.7.7:5000", true)]
    [InlineData("192.168.*", "192.168.evil.example", false)]
    [InlineData("192.168.*", "10.0.0.1", false)]
    [InlineData("[::1]:5000", "[::1]", true)]
    [InlineData("fd00:*", "[fd00::1]", false)]
    [InlineData("*", "evil.example", true)]
    public void Named_hosts_take_the_place_of_the_default(string allowed, string host, bool isAllowed)
    {
        MLOpsServerOptions options = new() { AllowedHosts = { allowed } };
        Assert.Equal(isAllowed, Passes(options, Request(host)));
    }

    [Theory]
    [InlineData("http://localhost:5000", true)]
    [InlineData("http://localhost:8888", true)]
    [InlineData("https://127.0.0.1", true)]
    [InlineData("http://[::1]:3000", true)]
    [InlineData("null", false)]
    [InlineData("", false)]
    [InlineData("https://evil.example", false)]
    [InlineData("http://localhost.evil.example", false)]
    [InlineData("http://127.0.0.1.evil.example", false)]
    [InlineData("file://localhost", false)]
    [InlineData("http://10.0.0.1", false)]
    public void Pages_of_foreign_origins_change_nothing_and_may_read(string origin, bool isAllowed)
    {
        HttpRequest request = Request("localhost:5000", ("Origin", origin));
        Assert.Equal(isAllowed, Passes(new(), request, isWrite: true));
        Assert.True(Passes(new(), request, isWrite: false));
    }

    [Fact]
    public void The_pages_of_the_server_itself_may_change_things_by_whichever_allowed_name_it_was_called()
    {
        MLOpsServerOptions options = new() { AllowedHosts = { "mlops.example.org" } };
        Assert.True(Passes(options, Request("mlops.example.org", ("Origin", "http://mlops.example.org")), isWrite: true));
        Assert.False(Passes(options, Request("mlops.example.org", ("Origin", "http://mlops.example.org:81")), isWrite: true));
        Assert.False(Passes(options, Request("mlops.example.org", ("Origin", "https://mlops.example.org")), isWrite: true));
    }

    [Theory]
    [InlineData("https://dash.example.org/", "https://dash.example.org", true)]
    [InlineData("https://dash.example.org", "http://dash.example.org", false)]
    [InlineData("https://*.example.org", "https://dash.example.org", true)]
    [InlineData("https://*.example.org", "https://example.org.evil.example", false)]
    [InlineData("*", "https://evil.example", true)]
    [InlineData("*", "null", true)]
    public void Named_origins_may_change_things(string allowed, string origin, bool isAllowed)
    {
        MLOpsServerOptions options = new() { AllowedOrigins = { allowed } };
        Assert.Equal(isAllowed, Passes(options, Request("localhost", ("Origin", origin)), isWrite: true));
    }

    [Theory]
    [InlineData("cross-site", false)]
    [InlineData("same-site", false)]
    [InlineData("same-origin", true)]
    [InlineData("none", true)]
    public void Where_a_browser_names_no_origin_it_says_whether_the_page_is_foreign(string site, bool isAllowed)
    {
        HttpRequest request = Request("localhost", ("Sec-Fetch-Site", site));
        Assert.Equal(isAllowed, Passes(new(), request, isWrite: true));
        Assert.True(Passes(new(), request, isWrite: false));
    }

    private static HttpRequest Request(string host, params (string Name, string Value)[] headers)
    {
        DefaultHttpContext http = new();
        http.Request.Scheme = "http";
        http.Request.Host = new HostString(host);
        foreach ((string name, string value) in headers)
            http.Request.Headers[name] = value;
        return http.Request;
    }

    private static bool Passes(MLOpsServerOptions options, HttpRequest request, bool isWrite = false)
    {
        try
        {
            new HostFilter(options).Demand(request, isWrite);
            return true;
        }
        catch (MlflowException refusal)
        {
            Assert.Equal(ErrorCode.PermissionDenied, refusal.Code);
            return false;
        }
    }
}
