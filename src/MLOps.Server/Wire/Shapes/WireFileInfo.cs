namespace MLOps.Server.Wire.Shapes;

/// <summary>A file or folder, and the answers that list some or tell where to send or get one.</summary>
internal sealed record WireFileInfo
{
    public required string Path { get; init; }

    public required bool IsDir { get; init; }

    public long? FileSize { get; init; }
}

internal sealed record ArtifactsAnswer(string RootUri, IReadOnlyList<WireFileInfo>? Files, string? NextPageToken);

internal sealed record FilesAnswer(IReadOnlyList<WireFileInfo>? Files);

internal sealed record UploadPart
{
    public required string Url { get; init; }

    public required int PartNumber { get; init; }

    public required IReadOnlyDictionary<string, string> Headers { get; init; }
}

internal sealed record UploadAnswer(string UploadId, IReadOnlyList<UploadPart> Credentials);

internal sealed record DownloadLinkAnswer(string Url, IReadOnlyDictionary<string, string> Headers, long? FileSize);
