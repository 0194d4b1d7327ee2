using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MLOps.Registry.Serving.Cache;

/// <summary>What URIs were last known to name, on disk beside the cache: for the time when the registry is away.</summary>
internal sealed class KnownAnswers(string cacheFolder, string storeAddress)
{
    private readonly string _folder = Path.Join(cacheFolder, "refs");
    private readonly ConcurrentDictionary<ModelUri, State> _states = new();

    /// <summary>What the URI named when this process last asked; null when it never did.</summary>
    public ModelIdentity? FindLast(ModelUri uri) => _states.TryGetValue(uri, out State? state) ? state.Identity : null;

    /// <summary>Keeps an answer, and writes it down if it is another one than before.</summary>
    public void Keep(ModelUri uri, ModelVersion? version, ModelManifest manifest)
    {
        if (_states.TryGetValue(uri, out State? last) && last.Identity == ModelIdentity.Of(version) && (ReferenceEquals(last.Manifest, manifest) || last.Manifest.Digest == manifest.Digest))
        {
            if (last.IsOffline)
                _states[uri] = last with { IsOffline = false };
            return;
        }

        string path = PathOf(uri);
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(new KnownAnswer(uri.ToString(), version, manifest), CacheJsonContext.Default.KnownAnswer);
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
        {
            ModelCache.CreateFolder(_folder);
            string unnamed = Path.Join(_folder, $".{Guid.NewGuid():N}");
            try
            {
                File.WriteAllBytes(unnamed, content);
                File.Move(unnamed, path, overwrite: true);
            }
            finally
            {
                File.Delete(unnamed);
            }
        }

        _states[uri] = new State(ModelIdentity.Of(version), manifest, IsOffline: false);
    }

    /// <summary>Reads the last known answer.</summary>
    /// <returns>Null when there is none, or what is there cannot be read.</returns>
    public KnownAnswer? Find(ModelUri uri)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(uri)), CacheJsonContext.Default.KnownAnswer) is { Manifest.Digest: not null } answer && answer.Uri == uri.ToString() ? answer : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            // The failure that made somebody look here is the one to report.
            return null;
        }
    }

    /// <returns>Whether this is news: the URI was not answered from here before.</returns>
    public bool TurnedOffline(ModelUri uri, KnownAnswer answer)
    {
        bool isNews = !_states.TryGetValue(uri, out State? last) || !last.IsOffline;
        _states[uri] = new State(ModelIdentity.Of(answer.Version), answer.Manifest, IsOffline: true);
        return isNews;
    }

    private string PathOf(ModelUri uri) => Path.Join(_folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{storeAddress}\n{uri}"))) + ".json");

    private sealed record State(ModelIdentity Identity, ModelManifest Manifest, bool IsOffline);
}
