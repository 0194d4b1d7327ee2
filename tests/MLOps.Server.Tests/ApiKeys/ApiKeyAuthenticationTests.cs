using System.Net;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MLOps.Registry;
using MLOps.Server.ApiKeys;

namespace MLOps.Server.Tests.ApiKeys;

/// <summary>API keys in a host of its own, over HTTP.</summary>
public sealed class ApiKeyAuthenticationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlops-host-").FullName;
    private readonly ApiKeyFile _keys;

    public ApiKeyAuthenticationTests() => _keys = new ApiKeyFile(Path.Join(_folder, "mlops.keys"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_key_is_a_bearer_token_or_a_password()
    {
        string secret = await _keys.CreateAsync("ada", cancellationToken: Cancel);
        await using Host host = await StartAsync();
        Assert.Equal(200, await host.ReadAsync($"Bearer {secret}"));
        Assert.Equal(200, await host.ReadAsync($"bearer  {secret}"));
        Assert.Equal(200, await host.ReadAsync(Basic("ada", secret)));
        Assert.Equal(200, await host.ReadAsync(Basic("", secret)));
        Assert.Equal(401, await host.ReadAsync(Basic(secret, "")));
        Assert.Equal(401, await host.ReadAsync($"Token {secret}"));
        Assert.Equal(401, await host.ReadAsync(secret));
        Assert.Equal(401, await host.ReadAsync("Basic !!!"));
        Assert.Equal(401, await host.ReadAsync("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(secret))));
        Assert.Equal(401, await host.ReadAsync("Bearer " + new string('x', 8000)));
        Assert.Equal(401, await host.ReadAsync($"Bearer {secret[..^2]}xx"));
    }

    [Fact]
    public async Task Who_shows_no_key_is_told_in_MLflows_form_how_to_show_one()
    {
        await using Host host = await StartAsync();
        using HttpResponseMessage answer = await host.Client.Http.GetAsync("/api/2.0/mlflow/experiments/get?experiment_id=0", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal(["Bearer realm=\"MLOps\"", "Basic realm=\"MLOps\", charset=\"UTF-8\""], answer.Headers.WwwAuthenticate.Select(challenge => challenge.ToString()));
        JsonNode error = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!;
        Assert.Equal("UNAUTHENTICATED", (string?)error["error_code"]);
        Assert.Contains("MLFLOW_TRACKING_TOKEN", (string?)error["message"], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.Client.TryGetAsync("/health")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.Client.TryGetAsync("/version")).Status);
        (await host.Client.TryGetAsync("/api/2.0/mlflow/nothing/here")).IsError(404, "ENDPOINT_NOT_FOUND");
    }

    [Fact]
    public async Task A_running_host_heeds_keys_that_are_made_revoked_and_damaged()
    {
        await using Host host = await StartAsync();
        Assert.Equal(401, await host.ReadAsync("Bearer mlops_nothing"));
        string secret = await _keys.CreateAsync("ada", cancellationToken: Cancel);
        Assert.Equal(200, await host.ReadAsync($"Bearer {secret}"));
        await _keys.RevokeAsync("ada", Cancel);
        (await host.Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", null, ("Authorization", $"Bearer {secret}"))).IsError(401, "UNAUTHENTICATED", "revoked");
        await File.WriteAllTextAsync(_keys.Path, "{", Cancel);
        (await host.Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", null, ("Authorization", $"Bearer {secret}"))).IsError(401, "UNAUTHENTICATED", "cannot read its API keys");
    }

    [Fact]
    public async Task The_keys_name_is_who_acts_in_the_audit_log()
    {
        string secret = await _keys.CreateAsync("ada", cancellationToken: Cancel);
        await using Host host = await StartAsync();
        Assert.Equal(200, (int)(await host.Client.SendAsync(HttpMethod.Post, "registered-models/create", MlflowClient.Json("""{"name":"fraud"}"""), ("Authorization", $"Bearer {secret}"))).Status);
        ModelRegistry registry = host.App.Services.GetRequiredService<ModelRegistry>();
        Assert.Equal("ada", (await registry.Store.ReadAuditAsync(after: 0, most: 1, Cancel)).Single().Read().Actor);
    }

    [Fact]
    public async Task Keys_stand_beside_a_scheme_of_the_hosts_own()
    {
        string secret = await _keys.CreateAsync("ada", cancellationToken: Cancel);
        await using Host host = await StartAsync(
            services => services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, BadgeHandler>("Badge", null),
            map => map.RequireAuthorization(policy => policy.AddAuthenticationSchemes(ApiKeyOptions.Scheme, "Badge").RequireAuthenticatedUser()));
        Assert.Equal(200, await host.ReadAsync($"Bearer {secret}"));
        Assert.Equal(200, await host.ReadAsync("Badge 7"));
        Assert.Equal(401, await host.ReadAsync("Badge 8"));
    }

    [Fact]
    public async Task A_policy_that_a_key_does_not_meet_answers_403()
    {
        string secret = await _keys.CreateAsync("ada", cancellationToken: Cancel);
        await using Host host = await StartAsync(map: map => map.RequireAuthorization(policy => policy.RequireUserName("bob")));
        (await host.Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", null, ("Authorization", $"Bearer {secret}"))).IsError(403, "PERMISSION_DENIED", "'ada'");
    }

    [Fact]
    public async Task A_host_that_believes_forwarded_headers_of_anybody_is_not_taken_for_local()
    {
        await using Host host = await StartAsync(
            app: app =>
            {
                ForwardedHeadersOptions options = new() { ForwardedHeaders = ForwardedHeaders.All, ForwardLimit = null };
                options.KnownProxies.Clear();
                options.KnownIPNetworks.Clear();
                app.UseForwardedHeaders(options);
            },
            map: _ => { });
        Assert.Equal(200, await host.ReadAsync());
        (await host.Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", null, ("X-Forwarded-For", "127.0.0.1"))).IsError(403, "PERMISSION_DENIED", "its own machine only");
        (await host.Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", null, ("X-Forwarded-For", "10.0.0.7"))).IsError(403, "PERMISSION_DENIED", "its own machine only");
        (await host.Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", null, ("X-Forwarded-Host", "evil.example"))).IsError(403, "PERMISSION_DENIED", "evil.example");
    }

    [Fact]
    public async Task A_host_without_a_file_of_keys_does_not_start_to_answer()
    {
        await using Host host = await StartAsync(services => services.AddAuthentication().AddScheme<ApiKeyOptions, ApiKeyHandler>("Bare", null), map => map.RequireAuthorization(policy => policy.AddAuthenticationSchemes("Bare").RequireAuthenticatedUser()));
        Assert.Equal(500, await host.ReadAsync("Bearer mlops_x"));
    }

    private static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private async Task<Host> StartAsync(Action<IServiceCollection>? services = null, Action<IEndpointConventionBuilder>? map = null, Action<WebApplication>? app = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddMLOpsTracking(t => t.UseSqlite(Path.Join(_folder, "mlops.db")));
        builder.Services.AddMLOpsRegistry(r => r.UseSqlite(Path.Join(_folder, "mlops.db")));
        builder.Services.AddMLOpsServer();
        builder.Services.AddAuthentication(ApiKeyOptions.Scheme).AddMLOpsApiKeys(_keys.Path);
        builder.Services.AddAuthorization();
        services?.Invoke(builder.Services);
        WebApplication built = builder.Build();
        app?.Invoke(built);
        IEndpointConventionBuilder routes = built.MapMLOps();
        if (map is null)
            routes.RequireAuthorization();
        else
            map(routes);
        await built.StartAsync(Cancel);
        return new Host(built);
    }

    private sealed class Host(WebApplication app) : IAsyncDisposable
    {
        public WebApplication App { get; } = app;

        public MlflowClient Client { get; } = new(new Uri(app.Urls.Single()));

        public async Task<int> ReadAsync(string? authorization = null) =>
            (int)(await Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", null, authorization is null ? [] : [("Authorization", authorization)])).Status;

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await App.DisposeAsync();
        }
    }

    private sealed class BadgeHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers.Authorization == "Badge 7"
                ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "guard")], "Badge")), "Badge"))
                : AuthenticateResult.NoResult());
    }
}
