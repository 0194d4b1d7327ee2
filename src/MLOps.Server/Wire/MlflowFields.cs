using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace MLOps.Server.Wire;

/// <summary>
/// The fields of a request, or of an object in it, read by the rules of proto JSON (contract §1.2, 1.3, 1.7): snake_case or lowerCamelCase, null as unset, whole numbers as numbers or
/// texts, enums by name or number. They come from a JSON object or, for GET, from the query string.
/// </summary>
internal readonly struct MlflowFields
{
    private const int ShortLength = 200;

    private static readonly ConcurrentDictionary<string, string> s_camel = new(StringComparer.Ordinal);

    private readonly JsonElement _object;
    private readonly IQueryCollection? _query;
    private readonly string _path;

    /// <param name="fields">A JSON object.</param>
    /// <param name="path">What leads to it inside the request, for messages: <c>metrics[0].</c> or nothing.</param>
    public MlflowFields(JsonElement fields, string path = "") => (_object, _query, _path) = (fields, null, path);

    public MlflowFields(IQueryCollection query) => (_object, _query, _path) = (default, query, "");

    /// <summary>The JSON object; of kind Undefined where the fields come from a query string.</summary>
    public JsonElement Json => _object;

    /// <summary>A text; null when it is not there.</summary>
    public string? Text(string name)
    {
        if (_query is not null)
            return QueryText(name);
        if (!TryGet(name, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Invalid(name, value, "a text is expected.");
    }

    /// <summary>A text that must be there and not be empty.</summary>
    public string RequiredText(string name) => Text(name) is { Length: > 0 } text ? text : throw Missing(name);

    /// <summary>A whole number; null when it is not there.</summary>
    public long? Int64(string name)
    {
        if (_query is not null)
        {
            return QueryText(name) is not { } text ? null
                : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed) ? parsed
                : throw InvalidText(name, text, "a whole number is expected.");
        }

        return TryGet(name, out JsonElement value) ? Int64Of(value) ?? throw Invalid(name, value, "a whole number of 64 bits is expected.") : null;
    }

    public int? Int32(string name) => Int64(name) is not { } value ? null
        : value is >= int.MinValue and <= int.MaxValue ? (int)value
        : throw MlflowException.InvalidValue(_path + name, value.ToString(CultureInfo.InvariantCulture), "a whole number of 32 bits is expected.");

    /// <summary>A whole number that must be there. An empty text counts as nothing.</summary>
    public long RequiredInt64(string name) => IsEmptyText(name) ? throw Missing(name) : Int64(name) ?? throw Missing(name);

    /// <summary>A truth value; null when it is not there.</summary>
    public bool? Bool(string name)
    {
        if (_query is not null)
        {
            if (QueryText(name) is not { } text)
                return null;
            bool isTrue = text.Equals("true", StringComparison.OrdinalIgnoreCase);
            return isTrue || text.Equals("false", StringComparison.OrdinalIgnoreCase) ? isTrue : throw InvalidText(name, text, "true or false is expected.");
        }

        if (!TryGet(name, out JsonElement value))
            return null;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Invalid(name, value, "true or false is expected."),
        };
    }

    /// <summary>An enum by name or number; null when it is not there.</summary>
    /// <param name="name">The field.</param>
    /// <param name="values">The values by name.</param>
    /// <param name="numberOf">The number of a value on the wire.</param>
    public T? Enum<T>(string name, IReadOnlyDictionary<string, T> values, Func<T, int> numberOf)
        where T : struct
    {
        string? text;
        if (_query is not null)
            text = QueryText(name);
        else if (!TryGet(name, out JsonElement value))
            text = null;
        else
            text = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => value.GetRawText(),
                _ => throw Invalid(name, value, "the name or number of a value is expected."),
            };
        if (text is null)
            return null;
        if (values.TryGetValue(text, out T found))
            return found;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            foreach (T candidate in values.Values)
            {
                if (numberOf(candidate) == number)
                    return candidate;
            }
        }

        throw Refuse(name, $"one of {string.Join(", ", values.Keys)} is expected.");
    }

    /// <summary>A list of texts; empty when it is not there.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        if (_query is not null)
            return _query.TryGetValue(name, out var values) || _query.TryGetValue(Camel(name), out values) ? [.. values.Select(value => value ?? "")] : [];
        if (!TryGet(name, out JsonElement list))
            return [];
        if (list.ValueKind != JsonValueKind.Array)
            throw Invalid(name, list, "a list of texts is expected.");
        List<string> texts = new(list.GetArrayLength());
        foreach (JsonElement item in list.EnumerateArray())
            texts.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Invalid($"{name}[{texts.Count}]", item, "a text is expected."));
        return texts;
    }

    /// <summary>An object; null when it is not there.</summary>
    public MlflowFields? Object(string name) => _query is not null || !TryGet(name, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.Object ? new MlflowFields(value, $"{_path}{name}.")
        : throw Invalid(name, value, "an object is expected.");

    /// <summary>How many objects a list has; 0 when it is not there.</summary>
    public int Count(string name) => _query is not null || !TryGet(name, out JsonElement list) ? 0
        : list.ValueKind == JsonValueKind.Array ? list.GetArrayLength()
        : throw Invalid(name, list, "a list is expected.");

    /// <summary>A list of objects, whose fields are named with their index in messages: <c>metrics[0].timestamp</c>; empty when it is not there.</summary>
    public IEnumerable<MlflowFields> Objects(string name)
    {
        if (_query is not null || !TryGet(name, out JsonElement list))
            yield break;
        if (list.ValueKind != JsonValueKind.Array)
            throw Invalid(name, list, "a list of objects is expected.");
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            yield return item.ValueKind == JsonValueKind.Object
                ? new MlflowFields(item, string.Create(CultureInfo.InvariantCulture, $"{_path}{name}[{index}]."))
                : throw Invalid(string.Create(CultureInfo.InvariantCulture, $"{name}[{index}]"), item, "an object is expected.");
            index++;
        }
    }

    /// <summary>A list of <c>key</c> and <c>value</c>, in its order. A key must be there; a value that is not is empty.</summary>
    public List<KeyValuePair<string, string>> Pairs(string name)
    {
        List<KeyValuePair<string, string>> pairs = new(Count(name));
        foreach (MlflowFields pair in Objects(name))
            pairs.Add(new(pair.RequiredText("key"), pair.Text("value") ?? ""));
        return pairs;
    }

    /// <summary>The run's id, which older clients call <c>run_uuid</c>.</summary>
    public RunId RunId()
    {
        string text = Text("run_id") is { Length: > 0 } id ? id : Text("run_uuid") is { Length: > 0 } uuid ? uuid : throw Missing("run_id");
        return RunIdOf(text);
    }

    /// <summary>The run that a text names. A text that cannot be an id names no run.</summary>
    public static RunId RunIdOf(string text) => Tracking.RunId.TryParse(text, out RunId id) ? id : throw MlflowException.NotFound($"Run with id={Short(text)} not found");

    /// <summary>Raises that a value will not do.</summary>
    public MlflowException Refuse(string name, string expected) =>
        _query is null && TryGet(name, out JsonElement value) ? Invalid(name, value, expected) : InvalidText(name, _query is null ? "" : QueryText(name) ?? "", expected);

    public MlflowException Missing(string name) => MlflowException.Missing(_path + name);

    public static long? Int64Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.TryGetInt64(out long whole) ? whole : WholeOf(value.GetDouble()),
        JsonValueKind.String => long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed) ? parsed : null,
        _ => null,
    };

    public static double? DoubleOf(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            // A literal beyond the range of doubles would become an infinity that nobody wrote.
            double number = value.GetDouble();
            return double.IsFinite(number) ? number : null;
        }

        if (value.ValueKind != JsonValueKind.String)
            return null;
        return value.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            { } text when double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) => number,
            _ => null,
        };
    }

    /// <summary>The value of a field that is there and not null.</summary>
    public bool TryGet(string name, out JsonElement value)
    {
        value = default;
        return _object.ValueKind == JsonValueKind.Object
            && (_object.TryGetProperty(name, out value) || (name.Contains('_', StringComparison.Ordinal) && _object.TryGetProperty(Camel(name), out value)))
            && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>A text of the request for a message: enough of it to know it again, and no half of a surrogate pair.</summary>
    public static string Short(string text) => text.Length <= ShortLength ? text : text[..(char.IsHighSurrogate(text[ShortLength - 1]) ? ShortLength - 1 : ShortLength)] + "…";

    private static long? WholeOf(double number) => number is > -9007199254740992 and < 9007199254740992 && number == Math.Floor(number) ? (long)number : null;

    // Of the names that routes ask for, so that there are not many.
    private static string Camel(string name) => s_camel.GetOrAdd(name, static name =>
    {
        string[] words = name.Split('_');
        return words[0] + string.Concat(words.Skip(1).Select(word => word.Length == 0 ? "" : char.ToUpperInvariant(word[0]) + word[1..]));
    });

    private bool IsEmptyText(string name) => _query is not null ? QueryText(name) is "" : TryGet(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.ValueEquals(""u8);

    private string? QueryText(string name) => _query!.TryGetValue(name, out var values) || _query.TryGetValue(Camel(name), out values) ? values[^1] : null;

    private MlflowException Invalid(string name, JsonElement value, string expected) => MlflowException.InvalidValue(_path + name, CompactJson.Of(value), expected);

    private MlflowException InvalidText(string name, string text, string expected) => MlflowException.InvalidValue(_path + name, CompactJson.OfText(text), expected);
}
