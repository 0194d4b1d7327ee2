using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Encryption;

namespace Snippets;

internal static class Encryption
{
    public static async Task EncryptAsync()
    {
        File.Delete("artifact-keys.txt");
        // <encrypt-create>
        LocalKeyFile.Create("artifact-keys.txt").Dispose();
        // </encrypt-create>
        // <encrypt>
        using LocalKeyFile keys = LocalKeyFile.Open("artifact-keys.txt");
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .EncryptArtifacts(keys));
        // </encrypt>
        await tracker.RunAsync("churn", async run => await run.LogArtifactAsync("model.onnx"));
    }

    public static void Rotate()
    {
        // <encrypt-rotate>
        using LocalKeyFile keys = LocalKeyFile.Open("artifact-keys.txt");
        string id = keys.AddKey();
        Console.WriteLine($"new artifacts are written with {id}");
        // </encrypt-rotate>
    }

    public static async Task MoveAsync(LocalKeyFile keys)
    {
        // <encrypt-move>
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .EncryptArtifacts(keys, allowPlain: true));
        // </encrypt-move>
    }

    /// <summary>Runs the provider below against answers as the service's reference describes them.</summary>
    public static async Task KeyServiceAsync()
    {
        using HttpClient http = new(new PretendedKeyService());
        GoogleKeys keys = new(http, PretendedKeyService.Key, _ => new("token"));
        using ArtifactDataKey made = await keys.CreateDataKeyAsync(CancellationToken.None);
        byte[] again = await keys.UnwrapAsync(made.KeyId, made.Wrapped, CancellationToken.None);
        if (!again.AsSpan().SequenceEqual(made.Plaintext.Span))
            throw new InvalidOperationException("The key service gave another key back.");
        try
        {
            await keys.UnwrapAsync(made.KeyId, made.Wrapped[1..], CancellationToken.None);
            throw new InvalidOperationException("The key service unwrapped what it had not wrapped.");
        }
        catch (CryptographicException)
        {
            // As it should be.
        }
    }

    private sealed class PretendedKeyService : HttpMessageHandler
    {
        public const string Key = "projects/p/locations/europe-west3/keyRings/ml/cryptoKeys/artifacts";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            JsonNode asked = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!;
            string path = request.RequestUri!.AbsolutePath;
            JsonObject answer = [];
            if (path == $"/v1/{Key}:encrypt")
                answer["ciphertext"] = Convert.ToBase64String([.. "wrapped"u8, .. Convert.FromBase64String((string)asked["plaintext"]!)]);
            else if (path == $"/v1/{Key}:decrypt" && Convert.FromBase64String((string)asked["ciphertext"]!) is var wrapped && wrapped.AsSpan().StartsWith("wrapped"u8))
                answer["plaintext"] = Convert.ToBase64String(wrapped[7..]);
            else
                return new HttpResponseMessage(HttpStatusCode.BadRequest);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer.ToJsonString()) };
        }
    }
}

// <encrypt-key-service>
/// <summary>Data keys that Google Cloud KMS wraps. The service keeps the key; it is asked once for each artifact that is put or opened.</summary>
public sealed class GoogleKeys(HttpClient http, string key, Func<CancellationToken, ValueTask<string>> getToken) : IArtifactKeyProvider
{
    public async ValueTask<ArtifactDataKey> CreateDataKeyAsync(CancellationToken cancellationToken)
    {
        byte[] dataKey = RandomNumberGenerator.GetBytes(32);
        byte[] wrapped = await AskAsync("encrypt", new() { ["plaintext"] = Convert.ToBase64String(dataKey) }, "ciphertext", cancellationToken);
        return new ArtifactDataKey(key, dataKey, wrapped);
    }

    public async ValueTask<byte[]> UnwrapAsync(string keyId, ReadOnlyMemory<byte> wrapped, CancellationToken cancellationToken)
    {
        // The id was read from an object: ask for no other key than ours.
        if (keyId != key)
            throw new ArtifactStoreException($"Key '{keyId}' is not '{key}', the one that this program uses.", isTransient: false);
        return await AskAsync("decrypt", new() { ["ciphertext"] = Convert.ToBase64String(wrapped.Span) }, "plaintext", cancellationToken);
    }

    private async Task<byte[]> AskAsync(string verb, JsonObject question, string answer, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, $"https://cloudkms.googleapis.com/v1/{key}:{verb}");
        request.Headers.Authorization = new("Bearer", await getToken(cancellationToken));
        request.Content = new StringContent(question.ToJsonString(), Encoding.UTF8, "application/json");
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.BadRequest && verb == "decrypt")
                throw new CryptographicException($"Key '{key}' does not unwrap this data key.");
            if (!response.IsSuccessStatusCode)
                throw new ArtifactStoreException($"The key service answered {(int)response.StatusCode} to '{verb}' with '{key}'.", isTransient: (int)response.StatusCode is 429 or >= 500);
            JsonNode json = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
            return Convert.FromBase64String((string)json[answer]!);
        }
        catch (HttpRequestException e)
        {
            throw new ArtifactStoreException($"The key service cannot be reached: {e.Message}", isTransient: true, e);
        }
    }
}
// </encrypt-key-service>
