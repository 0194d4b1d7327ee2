using System.Globalization;

namespace MLOps.Tracking.Search;

/// <summary>Reads MLflow's filter grammar by recursive descent. Nothing in the grammar nests, so neither does the descent; each character is looked at a fixed number of times.</summary>
internal sealed class SearchParser
{
    private readonly string _text;
    private readonly SearchVocabulary _vocabulary;
    private readonly SearchMistake _breach;
    private int _at;

    private SearchParser(string text, SearchVocabulary vocabulary, SearchMistake breach)
    {
        _text = text;
        _vocabulary = vocabulary;
        _breach = breach;
        CheckCharacters();
        SkipSpace();
    }

    private bool AtEnd => _at == _text.Length;

    private string Whole => _breach == SearchMistake.Filter ? "filter" : "order key";

    public static SearchFilter ParseFilter(string? text, SearchVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        if (string.IsNullOrWhiteSpace(text))
            return SearchFilter.Everything;
        SearchParser parser = new(text, vocabulary, SearchMistake.Filter);
        List<Comparison> comparisons = [parser.ReadComparison()];
        while (!parser.AtEnd)
        {
            parser.ReadAnd();
            comparisons.Add(parser.ReadComparison());
        }

        return new SearchFilter(comparisons);
    }

    public static OrderKey ParseOrderKey(string text, SearchVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(vocabulary);
        SearchParser parser = new(text, vocabulary, SearchMistake.OrderKey);
        SearchField field = parser.ReadField(SearchRules.OrderProblem);
        bool descending = parser.TryReadWord("DESC");
        if (!descending)
            parser.TryReadWord("ASC");
        return parser.AtEnd
            ? new OrderKey(field, descending)
            : throw parser.Error(parser._text[parser._at] == ','
                ? "An order key names one field. Give each key as a text of its own."
                : $"Expected ASC, DESC or the end of the order key, {parser.Found()}.");
    }

    private Comparison ReadComparison()
    {
        SearchField field = ReadField(SearchRules.FilterProblem);
        Comparator comparator = ReadComparator(field);
        return new Comparison(field, comparator, comparator switch
        {
            Comparator.IsNull or Comparator.IsNotNull => null,
            Comparator.In or Comparator.NotIn => ReadList(field, comparator),
            _ when SearchRules.IsNumber(_vocabulary, field) => ReadNumber(field),
            _ => ReadText(field),
        });
    }

    private void ReadAnd()
    {
        int start = _at;
        if (TryReadWord("AND"))
        {
            if (AtEnd)
                throw Error("Expected another condition after AND, but the filter ends. Leave out the last AND.");
            return;
        }

        bool afterText = IsQuoteOfTexts(_text.AsSpan(..start).TrimEnd()[^1]);
        throw Error(_text[start] switch
        {
            _ when PeekWord().Equals("OR", StringComparison.OrdinalIgnoreCase) =>
                "There is no OR: conditions are joined by AND alone. Search once for each alternative, or write IN ('a', 'b') for several texts of one attribute.",
            ')' => "There are no parentheses but those of IN ('a', 'b'): conditions are joined by AND alone.",
            _ => $"Expected AND or the end of the filter, {Found()}.{(afterText ? " There are no escapes in texts: one that contains ' stands in \", and the other way round." : "")}",
        });
    }

    private SearchField ReadField(Func<SearchVocabulary, SearchField, string?> problemOf)
    {
        int start = _at;
        if (AtEnd || !(IsQuoteOfKeys(_text[_at]) || char.IsLetter(_text[_at]) || _text[_at] == '_'))
            throw Error(FieldExpected());
        bool quoted = IsQuoteOfKeys(_text[_at]);
        string word = quoted ? ReadQuoted() : ReadPlainKey(dots: false);
        SearchField field;
        if (!AtEnd && _text[_at] == '.')
        {
            _at++;
            int keyStart = _at;
            string key = !AtEnd && IsQuoteOfKeys(_text[_at]) ? ReadQuoted() : ReadPlainKey(dots: true);
            field = new SearchField(EntityOf(word, key, start), key);
            start = keyStart;
        }
        else
        {
            field = new SearchField(SearchEntity.Attribute, word);
            if (!IsAttribute(word) && (quoted ? QuotedWholeProblem(word) : LoneWordProblem(word)) is { } problem)
                throw Error(problem, start);
        }

        if (field.Entity == SearchEntity.Attribute)
            field = field with { Key = Canonical(field.Key) };
        if (problemOf(_vocabulary, field) is { } unknown)
            throw Error(unknown, start, field.Entity == SearchEntity.Attribute ? SearchMistake.Attribute : _breach);
        SkipSpace();
        return field;
    }

