using System.Globalization;
using System.Text.Json;

namespace MLOps.Registry.Signatures;

/// <summary>The text of a signature as MLflow writes it under <c>signature:</c> in <c>MLmodel</c> files, and as its tools read it.</summary>
/// <remarks>
/// MLflow's signatures have no categories; they are left out and not read. Nested columns (<c>array</c>, <c>object</c>, <c>map</c>, <c>any</c>) and params of lists have no place in a
/// <see cref="ModelSignature"/>; a text with them is refused. Source: mlflow/types/schema.py of MLflow 2, <c>Schema.to_json</c> and <c>ParamSchema.to_json</c>.
/// </remarks>
public static class MLflowSignature
{
    private static readonly JsonDocumentOptions s_json = new() { MaxDepth = 16 };

    /// <summary>Writes a signature.</summary>
    /// <param name="signature">The signature.</param>
    /// <returns>JSON for each of <c>inputs</c>, <c>outputs</c> and <c>params</c>; null for a side that is unknown or has a dtype that numpy lacks, such as <c>bfloat16</c>, and for no params.</returns>
    /// <exception cref="ArgumentException">MLflow could not read it: columns with and without names in one schema, unnamed columns that are nullable, several tensors of which one has no name, two params of one name, a binary param, or a default that is not of its param's type.</exception>
    public static (string? Inputs, string? Outputs, string? Params) Write(ModelSignature signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return (Write(signature.Inputs, "inputs"), Write(signature.Outputs, "outputs"), Write(signature.Params));
    }

    /// <summary>Reads a signature.</summary>
    /// <param name="inputs">The text of <c>inputs</c>; null when there is none.</param>
    /// <param name="outputs">The text of <c>outputs</c>; null when there is none.</param>
    /// <param name="params">The text of <c>params</c>; null when there is none.</param>
    /// <returns>The signature.</returns>
    /// <exception cref="FormatException">A text is not MLflow's, or has nested columns or params of lists.</exception>
    public static ModelSignature Read(string? inputs, string? outputs, string? @params) => new()
    {
        Inputs = ReadEach(inputs, nameof(inputs), entries => ReadSchema(entries, nameof(inputs))),
        Outputs = ReadEach(outputs, nameof(outputs), entries => ReadSchema(entries, nameof(outputs))),
        Params = ReadEach(@params, nameof(@params), entries => entries.Select(ReadParam).ToArray()) ?? [],
    };

    private static string? Write(SignatureSchema? schema, string side)
    {
        if (schema is null || (schema.Columns.Count == 0 && schema.Tensors.Count == 0) || schema.Tensors.Any(tensor => !Dtypes.IsNumpy(tensor.Dtype)))
            return null;
        int unnamed = schema.IsTensors ? schema.Tensors.Count(tensor => tensor.Name is null) : schema.Columns.Count(column => column.Name.Length == 0);
        if (schema.IsTensors ? unnamed > 0 && schema.Tensors.Count > 1 : unnamed > 0 && unnamed < schema.Columns.Count)
            throw new ArgumentException($"Some of the {side} have no name. Name all of them; a single tensor, or all columns together, may go without.", nameof(schema));
        if (!schema.IsTensors && unnamed > 0 && schema.Columns.Any(column => column.IsNullable))
            throw new ArgumentException($"The {side} have no names, and one of them is nullable. Name them, or make all of them required.", nameof(schema));
        PythonJson json = new();
        return schema.IsTensors ? json.Array(schema.Tensors, tensor => Write(json, tensor)) : json.Array(schema.Columns, column => Write(json, column));
    }

    private static void Write(PythonJson json, ColumnSpec column)
    {
        json.Raw("{\"type\": ").Text(ColumnTypes.NameOf(column.Type));
        if (column.Name.Length > 0)
            json.Raw(", \"name\": ").Text(column.Name);
        json.Raw(column.IsNullable ? ", \"required\": false}" : ", \"required\": true}");
    }

    private static void Write(PythonJson json, TensorSpec tensor)
    {
        json.Raw("{");
        if (tensor.Name is not null)
            json.Raw("\"name\": ").Text(tensor.Name).Raw(", ");
        json.Raw("\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": ").Text(tensor.Dtype).Raw(", \"shape\": [").Raw(string.Join(", ", tensor.Shape.Select(size => size.ToString(CultureInfo.InvariantCulture)))).Raw("]}}");
    }

