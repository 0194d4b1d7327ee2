using System.Text;
using System.Text.Json;
using MLOps.Server.Wire;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Runs;

/// <summary>The models of a run as clients told them before models were entities of their own: a JSON list in a tag of the run, which only ever grows (contract §5.12).</summary>
/// <remarks>
/// An entry is added by reading the list and writing it back. Runs share a fixed number of locks, so that of the callers of this process none loses what another adds;
/// a second server over the same database does not take part in that.
/// </remarks>
internal sealed class LoggedModelHistory(ITrackingStore store)
{
    private const string Tag = "mlflow.log-model.history";
    private const int DeepestModel = 64;

    private static readonly string[] s_mandatory = ["artifact_path", "flavors", "run_id", "utc_time_created"];
    private static readonly JsonDocumentOptions s_model = new() { MaxDepth = DeepestModel };
    private static readonly JsonDocumentOptions s_list = new() { MaxDepth = DeepestModel + 1 };

    private readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, 32).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Adds a model to the list of a run, in the words in which it was told.</summary>
    /// <exception cref="MlflowException">The model is not described as it must be, or the list has no room for it.</exception>
    public async Task AppendAsync(RunId run, string modelJson, CancellationToken cancellationToken)
    {
        Demand(run, modelJson);
        SemaphoreSlim turn = _locks[(uint)run.GetHashCode() % _locks.Length];
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            RunDetails details = await store.FindRunAsync(run, cancellationToken).ConfigureAwait(false) ?? throw new RunNotFoundException(run);
            string list = Append(details.Tags.GetValueOrDefault(Tag), modelJson);
            // Cut, as other long tags are, it would be no list any more.
            if (list.Length > Limits.TagValueLength)
                throw MlflowException.Invalid($"Tag '{Tag}' of run {run} holds at most {Limits.TagValueLength} characters, and with this model it would have {list.Length}. The model's files are not affected. Log the model with MLflow 3, which keeps models beside the run.");
            await store.CommitAsync([new TrackingRecord.TagSet(run, Tag, list)], cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    private static void Demand(RunId run, string modelJson)
    {
        JsonBody.DemandText(Encoding.UTF8.GetBytes(modelJson));
        using JsonDocument? document = TryParse(modelJson, s_model);
        if (document?.RootElement.ValueKind != JsonValueKind.Object)
            throw MlflowException.Invalid("Malformed model info: model_json is not a JSON object.");
        MlflowFields model = new(document.RootElement, "model_json.");
        string[] missing = [.. s_mandatory.Where(field => !model.TryGet(field, out _))];
        if (missing.Length > 0)
            throw MlflowException.Invalid($"Model json is missing mandatory fields: {string.Join(", ", missing)}");
        if (!string.Equals(model.Text("run_id"), run.Value, StringComparison.Ordinal))
            throw model.Refuse("run_id", $"the run that the model is logged to is expected, {run}.");
    }

    // What is there stays as it is, to the letter.
    private static string Append(string? list, string modelJson)
    {
        string model = modelJson.Trim();
        if (string.IsNullOrEmpty(list))
            return $"[{model}]";
        using JsonDocument? document = TryParse(list, s_list);
        if (document?.RootElement.ValueKind != JsonValueKind.Array)
            throw MlflowException.Invalid($"Tag '{Tag}' holds something else than a JSON list of models, so none can be added to it. Delete the tag, or set it to [].");
        string items = list.TrimEnd()[..^1].TrimEnd();
        return document.RootElement.GetArrayLength() == 0 ? $"[{model}]" : $"{items}, {model}]";
    }

    private static JsonDocument? TryParse(string json, JsonDocumentOptions options)
    {
        try
        {
            return JsonDocument.Parse(json, options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
