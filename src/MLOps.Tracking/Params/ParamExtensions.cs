using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MLOps.Tracking;

/// <summary>Logs numbers, truth values and whole objects as params.</summary>
public static class ParamExtensions
{
    /// <summary>Logs a number, date, enum or any other formattable value, in the invariant culture; a floating-point number so that it reads back exactly.</summary>
    /// <typeparam name="T">The value's type.</typeparam>
    /// <param name="run">The run.</param>
    /// <param name="key">The key, by the rule of <see cref="Run.LogParam"/>.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The key is not legal.</exception>
    /// <exception cref="ParamChangedException">The param has another value.</exception>
    public static void LogParam<T>(this Run run, string key, T value)
        where T : IFormattable
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(value);
        run.LogParam(key, value.ToString(value is DateTime or DateTimeOffset ? "O" : null, CultureInfo.InvariantCulture));
    }

    /// <summary>Logs a truth value as <c>true</c> or <c>false</c>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="key">The key, by the rule of <see cref="Run.LogParam"/>.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The key is not legal.</exception>
    /// <exception cref="ParamChangedException">The param has another value.</exception>
    public static void LogParam(this Run run, string key, bool value)
    {
        ArgumentNullException.ThrowIfNull(run);
        run.LogParam(key, value ? "true" : "false");
    }

    /// <summary>Logs a whole object: each property is a param, those of nested objects under <c>outer.inner</c>, lists as JSON text, null as an empty value.</summary>
    /// <typeparam name="T">The object's type.</typeparam>
    /// <param name="run">The run.</param>
    /// <param name="value">The object, for example a record of hyper-parameters.</param>
    /// <param name="type">How it is written: from a source-generated <c>JsonSerializerContext</c>, so that it survives trimming and AOT.</param>
    /// <param name="prefix">Put before each key, with a dot; empty for none.</param>
    /// <exception cref="ArgumentException">The value does not serialise to a JSON object, or a key or value is over its limit.</exception>
    /// <exception cref="ParamChangedException">A param has another value; those before it are logged.</exception>
    public static void LogParams<T>(this Run run, T value, JsonTypeInfo<T> type, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(prefix);
        using JsonDocument document = JsonSerializer.SerializeToDocument(value, type);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new ArgumentException($"{typeof(T).Name} serialises to a JSON {document.RootElement.ValueKind}; only an object has params. Log a single value with LogParam.", nameof(value));
        Log(run, prefix, document.RootElement);
    }

    private static void Log(Run run, string prefix, JsonElement element)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string key = prefix.Length == 0 ? property.Name : $"{prefix}.{property.Name}";
            switch (property.Value.ValueKind)
            {
                case JsonValueKind.Object:
                    Log(run, key, property.Value);
                    break;
                case JsonValueKind.String:
                    run.LogParam(key, property.Value.GetString()!);
                    break;
                case JsonValueKind.Null:
                    run.LogParam(key, "");
                    break;
                default:
                    run.LogParam(key, property.Value.GetRawText());
                    break;
            }
        }
    }
}
