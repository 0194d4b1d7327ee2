using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Artifacts.Multipart;

/// <summary>Uploads in parts (contract §8.5): each part is sent by itself, several at once, and sent again by itself if it fails.</summary>
internal sealed class MultipartRoutes(UploadStaging staging, ArtifactFolders folders, IOptions<MLOpsServerOptions> options)
{
    private readonly long? _maxArtifactBytes = options.Value.MaxArtifactBytes;

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Post("mpu/create/{**dir}", AccessDemand.WriteArtifact, CreateAsync),
        MlflowRoute.Stream("PUT", "mpu/part/{upload_id}/{number}", AccessDemand.WriteArtifact, PutAsync),
        MlflowRoute.Post("mpu/complete/{**dir}", AccessDemand.WriteArtifact, CompleteAsync),
        MlflowRoute.Post("mpu/abort/{**dir}", AccessDemand.WriteArtifact, AbortAsync),
    ];

    private Task CreateAsync(MlflowCall call)
    {
        ArtifactPath target = TargetOf(call, "mpu/create/");
        if (call.Fields.Int64("num_parts") is not { } parts)
            throw MlflowException.Missing("num_parts");
        if (parts is < 1 or > UploadStaging.MostParts)
            throw call.Fields.Refuse("num_parts", $"1 to {UploadStaging.MostParts} parts are expected.");
        StagedUpload upload = staging.Create(target.Value, (int)parts);
        string address = AddressOf(call.Http.Request, upload.Id);
        // A client sends parts as it sends them to a store that knows nothing of it: with these headers and no others.
        Dictionary<string, string> headers = new(StringComparer.Ordinal);
        if (call.Http.Request.Headers.Authorization is [{ Length: > 0 } authorization])
            headers.Add("Authorization", authorization);
        UploadPart[] credentials = [.. Enumerable.Range(1, upload.Parts).Select(number => new UploadPart
        {
            Url = string.Create(CultureInfo.InvariantCulture, $"{address}/{number}"),
            PartNumber = number,
            Headers = headers,
        })];
        return call.AnswerAsync(new UploadAnswer(upload.Id, credentials), MlflowWire.Default.UploadAnswer);
    }

    private async Task PutAsync(HttpContext http)
    {
        StagedUpload upload = staging.Get(http.Request.RouteValues["upload_id"] as string ?? "");
        string text = http.Request.RouteValues["number"] as string ?? "";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1 || number > upload.Parts)
            throw MlflowException.Invalid($"The upload has parts 1 to {upload.Parts}; '{MlflowFields.Short(text)}' is none of them.");
        long left = _maxArtifactBytes is { } most ? Math.Max(0, most - staging.SizeOf(upload)) : long.MaxValue;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = Math.Min(left, UploadStaging.LargestPart);
        string etag = await staging.PutAsync(upload, number, http.Request.Body, http.RequestAborted).ConfigureAwait(false);
        http.Response.Headers.ETag = $"\"{etag}\"";
        http.Response.ContentLength = 0;
    }

    private async Task CompleteAsync(MlflowCall call)
    {
        ArtifactPath target = TargetOf(call, "mpu/complete/");
        string id = call.Fields.RequiredText("upload_id");
        if (call.Fields.Count("parts") is 0 or > UploadStaging.MostParts)
            throw MlflowException.Missing("parts");
        List<(int Number, string ETag)> parts = [];
        foreach (MlflowFields part in call.Fields.Objects("parts"))
            parts.Add((part.Int32("part_number") ?? throw part.Missing("part_number"), part.RequiredText("etag").Trim('"')));
        ProxiedPlace place = ClientPath.PlaceOf(target.Value);
        ArtifactPath path = ClientPath.Required(place.Path);
        await staging.CompleteAsync(
            id,
            target.Value,
            parts,
            content => folders.Open(place.Location).UploadAsync(path, content, cancellationToken: call.Cancelled),
            _maxArtifactBytes,
            call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task AbortAsync(MlflowCall call)
    {
        ArtifactPath target = TargetOf(call, "mpu/abort/");
        await staging.AbortAsync(call.Fields.RequiredText("upload_id"), target.Value, call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    // Clients name the file by its path on their own machine, of which only the name counts.
    private static ArtifactPath TargetOf(MlflowCall call, string route)
    {
        string folder = ClientPath.Behind(call.Http, route), local = call.Fields.RequiredText("path");
        string name = ClientPath.Required(local[(local.LastIndexOfAny(['/', '\\']) + 1)..]).Value;
        ArtifactPath target = ClientPath.Required(folder.Length == 0 ? name : $"{folder}/{name}");
        _ = ClientPath.Required(ClientPath.PlaceOf(target.Value).Path);
        return target;
    }

    private static string AddressOf(HttpRequest request, string id)
    {
        string path = $"{request.PathBase}{request.Path}";
        int end = path.IndexOf("/mpu/", StringComparison.OrdinalIgnoreCase);
        return $"{request.Scheme}://{request.Host.Value}{path[..end]}/mpu/part/{id}";
    }
}
