using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Faults;

/// <summary>One client that writes a run, a model and files of its own, and knows which of its writes were answered.</summary>
/// <remarks>When the server is killed one write is open: it may have happened or not, but never in part. What a look at the restarted server shows is what counts from then on.</remarks>
internal sealed class KillWriter(int number, int seed)
{
    private readonly Random _random = new(seed);
    private readonly Dictionary<long, double> _points = [];
    private readonly Dictionary<string, string> _params = [];
    private readonly Dictionary<string, string> _tags = [];
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly Dictionary<string, string> _versions = [];
    private readonly List<string> _runs = [];
    private string _run = "";
    private long _step;
    private int _serial;
    private OpenWrite? _open;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>How many writes were answered.</summary>
    public int Answered { get; private set; }

    /// <summary>How many files of it there are.</summary>
    public int Files => _files.Count;

    private string Model => $"killed-{number}";

    private string Root => $"/api/2.0/mlflow-artifacts/artifacts/0/{_run}/artifacts";

    /// <summary>Makes the run and the model.</summary>
    public async Task BeginAsync(MlflowClient client)
    {
        _run = (string)(await client.PostAsync("runs/create", new JsonObject { ["experiment_id"] = "0" }))["run"]!["info"]!["run_id"]!;
        await client.PostAsync("registered-models/create", new JsonObject { ["name"] = Model });
    }

