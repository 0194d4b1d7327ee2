using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MLOps.Registry.Registration;

/// <summary>The file by which MLflow's tools know a folder for a model: YAML with flavors and signature.</summary>
internal static class MLmodelFile
{
    /// <summary>Its name.</summary>
    public const string Name = "MLmodel";

    /// <summary>The name of the file with an example of an input.</summary>
    public const string InputExample = "input_example.json";

    /// <summary>Writes the file.</summary>
    /// <param name="location">Where the version's files lie.</param>
    /// <param name="id">What identifies the files.</param>
    /// <param name="at">When they were registered.</param>
    /// <param name="run">The run that made them; null when unknown.</param>
    /// <param name="flavors">The libraries that can load them.</param>
    /// <param name="signature">The signature as MLflow writes it, each side as JSON text; null for none.</param>
    /// <param name="hasExample">Whether <see cref="InputExample"/> lies beside it.</param>
    /// <param name="sizeBytes">The size of the other files.</param>
    /// <returns>UTF-8.</returns>
    public static byte[] Write(Uri location, Guid id, DateTimeOffset at, RunId? run, IReadOnlyList<ModelFlavor> flavors, IReadOnlyDictionary<string, string>? signature, bool hasExample, long sizeBytes)
    {
        StringBuilder yaml = new();
        yaml.Append("artifact_path: ").Append(Quoted(location.AbsoluteUri)).Append('\n');
        yaml.Append(flavors.Count == 0 ? "flavors: {}\n" : "flavors:\n");
        foreach (ModelFlavor flavor in flavors)
        {
            yaml.Append("  ").Append(Quoted(flavor.Name)).Append(flavor.Properties.Count == 0 ? ": {}\n" : ":\n");
            AppendMap(flavor.Properties, "    ");
        }

        yaml.Append("model_size_bytes: ").Append(sizeBytes.ToString(CultureInfo.InvariantCulture)).Append('\n');
        yaml.Append("model_uuid: ").Append(Quoted(id.ToString("N"))).Append('\n');
        if (run is { } maker)
            yaml.Append("run_id: ").Append(Quoted(maker.Value)).Append('\n');
        if (hasExample)
            yaml.Append("saved_input_example_info:\n  artifact_path: ").Append(Quoted(InputExample)).Append("\n  type: \"json_object\"\n");
        if (signature is not null)
        {
            yaml.Append("signature:\n");
            AppendMap(signature, "  ");
        }

        yaml.Append("utc_time_created: ").Append(Quoted(at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture))).Append('\n');
        return Encoding.UTF8.GetBytes(yaml.ToString());

        void AppendMap(IReadOnlyDictionary<string, string> map, string indent)
        {
            foreach ((string key, string value) in map.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                yaml.Append(indent).Append(Quoted(key)).Append(": ").Append(Quoted(value)).Append('\n');
        }
    }

    /// <summary>Reads the flavors of a file that MLflow or <see cref="Write"/> wrote, in block style: names, and what has a plain value. <c>python_function</c>, which every library adds for itself, comes last.</summary>
    /// <param name="yaml">The file.</param>
    /// <returns>The flavors; none when there is no block of that form.</returns>
    public static IReadOnlyList<ModelFlavor> FlavorsIn(string yaml)
    {
        List<(string Name, Dictionary<string, string> Properties)> flavors = [];
        int? nameIndent = null, propertyIndent = null;
        foreach (string line in yaml.Split('\n').Select(line => line.TrimEnd()).SkipWhile(line => line is not ("flavors:" or "\"flavors\":")).Skip(1))
        {
            string text = line.TrimStart();
            int indent = line.Length - text.Length;
            if (text.Length == 0 || text[0] == '#')
                continue;
            if (indent == 0)
                break;
            nameIndent ??= indent;
            if (!TrySplit(text, out string key, out string? value))
                continue;
            if (indent == nameIndent)
            {
                flavors.Add((key, new(StringComparer.Ordinal)));
                propertyIndent = null;
            }
            else if (flavors.Count > 0 && indent == (propertyIndent ??= indent) && value is not null)
            {
                flavors[^1].Properties[key] = value;
            }
        }

        return [.. flavors.Select(flavor => new ModelFlavor(flavor.Name) { Properties = flavor.Properties }).OrderBy(flavor => flavor.Name == "python_function")];
    }

    /// <param name="text">A line without its indent.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; null when there is none, or one that is not plain.</param>
    /// <returns>Whether it is a key and a value.</returns>
    private static bool TrySplit(string text, out string key, out string? value)
    {
        (key, value) = ("", null);
        int from = 0;
        if (text[0] is '"' or '\'')
        {
            for (from = 1; from < text.Length && text[from] != text[0]; from++)
            {
                if (text[from] == '\\' && text[0] == '"')
                    from++;
            }
        }

        int colon = from < text.Length ? text.IndexOf(':', from) : -1;
        if (colon < 0 || (colon + 1 < text.Length && text[colon + 1] != ' '))
            return false;
        key = Unquoted(text[..colon].Trim());
        string rest = text[(colon + 1)..].Trim();

        // What is no plain value has a structure, which nobody asks for here.
        value = rest.Length == 0 || rest is "null" or "~" || "{[&*|>!".Contains(rest[0], StringComparison.Ordinal) ? null : Unquoted(rest);
        return key.Length > 0;
    }

    private static string Unquoted(string text)
    {
        if (text is ['\'', .., '\''])
            return text[1..^1].Replace("''", "'", StringComparison.Ordinal);
        if (text is not ['"', .., '"'])
            return text;
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            return json.RootElement.GetString()!;
        }
        catch (JsonException)
        {
            // An escape that YAML has and JSON has not.
            return text[1..^1];
        }
    }

    /// <summary>A double-quoted scalar. Not as JSON escapes: YAML does not join escaped halves of surrogate pairs.</summary>
    private static string Quoted(string text)
    {
        StringBuilder quoted = new(text.Length + 2);
        quoted.Append('"');
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\')
                quoted.Append('\\').Append((char)rune.Value);
            else if (Rune.IsControl(rune) || rune.Value is 0xA0 or 0x2028 or 0x2029 or 0xFEFF or 0xFFFE or 0xFFFF)
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else
                quoted.Append(rune);
        }

        return quoted.Append('"').ToString();
    }
}