    private string FieldExpected()
    {
        const string Expected = "Expected a field, for example";
        string example = SearchPrinter.Print(_vocabulary.Entities.Values.Contains(SearchEntity.Metric)
            ? new SearchField(SearchEntity.Metric, "accuracy")
            : new SearchField(SearchEntity.Attribute, _vocabulary.Attributes.Select(property => property.Name).FirstOrDefault("name")));
        return AtEnd ? $"{Expected} {example}, but the {Whole} ends."
            : _text[_at] is '(' or ')' ? "There are no parentheses but those of IN ('a', 'b'): conditions are joined by AND alone."
            : $"{Expected} {example}, {Found()}.{(_text[_at] is '\'' or '-' or '.' || char.IsAsciiDigit(_text[_at]) ? " The field comes first, the value after the comparator." : "")}";
    }

    private SearchEntity EntityOf(string word, string key, int start)
    {
        if (_vocabulary.Entities.TryGetValue(word, out SearchEntity entity))
            return entity;
        string lower = word.ToLowerInvariant(), near = SearchRules.DidYouMean(word, _vocabulary.Entities.Keys);
        throw Error(
            _vocabulary.Entities.ContainsKey(lower)
                ? $"Entity words are lower case: write {lower}."
                : $"'{SearchRules.Shorten(word)}' is not one of {SearchRules.EntityWords(_vocabulary)}.{(near.Length > 0 ? near : SearchRules.KeyedHint(_vocabulary, $"{word}.{key}"))}",
            start);
    }

    // "metrics.a b" for metrics."a b"
    private string? QuotedWholeProblem(string whole)
    {
        int dot = whole.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && _vocabulary.Entities.TryGetValue(whole[..dot], out SearchEntity entity)
            ? $"The quotes stand around the key alone: write {SearchRules.Shorten(SearchPrinter.Print(new SearchField(entity, whole[(dot + 1)..])))}."
            : null;
    }

    private string? LoneWordProblem(string word) =>
        word.Equals("NOT", StringComparison.OrdinalIgnoreCase) ? "There is no NOT before a condition. Write !=, NOT IN or IS NULL after the field."
        : word.Equals("AND", StringComparison.OrdinalIgnoreCase) ? "Expected a condition before AND. Leave out this AND."
        : _vocabulary.Entities.ContainsKey(word) ? $"Expected a key after {word}, for example {word}.name."
        : null;

    private bool IsAttribute(string word) =>
        _vocabulary.Attributes.Any(property => string.Equals(property.Name, word, StringComparison.Ordinal) || property.Aliases.Contains(word, StringComparer.Ordinal));

    private string Canonical(string attribute) =>
        _vocabulary.Attributes.FirstOrDefault(property => property.Aliases.Contains(attribute, StringComparer.Ordinal))?.Name ?? attribute;

    private Comparator ReadComparator(SearchField field)
    {
        int start = _at;
        if (AtEnd)
            throw Error($"Expected a comparator after {SearchRules.Describe(field)}, but the filter ends. Use {SearchRules.Comparators(_vocabulary, field)}.");
        Comparator comparator = IsSymbol(_text[_at]) ? ReadSymbol() : ReadWordComparator(field);
        if (SearchRules.ComparatorProblem(_vocabulary, field, comparator) is { } problem)
            throw Error(problem, start);
        SkipSpace();
        return comparator;
    }

    private Comparator ReadSymbol()
    {
        int start = _at;
        while (!AtEnd && IsSymbol(_text[_at]))
            _at++;
        return _text.AsSpan(start.._at) switch
        {
            "=" => Comparator.Equal,
            "!=" => Comparator.NotEqual,
            ">" => Comparator.Greater,
            ">=" => Comparator.GreaterOrEqual,
            "<" => Comparator.Less,
            "<=" => Comparator.LessOrEqual,
            "==" or "===" => throw Error("Write = for equal.", start),
            "<>" or "!==" => throw Error("Write != for not equal.", start),
            "=>" => throw Error("Write >= for greater or equal.", start),
            "=<" => throw Error("Write <= for less or equal.", start),
            "~" or "=~" or "~=" => throw Error("There are no regular expressions. Write LIKE 'a%', in which % stands for any characters.", start),
            _ => throw Error($"'{SearchRules.Shorten(_text[start.._at])}' is not a comparator. There are =, !=, >, >=, <, <=, LIKE, ILIKE, IN, NOT IN, IS NULL and IS NOT NULL.", start),
        };
    }

