using System.Buffers;
using System.Text;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Search;

/// <summary>
/// What SQLite has no comparison for (LIKE by Unicode code points, with and without regard to case, and long lists), as a function of SQL: <c>passes(value, number of the test)</c>.
/// The tests are those of one question. A connection has one such function, and so one of these.
/// </summary>
internal sealed class TextTests(Connection connection)
{
    private const int StackChars = 256;

    private readonly List<TextTest> _tests = [];
    private bool _isKnown;

    public delegate bool TextTest(ReadOnlySpan<char> text);

    public void Clear() => _tests.Clear();

    /// <summary>The condition that a text passes a test; NULL passes none.</summary>
    public Sql Passes(Sql text, TextTest test)
    {
        if (!_isKnown)
            connection.AddFunction("passes", Passes);
        _isKnown = true;
        _tests.Add(test);
        return Sql.Of($"({text} IS NOT NULL AND passes({text}, {(long)(_tests.Count - 1)}))");
    }

    private bool Passes(ReadOnlySpan<byte> utf8, long test)
    {
        char[]? rented = utf8.Length <= StackChars ? null : ArrayPool<char>.Shared.Rent(utf8.Length);
        Span<char> text = rented ?? stackalloc char[StackChars];
        bool passes = _tests[(int)test](text[..Encoding.UTF8.GetChars(utf8, text)]);
        if (rented is not null)
            ArrayPool<char>.Shared.Return(rented);
        return passes;
    }
}
