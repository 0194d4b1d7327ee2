using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using MLOps.Registry;
using MLOps.Server.Access;
using MLOps.Server.LoggedModels;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;
using RouteBase = MLOps.Server.Wire.RouteBase;

namespace MLOps.Server.Artifacts;

/// <summary>The artifacts of runs, model versions and logged models, wherever they lie (contract §3.2, 3.4).</summary>
internal sealed class ArtifactRoutes(ITrackingStore store, ModelRegistry registry, ArtifactFolders folders, ArtifactDownload download) : IRouteSet
{
    private const int PageSize = 10_000;
    private const long LargestPageUpload = 10 << 20;

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Get("artifacts/list", AccessDemand.ReadArtifact, ListAsync),
        MlflowRoute.Post("artifacts/presigned-upload-url", AccessDemand.WriteArtifact, UploadLinkAsync),
        MlflowRoute.Stream("POST", "upload-artifact", AccessDemand.WriteArtifact, UploadAsync) with { Base = RouteBase.MlflowPages },
        .. Downloads("get-artifact", RouteBase.Root, DownloadOfRunAsync),
        .. Downloads("model-versions/get-artifact", RouteBase.Root, DownloadOfVersionAsync),
        .. OfLoggedModels,
    ];

    // Over a store that keeps none there are no such routes, as there are no others of logged models.
    private IEnumerable<MlflowRoute> OfLoggedModels => !store.Capabilities.HasFlag(StoreCapabilities.LoggedModels) ? [] :
    [
        MlflowRoute.Get("logged-models/{id}/artifacts/directories", AccessDemand.ReadArtifact, ListOfLoggedModelAsync),
        .. Downloads("logged-models/{id}/artifacts/files", RouteBase.MlflowPages, DownloadOfLoggedModelAsync),
    ];

    private static MlflowRoute[] Downloads(string path, RouteBase below, RequestDelegate send) =>
        [.. ((string[])["GET", "HEAD"]).Select(method => MlflowRoute.Stream(method, path, AccessDemand.ReadArtifact, send) with { Base = below })];

    private async Task ListAsync(MlflowCall call)
    {
        RunId id = call.Fields.RunId();
        string path = ClientPath.Of(call.Fields.Text("path"));
        (string root, Uri location) = await LocationOfAsync(id, call.Cancelled).ConfigureAwait(false);
        await AnswerListAsync(call, root, location, path).ConfigureAwait(false);
    }

    private async Task ListOfLoggedModelAsync(MlflowCall call)
    {
        string path = ClientPath.Of(call.Fields.Text("artifact_directory_path"));
        string root = (await GetLoggedModelAsync(call.Http).ConfigureAwait(false)).ArtifactLocation;
        await AnswerListAsync(call, root, UriOf(root), path).ConfigureAwait(false);
    }

    private async Task AnswerListAsync(MlflowCall call, string root, Uri location, string path)
    {
        string? after = call.Fields.Text("page_token") is { Length: > 0 } token ? ClientPath.Required(token).Value : null;
        var place = ProxiedPlace.Below(location, path);
        IReadOnlyList<WireFileInfo> files = await ArtifactListing.ListAsync(StoreOf(place.Location), place, after, PageSize + 1, call.Cancelled).ConfigureAwait(false);
        string? next = files.Count > PageSize ? files[PageSize - 1].Path : null;
        string parent = path.Length == 0 ? "" : path + "/";
        await call.AnswerAsync(
            new ArtifactsAnswer(root, files.Take(PageSize).Select(file => file with { Path = parent + file.Path }).ToArray().OrAbsent(), next),
            MlflowWire.Default.ArtifactsAnswer).ConfigureAwait(false);
    }

    private async Task UploadLinkAsync(MlflowCall call)
    {
        RunId id = call.Fields.RunId();
        _ = ClientPath.Required(call.Fields.RequiredText("path"));
        (string root, Uri location) = await LocationOfAsync(id, call.Cancelled).ConfigureAwait(false);
        throw ProxyLocation.Is(location)
            ? MlflowException.Invalid($"The artifacts of this run lie at {root} and are uploaded through the server: PUT them to mlflow-artifacts/artifacts. Presigned URLs are for stores that clients reach themselves.")
            : new MlflowException(ErrorCode.NotImplemented, "Presigned upload is not supported by this server. Upload to the store that artifact_uri names.");
    }

    private async Task UploadAsync(HttpContext http)
    {
        RunId id = MlflowFields.RunIdOf(Query(http, "run_uuid") ?? throw MlflowException.Invalid("Request must specify run_uuid."));
        ArtifactPath path = ClientPath.Required(Query(http, "path") ?? throw MlflowException.Invalid("Request must specify path."));
        if (http.Request.ContentLength > LargestPageUpload)
            throw MlflowException.Invalid("Artifact size is too large. Max size is 10MB. Upload it by a client's log_artifact.");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = LargestPageUpload;
        (_, Uri location) = await LocationOfAsync(id, http.RequestAborted).ConfigureAwait(false);
        var place = ProxiedPlace.Below(location, path.Value);
        _ = StoreOf(place.Location);
        await folders.Open(place.Location).UploadAsync(place.Path, http.Request.Body, cancellationToken: http.RequestAborted).ConfigureAwait(false);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = 0;
    }

    private async Task DownloadOfRunAsync(HttpContext http)
    {
        RunId id = MlflowFields.RunIdOf(Query(http, "run_id") ?? Query(http, "run_uuid") ?? throw MlflowException.Missing("run_id"));
        ArtifactPath path = RequiredPath(http, "path");
        (_, Uri location) = await LocationOfAsync(id, http.RequestAborted).ConfigureAwait(false);
        await SendAsync(http, location, path).ConfigureAwait(false);
    }

    private async Task DownloadOfVersionAsync(HttpContext http)
    {
        string name = Query(http, "name") ?? throw MlflowException.Missing("name"), number = Query(http, "version") ?? throw MlflowException.Missing("version");
        ArtifactPath path = RequiredPath(http, "path");
        if (!int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int version))
            throw MlflowException.Invalid($"Model version must be an integer, got '{MlflowFields.Short(number)}'");
        ModelVersion found = await registry.GetVersionAsync(name, version, http.RequestAborted).ConfigureAwait(false);
        await SendAsync(http, UriOf(found.Facts.Location), path).ConfigureAwait(false);
    }

    private async Task DownloadOfLoggedModelAsync(HttpContext http)
    {
        ArtifactPath path = RequiredPath(http, "artifact_file_path");
        LoggedModel model = await GetLoggedModelAsync(http).ConfigureAwait(false);
        await SendAsync(http, UriOf(model.ArtifactLocation), path).ConfigureAwait(false);
    }

    // Also one that is deleted, whose files are still there.
    private async ValueTask<LoggedModel> GetLoggedModelAsync(HttpContext http)
    {
        LoggedModelId id = LoggedModelConversions.IdOf(http.Request.RouteValues["id"] as string ?? "");
        return await store.FindLoggedModelAsync(id, http.RequestAborted).ConfigureAwait(false) ?? throw new LoggedModelNotFoundException(id);
    }

    private Task SendAsync(HttpContext http, Uri location, ArtifactPath path)
    {
        var place = ProxiedPlace.Below(location, path.Value);
        _ = StoreOf(place.Location);
        return download.SendAsync(http, place);
    }

    private async ValueTask<(string Root, Uri Location)> LocationOfAsync(RunId id, CancellationToken cancellationToken)
    {
        RunDetails run = await store.FindRunAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RunNotFoundException(id);
        return (run.Info.ArtifactLocation, UriOf(run.Info.ArtifactLocation));
    }

    // Locations come from clients: one that leads nowhere is no failure of this server.
    private static Uri UriOf(string location) => Uri.TryCreate(location, UriKind.Absolute, out Uri? uri)
        ? uri
        : throw MlflowException.Invalid($"The artifacts lie at '{MlflowFields.Short(location)}', which is no URI that this server could follow.");

    private IArtifactStore StoreOf(Uri location)
    {
        try
        {
            return folders.StoreOf(location);
        }
        catch (ArtifactStoreException unserved)
        {
            throw new MlflowException(ErrorCode.InvalidParameterValue, unserved.Message, unserved);
        }
    }

    private static ArtifactPath RequiredPath(HttpContext http, string name) => ClientPath.Required(Query(http, name) ?? throw MlflowException.Missing(name));

    private static string? Query(HttpContext http, string name) => http.Request.Query[name] is [.., { Length: > 0 } value] ? value : null;
}