    private Comparator ReadWordComparator(SearchField field)
    {
        if (TryReadWord("LIKE"))
            return Comparator.Like;
        if (TryReadWord("ILIKE"))
            return Comparator.ILike;
        if (TryReadWord("IN"))
            return Comparator.In;
        int start = _at;
        if (TryReadWord("NOT"))
        {
            return TryReadWord("IN")
                ? Comparator.NotIn
                : throw Error($"Expected IN after NOT, {Found()}. NOT stands before IN and, as IS NOT NULL, before NULL.");
        }

        if (TryReadWord("IS"))
        {
            bool not = TryReadWord("NOT");
            return !TryReadWord("NULL") ? throw Error($"Expected NULL{(not ? "" : " or NOT NULL")} after IS, {Found()}. Write = to compare with a text.")
                : not ? Comparator.IsNotNull : Comparator.IsNull;
        }

        bool touchesKey = start > 0 && !char.IsWhiteSpace(_text[start - 1]);
        string hint = touchesKey && IsQuoteOfKeys(_text[start]) ? " Quotes stand around the whole key, and there are no escapes in them."
            : touchesKey ? $" A key that has other characters than letters, digits, _, ., -, / and : stands in backticks: {SearchPrinter.Word(field.Entity)}.`a b`."
            : "";
        throw Error($"Expected a comparator after {SearchRules.Describe(field)}, {Found()}. Use {SearchRules.Comparators(_vocabulary, field)}.{hint}");
    }

    private SearchValue.Number ReadNumber(SearchField field)
    {
        int end = NumberEnd();
        if (end < 0)
            throw Error($"Expected a number for {SearchRules.Describe(field)}, {Found()}.{NumberHint(field)}", _at, AtEnd ? _breach : SearchMistake.NotANumber);
        double number = double.Parse(_text.AsSpan(_at..end), NumberStyles.Float, CultureInfo.InvariantCulture);
        if (double.IsInfinity(number))
            throw Error($"The number is out of range: the largest is {double.MaxValue.ToString("R", CultureInfo.InvariantCulture)}.");
        _at = end;
        SkipSpace();
        return new SearchValue.Number(number + 0.0);
    }

    private string NumberHint(SearchField field)
    {
        if (AtEnd)
            return "";
        string time = field.Key.EndsWith("_time", StringComparison.Ordinal) || field.Key.EndsWith("_timestamp", StringComparison.Ordinal) ? " Times are milliseconds since 1970-01-01 UTC." : "";
        if (IsQuoteOfTexts(_text[_at]))
        {
            int close = _text.IndexOf(_text[_at], _at + 1);
            bool isNumber = close > 0 && double.TryParse(_text.AsSpan((_at + 1)..close), NumberStyles.Float, CultureInfo.InvariantCulture, out _);
            return isNumber ? $" Leave out the quotes.{time}" : time;
        }

        return PeekWord().TrimStart('-').ToString().ToUpperInvariant() is "NAN" or "INF" or "INFINITY"
            ? " NaN and infinities cannot be written; nothing equals NaN, and a filter that is built in code takes infinities."
            : _text[_at] == '+' ? " Leave out the +." : time;
    }

    // Where the number that begins here ends; -1 when none does.
    private int NumberEnd()
    {
        int at = _at;
        if (at < _text.Length && _text[at] == '-')
            at++;
        int digits = Digits(ref at);
        if (at < _text.Length && _text[at] == '.')
        {
            at++;
            digits += Digits(ref at);
        }

        if (digits == 0)
            return -1;
        if (at < _text.Length && _text[at] is 'e' or 'E')
        {
            at++;
            if (at < _text.Length && _text[at] is '-' or '+')
                at++;
            if (Digits(ref at) == 0)
                return -1;
        }

        return at < _text.Length && IsPlain(_text[at]) ? -1 : at;
    }

    private int Digits(ref int at)
    {
        int start = at;
        while (at < _text.Length && char.IsAsciiDigit(_text[at]))
            at++;
        return at - start;
    }

    private SearchValue.Text ReadText(SearchField field)
    {
        if (AtEnd || !IsQuoteOfTexts(_text[_at]))
            throw Error($"Expected a text in quotes for {SearchRules.Describe(field)}, {Found()}.{TextHint(field)}");
        string text = ReadQuoted();
        SkipSpace();
        return new SearchValue.Text(text);
    }

