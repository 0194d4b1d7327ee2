using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Artifacts.Multipart;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.Artifacts;
using RouteBase = MLOps.Server.Wire.RouteBase;

namespace MLOps.Server.Artifacts;

/// <summary>The artifact proxy (contract §3.4, 8): clients move files through the server, which alone needs access to where they are kept.</summary>
internal sealed class ProxyRoutes(IEnumerable<ArtifactProxy> proxies, IOptions<MLOpsServerOptions> options, ArtifactFolders folders, ArtifactDownload download, MultipartRoutes multipart) : IRouteSet
{
    private static readonly TimeSpan s_linkValidity = TimeSpan.FromHours(1);

    private static readonly FrozenDictionary<string, string> s_noHeaders = FrozenDictionary<string, string>.Empty;

    private readonly MLOpsServerOptions _options = options.Value;

    public IEnumerable<MlflowRoute> Routes
    {
        get
        {
            IEnumerable<MlflowRoute> routes = !_options.ServeArtifacts ? Refusals("This server does not serve artifacts: it runs without --serve-artifacts. Clients reach the artifact store themselves.")
                : !proxies.Any() ? Refusals("This server does not serve artifacts: nothing says where it keeps them. Call UseArtifactProxy where its tracker is made.")
                : [.. Served, .. multipart.Routes];
            return routes.Select(route => route with { Base = RouteBase.Artifacts });
        }
    }

    private MlflowRoute[] Served =>
    [
        MlflowRoute.Get("artifacts", AccessDemand.ReadArtifact, ListAsync),
        MlflowRoute.Stream("GET", "artifacts/{**path}", AccessDemand.ReadArtifact, DownloadAsync),
        MlflowRoute.Stream("HEAD", "artifacts/{**path}", AccessDemand.ReadArtifact, DownloadAsync),
        MlflowRoute.Stream("PUT", "artifacts/{**path}", AccessDemand.WriteArtifact, UploadAsync),
        MlflowRoute.Stream("DELETE", "artifacts/{**path}", AccessDemand.WriteArtifact, DeleteAsync),
        MlflowRoute.Get("presigned/{**path}", AccessDemand.ReadArtifact, LinkAsync),
    ];

    private static MlflowRoute[] Refusals(string text) =>
    [
        .. ((string[])["GET", "HEAD", "PUT", "POST", "DELETE"]).Select(method =>
            MlflowRoute.Stream(method, "{**rest}", method is "GET" or "HEAD" ? AccessDemand.ReadArtifact : AccessDemand.WriteArtifact, http =>
            {
                http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                http.Response.ContentType = "text/plain; charset=utf-8";
                return http.Response.WriteAsync(text, http.RequestAborted);
            })),
    ];

    private async Task ListAsync(MlflowCall call)
    {
        ProxiedPlace place = ClientPath.PlaceOf(ClientPath.Of(call.Fields.Text("path")));
        IReadOnlyList<WireFileInfo> files = await ArtifactListing.ListAsync(folders.StoreOf(place.Location), place, after: null, int.MaxValue, call.Cancelled).ConfigureAwait(false);
        await call.AnswerAsync(new FilesAnswer(files.OrAbsent()), MlflowWire.Default.FilesAnswer).ConfigureAwait(false);
    }

    private Task DownloadAsync(HttpContext http) => download.SendAsync(http, ClientPath.PlaceOf(ClientPath.Behind(http, "artifacts/")));

    private async Task UploadAsync(HttpContext http)
    {
        ProxiedPlace place = ClientPath.PlaceOf(ClientPath.Behind(http, "artifacts/"));
        ArtifactPath path = ClientPath.Required(place.Path);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = _options.MaxArtifactBytes;
        await folders.Open(place.Location).UploadAsync(path, http.Request.Body, cancellationToken: http.RequestAborted).ConfigureAwait(false);
        await MlflowCall.AnswerEmptyAsync(http).ConfigureAwait(false);
    }

    private async Task DeleteAsync(HttpContext http)
    {
        string path = ClientPath.Behind(http, "artifacts/");
        ProxiedPlace place = ClientPath.PlaceOf(ClientPath.Required(path).Value);
        if (place.Path.Length > 0)
            await folders.Open(place.Location).DeleteAsync(place.Path, http.RequestAborted).ConfigureAwait(false);
        else
            await folders.StoreOf(place.Location).DeletePrefixAsync(place.Location, "", http.RequestAborted).ConfigureAwait(false);
        await MlflowCall.AnswerEmptyAsync(http).ConfigureAwait(false);
    }

    private async Task LinkAsync(MlflowCall call)
    {
        ProxiedPlace place = ClientPath.PlaceOf(ClientPath.Required(ClientPath.Behind(call.Http, "presigned/")).Value);
        ArtifactPath path = ClientPath.Required(place.Path);
        IArtifactStore store = folders.StoreOf(place.Location);
        if (!store.Capabilities.HasFlag(ArtifactStoreCapabilities.DownloadLinks))
            throw new MlflowException(ErrorCode.NotImplemented, "Presigned download is not supported by the store of this server's artifacts. Download through the server.");
        ArtifactObject found = await store.FindAsync(place.Location, path.Value, call.Cancelled).ConfigureAwait(false) ?? throw new ArtifactNotFoundException(place.Location, path.Value);
        Uri link = await folders.Open(place.Location).GetDownloadLinkAsync(path, s_linkValidity, call.Cancelled).ConfigureAwait(false);
        await call.AnswerAsync(new DownloadLinkAnswer(link.AbsoluteUri, s_noHeaders, found.SizeBytes), MlflowWire.Default.DownloadLinkAnswer).ConfigureAwait(false);
    }
}
