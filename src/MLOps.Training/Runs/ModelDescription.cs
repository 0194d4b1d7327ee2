using System.Globalization;
using System.Text;
using MLOps.Registry;
using MLOps.Registry.Signatures;
using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>The <c>MLmodel</c> file beside a model's weights, by which MLflow's tools, and the registry, know the folder for a model.</summary>
internal static class ModelDescription
{
    public const string File = "MLmodel";

    /// <summary>Writes it.</summary>
    /// <param name="run">The run that made the model.</param>
    /// <param name="path">Where the folder lies among the run's artifacts.</param>
    /// <param name="flavor">The library that can load it.</param>
    /// <param name="signature">What it takes and gives; null when unknown.</param>
    /// <param name="at">When it was logged.</param>
    /// <param name="bytes">The size of the weights.</param>
    /// <returns>YAML.</returns>
    public static string Write(RunId run, string path, ModelFlavor flavor, ModelSignature? signature, DateTimeOffset at, long bytes)
    {
        StringBuilder yaml = new();
        yaml.Append("artifact_path: ").Append(Quoted(path)).Append('\n');
        yaml.Append("flavors:\n  ").Append(flavor.Name).Append(":\n");
        foreach ((string key, string value) in flavor.Properties.OrderBy(property => property.Key, StringComparer.Ordinal))
            yaml.Append("    ").Append(key).Append(": ").Append(Quoted(value)).Append('\n');
        yaml.Append("model_size_bytes: ").Append(bytes.ToString(CultureInfo.InvariantCulture)).Append('\n');
        yaml.Append("model_uuid: ").Append(Quoted(Guid.CreateVersion7(at).ToString("N"))).Append('\n');
        yaml.Append("run_id: ").Append(Quoted(run.Value)).Append('\n');
        if (signature is not null)
        {
            (string? inputs, string? outputs, string? parameters) = MLflowSignature.Write(signature);
            yaml.Append("signature:\n");
            foreach ((string side, string? json) in new[] { ("inputs", inputs), ("outputs", outputs), ("params", parameters) })
                yaml.Append("  ").Append(side).Append(": ").Append(json is null ? "null" : Quoted(json)).Append('\n');
        }

        yaml.Append("utc_time_created: ").Append(Quoted(at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture))).Append('\n');
        return yaml.ToString();
    }

    /// <summary>A double-quoted scalar. None of what is written here has control characters.</summary>
    private static string Quoted(string text) => '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"';
}
