using System.Globalization;
using MLOps.Registry;
using MLOps.Server.Wire;

namespace MLOps.Server.Registry;

/// <summary>Fields that requests of the registry have in common.</summary>
internal static class RegistryFields
{
    /// <summary>The tag of prompts, which MLflow keeps as registered models.</summary>
    public const string PromptTag = "mlflow.prompt.is_prompt";

    private static readonly Dictionary<string, ModelStage> s_stages = Enum.GetValues<ModelStage>().ToDictionary(stage => stage.ToString(), StringComparer.OrdinalIgnoreCase);

    /// <summary>The name of a registered model, which must be legal: no other can be found either.</summary>
    public static string ModelName(this MlflowFields fields, string field = "name")
    {
        string name = fields.RequiredText(field);
        return RegistryLimits.ModelNameError(name) is { } error ? throw fields.Refuse(field, error) : name;
    }

    /// <summary>The number of a version, which MLflow writes as a text.</summary>
    public static int VersionNumber(this MlflowFields fields, string model)
    {
        string text = fields.RequiredText("version").Trim();
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
            return number;
        // Larger than any number that is given, but a number.
        if (text.AsSpan(text is ['+' or '-', ..] ? 1 : 0) is { Length: > 0 } digits && digits.IndexOfAnyExceptInRange('0', '9') < 0)
            throw MlflowException.NotFound($"Model Version (name={model}, version={MlflowFields.Short(text)}) not found");
        throw MlflowException.Invalid($"Parameter 'version' must be an integer, as \"3\"; '{MlflowFields.Short(text)}' is none.");
    }

    /// <summary>A stage, in any case.</summary>
    public static ModelStage StageOf(string text) =>
        s_stages.TryGetValue(text, out ModelStage stage) ? stage : throw MlflowException.Invalid($"Invalid Model Version stage: {MlflowFields.Short(text)}. Value must be one of {string.Join(", ", s_stages.Keys)}.");

    /// <summary>The list <c>tags</c>: of those with the same key the last wins.</summary>
    public static Dictionary<string, string> Tags(this MlflowFields fields)
    {
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        foreach ((string key, string value) in fields.Pairs("tags"))
            tags[key] = value;
        return tags;
    }
}
