using System.Globalization;
using MLOps.Registry;
using MLOps.Server.Wire;
using MLOps.Tracking.Search;

namespace MLOps.Server.Registry;

/// <summary>Fields that requests of the registry have in common.</summary>
internal static class RegistryFields
{
    private static readonly string s_stages = string.Join(", ", Enum.GetNames<ModelStage>());

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
        Enum.TryParse(text, ignoreCase: true, out ModelStage stage) && Enum.GetName(stage)!.Equals(text, StringComparison.OrdinalIgnoreCase)
            ? stage
            : throw MlflowException.Invalid($"Invalid Model Version stage: {MlflowFields.Short(text)}. Value must be one of {s_stages}.");

    /// <summary>The list <c>tags</c>: of those with the same key the last wins.</summary>
    public static Dictionary<string, string> Tags(this MlflowFields fields)
    {
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        foreach ((string key, string value) in fields.Pairs("tags"))
            tags[key] = value;
        return tags;
    }

    /// <summary>Which part of an answer is asked for by <c>max_results</c> and <c>page_token</c>.</summary>
    public static PageRequest Page(this MlflowFields fields, int usual, int most)
    {
        int size = fields.Int32("max_results") ?? usual;
        if (size < 1 || size > most)
            throw fields.Refuse("max_results", string.Create(CultureInfo.InvariantCulture, $"a number from 1 to {most} is expected."));
        return new PageRequest { Size = size, Token = fields.Text("page_token") is { Length: > 0 } token ? token : null };
    }
}
