using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace MLOps.Server.Tests.Faults.Fuzz;

/// <summary>Requests that no client would send, among those that clients do send, against the real tool.</summary>
public sealed class FuzzTests
{
    // Sampled in pieces, so that what is generated does not fill the memory of the test.
    private const int PieceLength = 250;

    private const int MostFailures = 20;

    // The memory is looked at so often; what comes before the second look warms up.
    private const int Looks = 6, WarmUp = 1;

    // What a server keeps per connection, per statement and per size of buffer has its final size after the first requests; ten thousands more may add fragmentation, and no more.
    private const long MemoryAllowance = 96 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_request_makes_the_server_fail_hang_grow_or_damage_its_store()
    {
        int count = TestLength.Of(3_000, 50_000), looks = count / Looks;
        int seed = TestSeed.Value;
        string folder = Directory.CreateTempSubdirectory("mlops-fuzz-").FullName;
        FuzzPool pool = new();
        Dictionary<HttpStatusCode, int> answers = [];
        List<string> failures = [];
        TimeSpan longest = TimeSpan.Zero;
        List<long> memory = [];
        await using (ServerProcess server = await ServerProcess.StartAsync(folder))
        {
            int sent = 0;
            foreach (Func<FuzzPool, FuzzRequest> make in Requests(seed, count))
            {
                FuzzRequest request = make(pool);
                Stopwatch watch = Stopwatch.StartNew();
                (HttpStatusCode status, string? wrong) = await SendAsync(server, request, pool);
                longest = watch.Elapsed > longest ? watch.Elapsed : longest;
                answers[status] = answers.GetValueOrDefault(status) + 1;
                if (wrong is not null)
                    failures.Add($"Request {sent}: {wrong}\n  {request}");
                if (++sent % looks == 0)
                    memory.Add(ResidentBytes.Of(server.Id));
                if (failures.Count == MostFailures)
                    break;
            }

            TestContext.Current.TestOutputHelper?.WriteLine(
                $"MLOPS_TEST_SEED={seed}: {string.Join(", ", answers.OrderBy(answer => answer.Key).Select(answer => $"{(int)answer.Key}: {answer.Value}"))}; {pool}; the longest took {longest.TotalMilliseconds:F0} ms; "
                + $"MiB after each sixth: {string.Join(", ", memory.Select(bytes => bytes >> 20))}.");
            Assert.True(failures.Count == 0, $"MLOPS_TEST_SEED={seed}\n{string.Join('\n', failures)}\n{ErrorsOf(server.Log)}");
            Assert.Equal(0, await server.StopAsync());
        }

        Assert.True(memory[^1] < memory[WarmUp] + MemoryAllowance, $"The server grew from {memory[WarmUp] >> 20} to {memory[^1] >> 20} MiB.");
        await using (Tracker tracker = Tracker.Open(t => t.UseSqlite(Path.Join(folder, "mlops.db"))))
            Assert.Empty((await tracker.CheckAsync(cancellationToken: Cancel)).Findings);
        Directory.Delete(folder, recursive: true);
    }

    private static IEnumerable<Func<FuzzPool, FuzzRequest>> Requests(int seed, int count)
    {
        for (int first = 0; first < count; first += PieceLength)
        {
            foreach (Func<FuzzPool, FuzzRequest> make in FuzzRequests.Any.Sample(Math.Min(PieceLength, count - first), new Rnd((ulong)seed, (ulong)((2 * first) + 1)), 20))
                yield return make;
        }
    }

    private static async Task<(HttpStatusCode Status, string? Wrong)> SendAsync(ServerProcess server, FuzzRequest request, FuzzPool pool)
    {
        using HttpRequestMessage message = request.ToMessage(server.Address);
        HttpResponseMessage response;
        try
        {
            response = await server.Client.Http.SendAsync(message, Cancel);
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !Cancel.IsCancellationRequested))
        {
            return (0, $"there was no answer: {exception.Message} {exception.InnerException?.Message}");
        }

        using (response)
        {
            byte[] body = await response.Content.ReadAsByteArrayAsync(Cancel);
            JsonObject? answer = response.Content.Headers.ContentType?.MediaType == "application/json" ? ObjectOf(body) : null;
            pool.Learn(request, response.StatusCode, answer);
            return (response.StatusCode, WrongWith(request, response, body, answer));
        }
    }

    /// <summary>What is wrong with an answer; null where nothing is.</summary>
    private static string? WrongWith(FuzzRequest request, HttpResponseMessage response, byte[] body, JsonObject? answer)
    {
        int status = (int)response.StatusCode;
        // Of what a server need not have, clients are told by 501 (contract §8.5).
        bool isOptional = request.Path.Contains("/mpu/", StringComparison.Ordinal) || request.Path.Contains("presigned", StringComparison.Ordinal);
        if (status >= 500 && !(status == 501 && isOptional))
            return $"{status} {Encoding.UTF8.GetString(body)}";
        if (!request.IsOfApi || request.Method == "HEAD")
            return null;
        // What is no HTTP, Kestrel refuses before anybody knows which route was meant, and ends the connection.
        if (status is 400 or 414 && body.Length == 0 && response.Headers.ConnectionClose == true)
            return null;
        if (status is 200 or 206)
            return answer is not null || IsFile(request) ? null : $"{status} without a JSON object: {Encoding.UTF8.GetString(body)}";
        return answer?["error_code"] is JsonValue code && code.GetValueKind() == JsonValueKind.String && answer["message"] is JsonValue message && ((string)message!).Length > 0
            ? null
            : $"{status} without an error in JSON: {response.Content.Headers.ContentType} {Encoding.UTF8.GetString(body)}";
    }

    private static string ErrorsOf(string log) => string.Join('\n', log.Split('\n').Where(line => line.Contains(" fail: ", StringComparison.Ordinal) || line.Contains(" crit: ", StringComparison.Ordinal)));

    // A download, or the upload of the pages, whose answer is empty.
    private static bool IsFile(FuzzRequest request) =>
        (request.Method == "GET" && (request.Path.Contains("/mlflow-artifacts/artifacts/", StringComparison.Ordinal) || request.Path.EndsWith("/artifacts/files", StringComparison.Ordinal)))
        || request.Path.EndsWith("/upload-artifact", StringComparison.Ordinal);

    private static JsonObject? ObjectOf(byte[] body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
