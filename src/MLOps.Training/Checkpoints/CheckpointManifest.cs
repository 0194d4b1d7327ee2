using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MLOps.Training.Checkpoints;

/// <summary>
/// What <c>manifest.json</c> says. Its last member, <c>manifest_sha256</c>, is the SHA-256 of the file's own bytes with these 64 digits as zeros: so a change anywhere in it is found, and with it,
/// by the hashes that it holds, a change in any other file.
/// </summary>
internal sealed record CheckpointManifest
{
    public const string FileName = "manifest.json";
    public const int CurrentFormat = 1;
    private const int DigestLength = 64;
    private static readonly string s_noDigest = new('0', DigestLength);

    public required int Format { get; init; }

    public required long Step { get; init; }

    public required int Epoch { get; init; }

    public required long Batch { get; init; }

    public required long TotalBatches { get; init; }

    public required long Seed { get; init; }

    public required int WorldSize { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string? RunId { get; init; }

    /// <summary>What was measured at this very step. The latest values of everything are among the values of the part <c>trainer</c>.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    public required OptimizerEntry Optimizer { get; init; }

    public required IReadOnlyDictionary<string, string> Versions { get; init; }

    public required IReadOnlyList<PartEntry> Parts { get; init; }

    public IReadOnlyList<FileEntry> Files { get; init; } = [];

    [JsonPropertyOrder(int.MaxValue)]
    public string ManifestSha256 { get; init; } = s_noDigest;

    [JsonIgnore]
    public TrainingPosition Position => new(Step, Epoch, Batch, TotalBatches);

    [JsonIgnore]
    public long SizeBytes => Files.Sum(file => file.Bytes);

    /// <summary>The manifest of a trainer's state as it stands in an image of it.</summary>
    public static CheckpointManifest Of(Trainer trainer, CheckpointImage image, IReadOnlyDictionary<string, double> metrics, IReadOnlyDictionary<string, string> versions, string? runId) => new()
    {
        Format = CurrentFormat,
        Step = trainer.Position.Step,
        Epoch = trainer.Position.Epoch,
        Batch = trainer.Position.Batch,
        TotalBatches = trainer.Position.TotalBatches,
        Seed = trainer.Options.Seed,
        WorldSize = 1,
        CreatedAt = trainer.Options.TimeProvider.GetUtcNow(),
        RunId = runId,
        Metrics = metrics,
        Optimizer = new() { Name = trainer.Optimizer.Name, LearningRate = trainer.Optimizer.LearningRate, Settings = trainer.Optimizer.Settings },
        Versions = versions,
        Parts = [.. image.Parts],
    };

    public byte[] ToBytes()
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(this with { ManifestSha256 = s_noDigest }, CheckpointJson.Default.CheckpointManifest);
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(bytes))).CopyTo(bytes, DigestAt(bytes));
        return bytes;
    }

    /// <summary>Reads and checks a manifest.</summary>
    public static (CheckpointManifest? Manifest, CheckpointDamage? Damage) Parse(byte[] bytes)
    {
        int at = DigestAt(bytes);
        if (at < 0)
            return (null, new(FileName, "is cut off: it does not end with its own SHA-256.", Actual: Convert.ToHexStringLower(SHA256.HashData(bytes))));
        string expected = Encoding.ASCII.GetString(bytes, at, DigestLength);
        byte[] plain = [.. bytes];
        plain.AsSpan(at, DigestLength).Fill((byte)'0');
        string actual = Convert.ToHexStringLower(SHA256.HashData(plain));
        if (actual != expected)
            return (null, new(FileName, $"was changed: its SHA-256 is {actual}, it says {expected}.", expected, actual));
        try
        {
            CheckpointManifest manifest = JsonSerializer.Deserialize(bytes, CheckpointJson.Default.CheckpointManifest)!;
            return (manifest, null);
        }
        catch (JsonException error)
        {
            return (null, new(FileName, $"is whole and can't be understood ({error.Message.TrimEnd('.')}): another version of MLOps.Training wrote it.", expected, actual, error));
        }
    }

    private static int DigestAt(byte[] bytes)
    {
        int at = bytes.Length - "\"\n}".Length - DigestLength;
        ReadOnlySpan<byte> before = "\"manifest_sha256\": \""u8;
        return at >= before.Length && bytes.AsSpan(0, at).EndsWith(before) && bytes.AsSpan(at + DigestLength).SequenceEqual("\"\n}"u8) ? at : -1;
    }

    internal sealed record OptimizerEntry
    {
        public required string Name { get; init; }

        public required double LearningRate { get; init; }

        public required IReadOnlyDictionary<string, string> Settings { get; init; }
    }

    /// <summary>A part of the training: its values, and the file of its tensors if it has any.</summary>
    internal sealed record PartEntry
    {
        public required string Name { get; init; }

        public string? File { get; init; }

        public required IReadOnlyDictionary<string, string> Values { get; init; }
    }

    internal sealed record FileEntry
    {
        public required string Name { get; init; }

        public required long Bytes { get; init; }

        public required string Sha256 { get; init; }
    }
}