    private static string? Write(IReadOnlyList<ParamSpec> parameters)
    {
        if (parameters.Count == 0)
            return null;
        if (parameters.GroupBy(parameter => parameter.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"There are two params '{twice.Key}'. A param's name is unique.", nameof(parameters));
        PythonJson json = new();
        return json.Array(parameters, parameter =>
        {
            json.Raw("{\"name\": ").Text(parameter.Name).Raw(", \"default\": ");
            WriteDefault(json, parameter);
            json.Raw(", \"shape\": null, \"type\": ").Text(ColumnTypes.NameOf(parameter.Type)).Raw("}");
        });
    }

    private static void WriteDefault(PythonJson json, ParamSpec parameter)
    {
        if (parameter.Type == ColumnType.Binary)
            throw new ArgumentException($"Param '{parameter.Name}' is binary, which MLflow has no params of. Make it a text, for example in Base64.", nameof(parameter));
        if (parameter.Default is not { } value)
            json.Raw("null");
        else if (parameter.Type is ColumnType.String or ColumnType.DateTime)
            json.Text(value);
        else
            json.Raw(Canonical(parameter.Type, value, python: true) ?? throw new ArgumentException($"The default '{value}' of param '{parameter.Name}' is no {ColumnTypes.NameOf(parameter.Type)} that JSON can carry.", nameof(parameter)));
    }

    /// <summary>A boolean or a finite number in the one way in which it is written; null when the text is none.</summary>
    private static string? Canonical(ColumnType type, string text, bool python)
    {
        switch (type)
        {
            case ColumnType.Boolean:
                return bool.TryParse(text, out bool truth) ? truth ? "true" : "false" : null;
            case ColumnType.Integer:
                return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int integer) ? integer.ToString(CultureInfo.InvariantCulture) : null;
            case ColumnType.Long:
                return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number.ToString(CultureInfo.InvariantCulture) : null;
            default:
                if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) || !double.IsFinite(real))
                    return null;
                string written = real.ToString("R", CultureInfo.InvariantCulture);
                return !python ? written : written.AsSpan().ContainsAny('.', 'E') ? written.Replace('E', 'e') : written + ".0";
        }
    }

    private static T? ReadEach<T>(string? text, string side, Func<IEnumerable<JsonElement>, T> read)
        where T : class
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        try
        {
            using var document = JsonDocument.Parse(text, s_json);
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.Array => read(document.RootElement.EnumerateArray()),
                _ => throw new FormatException($"The {side} of the signature are no JSON array."),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new FormatException($"The {side} of the signature are not what MLflow writes: {exception.Message}", exception);
        }
    }

    private static SignatureSchema ReadSchema(IEnumerable<JsonElement> entries, string side)
    {
        List<ColumnSpec> columns = [];
        List<TensorSpec> tensors = [];
        foreach (JsonElement entry in entries)
        {
            if (TextOf(entry, "type") == "tensor")
                tensors.Add(ReadTensor(entry));
            else
                columns.Add(ReadColumn(entry));
        }

        return columns.Count > 0 == tensors.Count > 0
            ? throw new FormatException(columns.Count == 0 ? $"The {side} of the signature are empty." : $"The {side} of the signature have both columns and tensors.")
            : new SignatureSchema { Columns = columns, Tensors = tensors };
    }

    private static ColumnSpec ReadColumn(JsonElement entry)
    {
        string name = OptionalTextOf(entry, "name") ?? "";
        // In older versions the member is "optional", with the opposite meaning.
        bool required = entry.TryGetProperty("required", out JsonElement word) ? word.ValueKind != JsonValueKind.False : !entry.TryGetProperty("optional", out word) || word.ValueKind != JsonValueKind.True;
        return new ColumnSpec(name, TypeOf(entry, "type", $"Column '{name}'")) { IsNullable = !required };
    }

    private static TensorSpec ReadTensor(JsonElement entry)
    {
        string? name = OptionalTextOf(entry, "name");
        if (!entry.TryGetProperty("tensor-spec", out JsonElement spec) || spec.ValueKind != JsonValueKind.Object || !spec.TryGetProperty("shape", out JsonElement shape) || shape.ValueKind != JsonValueKind.Array)
            throw new FormatException($"Tensor '{name}' has no tensor-spec with a shape.");
        long[] sizes = [.. shape.EnumerateArray().Select(size => size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out long value) && value >= -1 ? value : throw new FormatException($"Tensor '{name}' has a size that is no number from -1 up."))];
        return new TensorSpec(name, TextOf(spec, "dtype"), sizes);
    }

    private static ParamSpec ReadParam(JsonElement entry)
    {
        string name = TextOf(entry, "name");
        ColumnType type = TypeOf(entry, entry.TryGetProperty("type", out _) ? "type" : "dtype", $"Param '{name}'");
        if (entry.TryGetProperty("shape", out JsonElement shape) && shape.ValueKind != JsonValueKind.Null)
            throw new FormatException($"Param '{name}' is a list, which signatures here have no place for.");
        if (!entry.TryGetProperty("default", out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return new ParamSpec(name, type, null);
        string? text = type is ColumnType.String or ColumnType.DateTime or ColumnType.Binary
            ? value.ValueKind == JsonValueKind.String ? value.GetString() : null
            : value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False ? Canonical(type, value.GetRawText(), python: false) : null;
        return new ParamSpec(name, type, text ?? throw new FormatException($"The default of param '{name}' is no {ColumnTypes.NameOf(type)}."));
    }

    private static ColumnType TypeOf(JsonElement entry, string member, string what)
    {
        string type = TextOf(entry, member);
        return ColumnTypes.Find(type) ?? throw new FormatException($"{what} is of type '{type}', which signatures here have no place for.");
    }

    private static string TextOf(JsonElement entry, string member) => OptionalTextOf(entry, member) ?? throw new FormatException($"An entry of the signature has no text \"{member}\".");

    private static string? OptionalTextOf(JsonElement entry, string member)
    {
        if (entry.ValueKind != JsonValueKind.Object)
            throw new FormatException("An entry of the signature is no JSON object.");
        return entry.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
