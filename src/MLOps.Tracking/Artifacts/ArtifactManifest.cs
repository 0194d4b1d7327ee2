using System.Text.Json;
using System.Text.Json.Serialization;

namespace MLOps.Tracking.Artifacts;

/// <summary>What one upload call wrote: the content of <c>.mlops/manifests/&lt;UUIDv7&gt;.json</c>.</summary>
internal sealed record ArtifactManifest
{
    public const int CurrentVersion = 1;

    public const string Folder = ArtifactPath.ReservedFolder + "/manifests";

    public required int Version { get; init; }

    public required IReadOnlyList<Entry> Files { get; init; }

    /// <summary>The time that a manifest's name carries, in ms since 1970; null for a file that is no manifest.</summary>
    public static long? TimeOf(string objectPath)
    {
        ReadOnlySpan<char> name = Path.GetFileName(objectPath.AsSpan());
        return name.EndsWith(".json", StringComparison.Ordinal) && Guid.TryParseExact(name[..^5], "D", out Guid id) && id.Version == 7
            ? Convert.ToInt64(id.ToString("N")[..12], 16)
            : null;
    }

    public static string PathAt(long milliseconds) =>
        $"{Folder}/{Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)):D}.json";

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ArtifactManifestJson.Default.ArtifactManifest);

    /// <exception cref="ArtifactCorruptException">It is no manifest.</exception>
    /// <exception cref="ArtifactStoreException">A later version of this SDK wrote it.</exception>
    public static async ValueTask<ArtifactManifest> ReadAsync(Stream json, string path, CancellationToken cancellationToken)
    {
        ArtifactManifest? manifest;
        try
        {
            manifest = await JsonSerializer.DeserializeAsync(json, ArtifactManifestJson.Default.ArtifactManifest, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            throw new ArtifactCorruptException(path, "it is not the JSON of a manifest.", e);
        }

        if (manifest?.Version > CurrentVersion)
            throw new ArtifactStoreException($"Manifest '{path}' has version {manifest.Version}; this SDK reads up to {CurrentVersion}. Update the package MLOps.Tracking.", isTransient: false);
        return manifest is { Version: > 0, Files: { } files } && files.All(file => file is not null && file.IsLegal)
            ? manifest
            : throw new ArtifactCorruptException(path, "it lacks what a manifest has, or names a file that is no artifact.", innerException: null);
    }

    /// <summary>A file as it was uploaded, or a path that was deleted.</summary>
    internal sealed record Entry
    {
        public required string Path { get; init; }

        public required long Bytes { get; init; }

        /// <summary>Null says that the file was deleted.</summary>
        public required string? Sha256 { get; init; }

        /// <summary>The key that encrypts the file; null when it lies in the plain.</summary>
        public string? KeyId { get; init; }

        /// <summary>The ETag that the store gave the object, by which two uploads of one path at the same time are told apart; null where stores have none.</summary>
        [JsonPropertyName("etag")]
        public string? ETag { get; init; }

        [JsonIgnore]
        public bool IsLegal => ArtifactPath.TryParse(Path, out _) && Bytes >= 0 && (Sha256 is null || (Sha256.Length == 64 && Sha256.All(char.IsAsciiHexDigitLower)));
    }
}
