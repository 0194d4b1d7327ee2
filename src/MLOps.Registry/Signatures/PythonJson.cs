using System.Globalization;
using System.Text;

namespace MLOps.Registry.Signatures;

/// <summary>Writes JSON byte for byte as Python's <c>json.dumps</c> does, so that a file that MLflow wrote and one that is written here are compared by a plain diff.</summary>
internal sealed class PythonJson
{
    private readonly StringBuilder _text = new();

    public PythonJson Raw(string text)
    {
        _text.Append(text);
        return this;
    }

    public PythonJson Text(string text)
    {
        _text.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' or '\\' => _text.Append('\\').Append(c),
                '\n' => _text.Append("\\n"),
                '\r' => _text.Append("\\r"),
                '\t' => _text.Append("\\t"),
                '\b' => _text.Append("\\b"),
                '\f' => _text.Append("\\f"),
                < ' ' or > '~' => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => _text.Append(c),
            };
        }

        _text.Append('"');
        return this;
    }

    /// <returns>All that was written, with the entries as its array.</returns>
    public string Array<T>(IReadOnlyList<T> entries, Action<T> write)
    {
        _text.Append('[');
        for (int i = 0; i < entries.Count; i++)
        {
            if (i > 0)
                _text.Append(", ");
            write(entries[i]);
        }

        return _text.Append(']').ToString();
    }
}