    private string TextHint(SearchField field) => AtEnd ? "" : _text[_at] switch
    {
        '(' => " A list goes with IN.",
        '`' => " Backticks are for keys; put texts in '.",
        _ when NumberEnd() > 0 => $" {SearchPrinter.Word(field.Entity)} are texts, also those that look like numbers: write '{SearchRules.Shorten(_text[_at..NumberEnd()])}'.",
        _ when PeekWord().Equals("NULL", StringComparison.OrdinalIgnoreCase) => " Write IS NULL or IS NOT NULL.",
        _ when !PeekWord().IsEmpty => $" Write '{SearchRules.Shorten(PeekWord().ToString())}'.",
        _ => "",
    };

    private SearchValue.TextList ReadList(SearchField field, Comparator comparator)
    {
        string name = SearchPrinter.Print(comparator);
        if (AtEnd || _text[_at] != '(')
            throw Error($"Expected a list after {name}, {Found()}. Write {name} ('a', 'b').");
        int open = _at;
        ReadSign();
        if (!AtEnd && _text[_at] == ')')
            throw Error($"The list of {name} is empty. Expected at least one text in quotes.");
        List<string> texts = [ReadText(field).Value];
        while (!AtEnd && _text[_at] == ',')
        {
            ReadSign();
            texts.Add(ReadText(field).Value);
        }

        if (AtEnd)
            throw Error($"The list of {name} that begins at position {open.ToString(CultureInfo.InvariantCulture)} is not closed. Expected , or ).");
        if (_text[_at] != ')')
            throw Error($"Expected , or ) in the list of {name}, {Found()}.");
        ReadSign();
        return new SearchValue.TextList(texts);
    }

    private void ReadSign()
    {
        _at++;
        SkipSpace();
    }

    // No escapes: what opens a quoted part closes it.
    private string ReadQuoted()
    {
        char quote = _text[_at];
        int close = _text.IndexOf(quote, _at + 1);
        if (close < 0)
            throw Error($"The quote {quote} that opens here is not closed.");
        string content = _text[(_at + 1)..close];
        _at = close + 1;
        return content;
    }

    private string ReadPlainKey(bool dots)
    {
        int start = _at;
        while (!AtEnd && (IsPlain(_text[_at]) || _text[_at] is '-' or '/' or ':') && (dots || _text[_at] != '.'))
            _at++;
        return _text[start.._at];
    }

    private bool TryReadWord(string word)
    {
        if (!PeekWord().Equals(word, StringComparison.OrdinalIgnoreCase))
            return false;
        _at += word.Length;
        SkipSpace();
        return true;
    }

    private ReadOnlySpan<char> PeekWord()
    {
        int end = _at;
        while (end < _text.Length && (IsPlain(_text[end]) || _text[end] is '-'))
            end++;
        return _text.AsSpan(_at..end);
    }

    private void SkipSpace()
    {
        while (!AtEnd && char.IsWhiteSpace(_text[_at]))
            _at++;
    }

    // What stands here instead of what was expected.
    private string Found()
    {
        if (AtEnd)
            return $"but the {Whole} ends";
        int end = _at;
        if (IsQuoteOfTexts(_text[_at]) && _text.IndexOf(_text[_at], _at + 1) is > 0 and int close)
        {
            end = close + 1;
        }
        else
        {
            while (end < _text.Length && !char.IsWhiteSpace(_text[end]) && _text[end] is not (',' or ')'))
                end++;
        }

        return $"found {SearchRules.Shorten(_text[_at..Math.Max(end, _at + 1)])}";
    }

    private void CheckCharacters()
    {
        int nul = _text.IndexOf('\0', StringComparison.Ordinal), half = SearchRules.LoneSurrogate(_text);
        if (nul >= 0 && (half < 0 || nul < half))
            throw Error("The character U+0000 stands here, which the grammar does not know.", nul);
        if (half >= 0)
            throw Error("Half of a surrogate pair stands here. It is no character; the text was cut apart or decoded wrongly.", half);
    }

    private SearchSyntaxException Error(string problem) => Error(problem, _at);

    private SearchSyntaxException Error(string problem, int position) => Error(problem, position, _breach);

    private SearchSyntaxException Error(string problem, int position, SearchMistake mistake) => new(_text, position, problem) { Mistake = mistake };

    private static bool IsQuoteOfKeys(char c) => c is '`' or '"';

    private static bool IsQuoteOfTexts(char c) => c is '\'' or '"';

    private static bool IsSymbol(char c) => c is '=' or '!' or '<' or '>' or '~';

    private static bool IsPlain(char c) => char.IsLetterOrDigit(c) || char.IsSurrogate(c) || c is '_' or '.';
}
