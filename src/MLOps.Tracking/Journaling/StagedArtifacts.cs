using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking.Journaling;

/// <summary>Artifacts whose store is away: a hashed copy beside the journal, uploaded later by this process or by the adopter of its journal.</summary>
internal sealed partial class StagedArtifacts(string journalFolder, Func<Uri, ArtifactFolder> open, ILogger logger) : IDisposable
{
    public const string FolderName = "staged";
    private const string Described = ".json", Content = ".bin";
    private readonly string _folder = Path.Combine(journalFolder, FolderName);
    private readonly SemaphoreSlim _uploading = new(1, 1);

    /// <summary>The runs of the artifacts that wait, one entry for each artifact.</summary>
    public IReadOnlyList<RunId> Waiting => [.. Descriptions().Select(path => Read(path).Run).Select(run => new RunId(run))];

    public void Dispose() => _uploading.Dispose();

    /// <summary>Copies content beside the journal. When it returns, the copy is whole and on the disk.</summary>
    /// <exception cref="ArtifactStoreException">The copy could not be written.</exception>
    public async ValueTask<StagedArtifact> StageAsync(RunId run, Uri location, ArtifactPath path, Stream content, CancellationToken cancellationToken)
    {
        string name = Path.Combine(_folder, Guid.CreateVersion7().ToString("N"));
        try
        {
            Directory.CreateDirectory(_folder);
            StagedArtifact staged;
            using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
            {
                var file = new FileStream(name + Content, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16, useAsync: true);
                await using (file.ConfigureAwait(false))
                {
                    byte[] buffer = new byte[1 << 16];
                    for (int read; (read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
                    {
                        hash.AppendData(buffer, 0, read);
                        await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                    }

                    file.Flush(flushToDisk: true);
                    staged = new StagedArtifact(run.Value, location, path.Value, file.Length, Convert.ToHexStringLower(hash.GetHashAndReset()));
                }
            }

            byte[] description = JsonSerializer.SerializeToUtf8Bytes(staged, StagedJson.Default.StagedArtifact);
            await File.WriteAllBytesAsync(name + ".tmp", description, cancellationToken).ConfigureAwait(false);
            File.Move(name + ".tmp", name + Described);
            return staged;
        }
        catch (Exception exception)
        {
            File.Delete(name + Content);
            if (exception is IOException or UnauthorizedAccessException)
                throw new ArtifactStoreException($"The artifact store is away and '{path}' could not be staged in '{_folder}': {exception.Message} Free space or make the folder writable.", isTransient: true, exception);
            throw;
        }
    }

    /// <summary>Uploads what waits.</summary>
    /// <returns>Whether nothing waits any more.</returns>
    public async ValueTask<bool> UploadAsync(Action<RunId>? uploaded, CancellationToken cancellationToken)
    {
        await _uploading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (string description in Descriptions())
            {
                StagedArtifact staged = Read(description);
                string content = Path.ChangeExtension(description, Content);
                try
                {
                    var file = new FileStream(content, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, useAsync: true);
                    await using (file.ConfigureAwait(false))
                        await open(staged.Location).UploadAsync(staged.Path, file, cancellationToken).ConfigureAwait(false);
                }
                catch (ArtifactStoreException exception)
                {
                    LogStillAway(logger, staged.Path, staged.Location, exception);
                    return false;
                }

                File.Delete(description);
                File.Delete(content);
                uploaded?.Invoke(new RunId(staged.Run));
            }

            return true;
        }
        finally
        {
            _uploading.Release();
        }
    }

    private IEnumerable<string> Descriptions() =>
        Directory.Exists(_folder) ? Directory.EnumerateFiles(_folder, "*" + Described).Order(StringComparer.Ordinal) : [];

    private static StagedArtifact Read(string description) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(description), StagedJson.Default.StagedArtifact)
        ?? throw new JournalException($"'{description}' does not describe a staged artifact. Move it and the .bin file beside it away; the artifact can be uploaded by hand.");

    [LoggerMessage(1040, LogLevel.Warning, "Staged artifact {Path} still waits for {Location}")]
    private static partial void LogStillAway(ILogger logger, string path, Uri location, Exception exception);
}

/// <summary>What a staged copy is and where it belongs.</summary>
internal sealed record StagedArtifact(string Run, Uri Location, string Path, long SizeBytes, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StagedArtifact))]
internal sealed partial class StagedJson : JsonSerializerContext;
