using System.Text.Json;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking;

/// <summary>Logs evaluations of models.</summary>
public static class EvaluationExtensions
{
    /// <summary>Logs the metrics of an evaluation, and its tables and plots as artifacts.</summary>
    /// <param name="run">The run.</param>
    /// <param name="name">What the evaluation is called, for example <c>validation</c>: names its artifacts and stands in the titles of its plots.</param>
    /// <param name="evaluation">The evaluation.</param>
    /// <param name="prefix">Stands before the key of each metric, for example <c>validation/</c>; empty by default.</param>
    /// <param name="step">The step of the metrics. Default 0.</param>
    /// <param name="cancellationToken">Gives up; the metrics and the artifacts that are whole stay, no half artifact does.</param>
    /// <returns>The artifacts: first <c>evaluation/&lt;name&gt;.json</c>, then the plots <c>evaluation/&lt;name&gt;/&lt;plot&gt;.svg</c>. Those of an earlier evaluation of the same name are replaced.</returns>
    /// <exception cref="ArgumentException">The prefix or the name is not legal in a metric's key or an artifact's path; nothing was logged.</exception>
    /// <exception cref="ArtifactStoreException">The artifact store refuses for good; the metrics are logged.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    /// <remarks>
    /// The JSON is <c>{"version": 1, "kind": "binary" | "multiclass" | "regression", "name", "step", "metrics": {key: value}, "tables": {name: {"columns": […], "data": [[…], …]}}}</c>, each table in the
    /// form of <see cref="TableExtensions.LogTableAsync"/>, NaN and infinities as text. Plots are SVG images without script or reference, for light and dark viewers.
    /// </remarks>
    public static async ValueTask<IReadOnlyList<ArtifactFile>> LogEvaluationAsync(
        this Run run, string name, ModelEvaluation evaluation, string prefix = "", long step = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(evaluation);
        ArgumentNullException.ThrowIfNull(prefix);
        foreach (string key in evaluation.Metrics.Keys)
            Limits.CheckKey(prefix + key, nameof(prefix));
        ArtifactPath table = $"evaluation/{name}.json";
        (ArtifactPath Path, byte[] Svg)[] plots = [.. evaluation.Plots(name).Select(plot => (new ArtifactPath($"evaluation/{name}/{plot.File}.svg"), plot.Svg))];

        foreach ((string key, double value) in evaluation.Metrics)
            run.LogMetric(prefix + key, value, step);
        using var json = new MemoryStream(Json(name, step, evaluation), writable: false);
        List<ArtifactFile> artifacts = [await run.LogArtifactAsync(table, json, cancellationToken).ConfigureAwait(false)];
        foreach ((ArtifactPath path, byte[] svg) in plots)
            artifacts.Add(await run.LogImageAsync(path, svg, cancellationToken).ConfigureAwait(false));
        return artifacts;
    }

    private static byte[] Json(string name, long step, ModelEvaluation evaluation)
    {
        using var content = new MemoryStream();
        using (var json = new Utf8JsonWriter(content))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteString("kind", evaluation.Kind);
            json.WriteString("name", name);
            json.WriteNumber("step", step);
            json.WriteStartObject("metrics");
            foreach ((string key, double value) in evaluation.Metrics)
            {
                json.WritePropertyName(key);
                TableExtensions.WriteCell(json, value);
            }

            json.WriteEndObject();
            json.WriteStartObject("tables");
            foreach ((string table, string[] columns, IEnumerable<IReadOnlyList<object?>> rows) in evaluation.Tables)
            {
                json.WritePropertyName(table);
                TableExtensions.Write(json, columns, rows);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return content.ToArray();
    }
}