    /// <summary>Writes until the server is gone.</summary>
    /// <param name="client">The server.</param>
    /// <param name="answered">Called after each write that was answered.</param>
    public async Task WriteAsync(MlflowClient client, Action answered)
    {
        try
        {
            while (true)
            {
                await WriteOneAsync(client);
                _open = null;
                Answered++;
                answered();
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !Cancel.IsCancellationRequested)
        {
            // It was killed, and the write is open.
        }
    }

    /// <summary>Looks whether all that was answered is there, and nothing is there in part.</summary>
    public async Task VerifyAsync(MlflowClient client)
    {
        JsonNode data = (await client.GetAsync("runs/get", ("run_id", _run)))["run"]!["data"]!;
        JsonObject history = await client.GetAsync("metrics/get-history", ("run_id", _run), ("metric_key", "loss"), ("max_results", "25000"));
        Dictionary<long, double> points = (history["metrics"]?.AsArray() ?? []).ToDictionary(point => (long)point!["step"]!, point => (double)point!["value"]!);
        Same(_points, points, _open?.Points);
        Same(_params, PairsOf(data["params"]), _open?.Params);
        Same(_tags, PairsOf(data["tags"]).Where(tag => tag.Key.StartsWith("own", StringComparison.Ordinal)), _open?.Tags);
        // What one batch says is there as a whole.
        if (_open is { Points: { } some, Params: { } with })
            Assert.Equal(some.All(point => _points.ContainsKey(point.Key)), with.All(param => _params.ContainsKey(param.Key)));
        foreach (string run in _runs)
            Assert.Equal(run, (string?)(await client.GetAsync("runs/get", ("run_id", run)))["run"]!["info"]!["run_id"]);
        await VerifyVersionsAsync(client);
        await VerifyFilesAsync(client);
        _open = null;
    }

    private async Task VerifyVersionsAsync(MlflowClient client)
    {
        JsonObject found = await client.GetAsync("model-versions/search", ("filter", $"name = '{Model}'"), ("max_results", "10000"));
        Dictionary<string, string> versions = (found["model_versions"]?.AsArray() ?? []).ToDictionary(version => (string)version!["version"]!, version => (string)version!["source"]!);
        foreach ((string version, string source) in _versions)
            Assert.Equal(source, versions[version]);
        KeyValuePair<string, string>[] more = [.. versions.Where(version => !_versions.ContainsKey(version.Key))];
        Assert.True(more.Length == 0 || (more.Length == 1 && more[0].Value == _open?.Source), $"{Model} has versions that nobody asked for: {string.Join(", ", more)}");
        foreach ((string version, string source) in more)
            _versions.Add(version, source);
    }

    private async Task VerifyFilesAsync(MlflowClient client)
    {
        foreach (string path in _files.Keys.Append(_open?.File?.Path).OfType<string>().Distinct().ToArray())
        {
            using HttpResponseMessage response = await client.Http.GetAsync($"{Root}/{path}", Cancel);
            byte[] body = await response.Content.ReadAsByteArrayAsync(Cancel);
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{path} of run {_run}: {(int)response.StatusCode} {Encoding.UTF8.GetString(body)}");
            byte[]? content = response.StatusCode == HttpStatusCode.NotFound ? null : body;
            byte[]? answered = _files.GetValueOrDefault(path), open = _open?.File is { } file && file.Path == path ? file.Content : null;
            Assert.True(IsSame(content, answered) || (open is not null && IsSame(content, open)), $"{path} of run {_run} has {content?.Length} bytes; {answered?.Length} were answered, {open?.Length} were under way.");
            if (content is not null)
                _files[path] = content;
        }

        static bool IsSame(byte[]? one, byte[]? other) => one is null ? other is null : other is not null && one.AsSpan().SequenceEqual(other);
    }

    private async Task WriteOneAsync(MlflowClient client)
    {
        string serial = (++_serial).ToString(CultureInfo.InvariantCulture);
        switch (_random.Next(10))
        {
            case 0 or 1:
                await SendAsync(client, "runs/log-metric", new JsonObject(PointOf(NextPoint()).Append(new("run_id", _run))), new OpenWrite { Points = [LastPoint] });
                break;
            case 2 or 3:
                KeyValuePair<long, double>[] points = [.. Enumerable.Range(0, _random.Next(1, 60)).Select(_ => NextPoint())];
                JsonObject batch = new()
                {
                    ["run_id"] = _run,
                    ["metrics"] = new JsonArray([.. points.Select(point => (JsonNode)new JsonObject(PointOf(point)))]),
                    ["params"] = new JsonArray(new JsonObject { ["key"] = $"p{serial}", ["value"] = serial }),
                    ["tags"] = new JsonArray(new JsonObject { ["key"] = "own batch", ["value"] = serial }),
                };
                await SendAsync(client, "runs/log-batch", batch, new OpenWrite { Points = points, Params = [new($"p{serial}", serial)], Tags = [new("own batch", serial)] });
                break;
            case 4:
                string tag = $"own {_random.Next(5)}";
                await SendAsync(client, "runs/set-tag", new JsonObject { ["run_id"] = _run, ["key"] = tag, ["value"] = serial }, new OpenWrite { Tags = [new(tag, serial)] });
                break;
            case 5:
                await SendAsync(client, "runs/log-parameter", new JsonObject { ["run_id"] = _run, ["key"] = $"p{serial}", ["value"] = serial }, new OpenWrite { Params = [new($"p{serial}", serial)] });
                break;
            case 6:
                JsonObject made = await SendAsync(client, "runs/create", new JsonObject { ["experiment_id"] = "0", ["run_name"] = $"{number} {serial}" }, new OpenWrite());
                _runs.Add((string)made["run"]!["info"]!["run_id"]!);
                break;
            case 7:
                string source = $"s3://bucket/{number}/{serial}";
                JsonObject version = await SendAsync(client, "model-versions/create", new JsonObject { ["name"] = Model, ["source"] = source }, new OpenWrite { Source = source });
                _versions.Add((string)version["model_version"]!["version"]!, source);
                break;
            default:
                await UploadAsync(client);
                break;
        }
    }

    private async Task UploadAsync(MlflowClient client)
    {
        byte[] content = new byte[_random.Next(0, 300_000)];
        _random.NextBytes(content);
        // Often a file that is there already.
        string path = $"folder {_random.Next(3)}/{_random.Next(12)}.bin";
        _open = new OpenWrite { File = (path, content) };
        MlflowClient.Answer answer = await client.SendAsync(HttpMethod.Put, $"{Root}/{path}", new ByteArrayContent(content));
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        _files[path] = content;
    }

    private async Task<JsonObject> SendAsync(MlflowClient client, string path, JsonObject body, OpenWrite write)
    {
        _open = write;
        JsonObject answer = await client.PostAsync(path, body);
        Keep(_points, write.Points);
        Keep(_params, write.Params);
        Keep(_tags, write.Tags);
        return answer;
    }

    private KeyValuePair<long, double> LastPoint => new(_step, _step / 8.0);

    private KeyValuePair<long, double> NextPoint()
    {
        _step++;
        return LastPoint;
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> PointOf(KeyValuePair<long, double> point) =>
        [new("key", "loss"), new("value", point.Value), new("timestamp", 1_700_000_000_000 + point.Key), new("step", point.Key)];

    private static Dictionary<string, string> PairsOf(JsonNode? pairs) => (pairs?.AsArray() ?? []).ToDictionary(pair => (string)pair!["key"]!, pair => (string)pair!["value"]!);

    private static void Keep<TKey, TValue>(Dictionary<TKey, TValue> answered, KeyValuePair<TKey, TValue>[]? written)
        where TKey : notnull
    {
        foreach ((TKey key, TValue value) in written ?? [])
            answered[key] = value;
    }

    /// <summary>Expects what was answered, or that with the whole of the open write, and takes it over.</summary>
    private static void Same<TKey, TValue>(Dictionary<TKey, TValue> answered, IEnumerable<KeyValuePair<TKey, TValue>> there, KeyValuePair<TKey, TValue>[]? open)
        where TKey : notnull
    {
        Dictionary<TKey, TValue> found = new(there), with = new(answered);
        Keep(with, open);
        if (open is not null && IsSame(found, with))
            Keep(answered, open);
        else
            Assert.True(IsSame(found, answered), $"{found.Count} are there, {answered.Count} were answered, {open?.Length ?? 0} were under way.");

        static bool IsSame(Dictionary<TKey, TValue> one, Dictionary<TKey, TValue> other) =>
            one.Count == other.Count && one.All(entry => other.TryGetValue(entry.Key, out TValue? value) && EqualityComparer<TValue>.Default.Equals(value, entry.Value));
    }

    /// <summary>A write that has not been answered yet.</summary>
    private sealed record OpenWrite
    {
        public KeyValuePair<long, double>[]? Points { get; init; }

        public KeyValuePair<string, string>[]? Params { get; init; }

        public KeyValuePair<string, string>[]? Tags { get; init; }

        public string? Source { get; init; }

        public (string Path, byte[] Content)? File { get; init; }
    }
}
