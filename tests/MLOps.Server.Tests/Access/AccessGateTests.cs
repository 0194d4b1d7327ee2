using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Wire;

namespace MLOps.Server.Tests.Access;

public sealed class AccessGateTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData(null, true)]
    [InlineData("10.0.0.7", false)]
    [InlineData("::ffff:10.0.0.7", false)]
    [InlineData("2001:db8::7", false)]
    public void Unguarded_routes_answer_this_machine_alone(string? caller, bool isLetIn) => Assert.Equal(isLetIn, Passes(Call(caller)));

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("Forwarded")]
    [InlineData("X-Real-IP")]
    [InlineData("X-Original-For")]
    [InlineData("Via")]
    public void Whoever_comes_through_a_proxy_does_not_come_from_this_machine(string header)
    {
        HttpContext http = Call("127.0.0.1");
        http.Request.Headers[header] = "127.0.0.1";
        Assert.False(Passes(http));
    }

    [Fact]
    public void Guarded_routes_leave_the_caller_to_ASP_NET()
    {
        Assert.True(Passes(Call("10.0.0.7", new AuthorizeAttribute())));
        Assert.True(Passes(Call("10.0.0.7", new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())));
        Assert.False(Passes(Call("10.0.0.7", new AuthorizeAttribute(), new AllowAnonymousAttribute())));
        Assert.False(Passes(Call("10.0.0.7", new AllowAnonymousAttribute())));
    }

    [Fact]
    public void Everybody_is_let_in_where_that_was_asked_for() => Assert.True(Passes(Call("10.0.0.7"), new() { AllowAnonymous = true }));

    [Fact]
    public void What_changes_nothing_and_tells_nothing_is_answered_to_anybody()
    {
        HttpContext http = Call("8.8.8.8");
        http.Request.Host = new HostString("evil.example");
        new AccessGate(Options.Create(new MLOpsServerOptions())).Demand(http, AccessDemand.Nothing);
    }

    private static DefaultHttpContext Call(string? caller, params object[] metadata)
    {
        DefaultHttpContext http = new();
        http.Request.Host = new HostString("localhost");
        http.Connection.RemoteIpAddress = caller is null ? null : IPAddress.Parse(caller);
        http.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(metadata), null));
        return http;
    }

    private static bool Passes(HttpContext http, MLOpsServerOptions? options = null)
    {
        try
        {
            new AccessGate(Options.Create(options ?? new())).Demand(http, AccessDemand.ReadRun);
            return true;
        }
        catch (MlflowException refusal)
        {
            Assert.Equal(ErrorCode.PermissionDenied, refusal.Code);
            return false;
        }
    }
}
