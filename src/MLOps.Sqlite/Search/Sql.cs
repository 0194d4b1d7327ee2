using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Search;

/// <summary>
/// A piece of SQL with the values of its placeholders. It is written as an interpolated string in which a hole that holds a value becomes a placeholder and one that
/// holds another piece becomes that piece, so that no value ever gets into the text.
/// </summary>
internal sealed class Sql
{
    private readonly List<object> _values;

    private Sql(string text, List<object> values) => (Text, _values) = (text, values);

    public string Text { get; }

    public static Sql Of(ref Handler written) => written.Piece();

    /// <summary>A piece without values.</summary>
    public static Sql Of(string text) => new(text, []);

    public static Sql Join(string separator, IEnumerable<Sql> pieces)
    {
        StringBuilder text = new();
        List<object> values = [];
        foreach (Sql piece in pieces)
        {
            text.Append(text.Length == 0 ? "" : separator).Append(piece.Text);
            values.AddRange(piece._values);
        }

        return new Sql(text.ToString(), values);
    }

    /// <summary>All of some conditions. Many are nested by halves, because SQLite counts how deep a chain of AND is.</summary>
    public static Sql All(IReadOnlyList<Sql> conditions) => conditions.Count switch
    {
        0 => Of("1"),
        < 100 => Join(" AND ", conditions),
        var count => Of($"({All([.. conditions.Take(count / 2)])}) AND ({All([.. conditions.Skip(count / 2)])})"),
    };

    /// <summary>Prepares the piece, which is whole, with its values; the caller disposes the statement.</summary>
    public Statement Prepare(Connection connection)
    {
        Statement statement = connection.PrepareForOneUse(Text);
        foreach (object value in _values)
        {
            _ = value switch
            {
                long number => statement.With(number),
                double number => statement.With(number),
                _ => statement.With((string)value),
            };
        }

        return statement;
    }

    public override string ToString() => Text;

    [InterpolatedStringHandler]
    public readonly ref struct Handler(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _text = new(literalLength + (16 * formattedCount));
        private readonly List<object> _values = new(formattedCount);

        public void AppendLiteral(string text) => _text.Append(text);

        public void AppendFormatted(Sql piece)
        {
            _text.Append(piece.Text);
            _values.AddRange(piece._values);
        }

        public void AppendFormatted(long value) => AppendValue(value);

        public void AppendFormatted(double value) => AppendValue(value);

        public void AppendFormatted(string value) => AppendValue(value);

        /// <summary>A number that is part of the text, such as that of an alias or an enumeration.</summary>
        public void AppendFormatted(int number) => _text.Append(number.ToString(CultureInfo.InvariantCulture));

        public Sql Piece() => new(_text.ToString(), _values);

        private void AppendValue(object value)
        {
            _text.Append('?');
            _values.Add(value);
        }
    }
}
