namespace MLOps.Tracking.Search;

/// <summary>What a vocabulary allows, and the words for what it does not: the same whether a filter was written or built.</summary>
internal static class SearchRules
{
    private static readonly string[] s_datasetProperties = ["name", "digest", "context"];
    private static readonly Comparator[] s_ofNumbers =
        [Comparator.Equal, Comparator.NotEqual, Comparator.Greater, Comparator.GreaterOrEqual, Comparator.Less, Comparator.LessOrEqual];

    private static readonly Comparator[] s_ofKeyedTexts = [Comparator.Equal, Comparator.NotEqual, Comparator.Like, Comparator.ILike, Comparator.IsNull, Comparator.IsNotNull];
    private static readonly Comparator[] s_ofListedKeyedTexts = [.. s_ofKeyedTexts, Comparator.In, Comparator.NotIn];
    private static readonly Comparator[] s_ofFixedTexts = [Comparator.Equal, Comparator.NotEqual, Comparator.Like, Comparator.ILike, Comparator.In, Comparator.NotIn];

    /// <summary>Why a filter cannot name a field; null when it can.</summary>
    public static string? FilterProblem(SearchVocabulary vocabulary, SearchField field) =>
        FieldProblem(vocabulary, field)
        ?? (Property(vocabulary, field) is { IsFilterable: false }
            ? $"{Capital(Describe(field))} is for orders, not for filters. Filters know {Listed(vocabulary.Attributes.Where(property => property.IsFilterable).Select(property => property.Name))}."
            : null);

    /// <summary>Why an order cannot name a field; null when it can.</summary>
    public static string? OrderProblem(SearchVocabulary vocabulary, SearchField field) =>
        FieldProblem(vocabulary, field)
        ?? (field.Entity == SearchEntity.Dataset ? $"{Capital(vocabulary.Subject)}s cannot be ordered by their datasets, of which one may have several."
            : Property(vocabulary, field) is { IsSortable: false }
                ? $"{Capital(Describe(field))} is for filters, not for orders. Orders know {Listed(vocabulary.Attributes.Where(property => property.IsSortable).Select(property => property.Name))}."
                : null);

    /// <summary>Why a comparator does not go with a field that filters can name; null when it does.</summary>
    public static string? ComparatorProblem(SearchVocabulary vocabulary, SearchField field, Comparator comparator) =>
        Fitting(vocabulary, field).Contains(comparator)
            ? null
            : $"{SearchPrinter.Print(comparator)} does not go with {Describe(field)}, which is a {(IsNumber(vocabulary, field) ? "number" : "text")}. Use {Comparators(vocabulary, field)}.";

    /// <summary>The comparators that go with a field that filters can name, for people.</summary>
    public static string Comparators(SearchVocabulary vocabulary, SearchField field) => Listed(Fitting(vocabulary, field).Select(SearchPrinter.Print), "or");

    /// <summary>Whether a field that exists holds numbers; else it holds texts.</summary>
    public static bool IsNumber(SearchVocabulary vocabulary, SearchField field) => field.Entity == SearchEntity.Metric || Property(vocabulary, field) is { IsNumber: true };

    /// <summary>The field for people: <c>metric 'accuracy'</c>.</summary>
    public static string Describe(SearchField field) => field.Entity switch
    {
        SearchEntity.Attribute => $"attribute '{Shorten(field.Key)}'",
        SearchEntity.Metric => $"metric '{Shorten(field.Key)}'",
        SearchEntity.Param => $"param '{Shorten(field.Key)}'",
        SearchEntity.Tag => $"tag '{Shorten(field.Key)}'",
        SearchEntity.Dataset => $"dataset property '{Shorten(field.Key)}'",
        _ => field.ToString(),
    };

    /// <summary>A value for people.</summary>
    public static string Describe(SearchValue? value) => value switch
    {
        SearchValue.Number => "a number",
        SearchValue.Text { Value: not null } => "a text",
        SearchValue.TextList { Values.Count: > 0 } => "a list of texts",
        SearchValue.TextList { Values: not null } => "an empty list",
        _ => "nothing",
    };

    /// <summary>What a field is compared with by a comparator that goes with it.</summary>
    public static string Expected(SearchVocabulary vocabulary, SearchField field, Comparator comparator) => comparator switch
    {
        Comparator.IsNull or Comparator.IsNotNull => "nothing",
        Comparator.In or Comparator.NotIn => "a list of at least one text",
        _ => IsNumber(vocabulary, field) ? "a number" : "a text",
    };

    /// <summary>Where half of a surrogate pair stands alone: no UTF-8 has such a character, so no store can look for it. -1 when nowhere.</summary>
    public static int LoneSurrogate(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return i;
            i++;
        }

        return -1;
    }

    /// <summary>Words as an enumeration.</summary>
    public static string Listed(IEnumerable<string> words, string last = "and")
    {
        string[] all = [.. words];
        return all.Length switch { 0 => "nothing", 1 => all[0], _ => $"{string.Join(", ", all[..^1])} {last} {all[^1]}" };
    }

    /// <summary>A text that may be long, for a message.</summary>
    public static string Shorten(string text) => text.Length <= 60 ? text : $"{text[..(char.IsHighSurrogate(text[58]) ? 58 : 59)]}…";

    private static string? FieldProblem(SearchVocabulary vocabulary, SearchField field)
    {
        if (string.IsNullOrEmpty(field.Key))
            return $"A key is missing after {SearchPrinter.Word(field.Entity)}.";
        if (LoneSurrogate(field.Key) >= 0)
            return $"The key of {Describe(field)} has half of a surrogate pair, which no stored text has.";
        return field.Entity switch
        {
            SearchEntity.Attribute => Property(vocabulary, field) is null ? AttributeProblem(vocabulary, field.Key) : null,
            _ when !vocabulary.Entities.Values.Contains(field.Entity) =>
                $"{Capital(vocabulary.Subject)}s have no {SearchPrinter.Word(field.Entity)}. They have {EntityWords(vocabulary)}.",
            SearchEntity.Dataset when !s_datasetProperties.Contains(field.Key, StringComparer.Ordinal) =>
                $"Datasets have no property '{Shorten(field.Key)}'.{DidYouMean(field.Key, s_datasetProperties)} They have {Listed(s_datasetProperties)}.",
            _ => null,
        };
    }

    private static string AttributeProblem(SearchVocabulary vocabulary, string key)
    {
        if (vocabulary.Attributes.FirstOrDefault(property => property.Aliases.Contains(key, StringComparer.Ordinal)) is { } meant)
            return $"'{key}' is another name of attribute '{meant.Name}'. Filters and orders that are built in code use that one.";
        string[] names = [.. vocabulary.Attributes.Select(property => property.Name)];
        return $"{Capital(vocabulary.Subject)}s have no attribute '{Shorten(key)}'.{DidYouMean(key, names)} The attributes are {Listed(names)}.{KeyedHint(vocabulary, key)}";
    }

    /// <summary>How to write a key that was logged, for one who wrote it alone.</summary>
    public static string KeyedHint(SearchVocabulary vocabulary, string key)
    {
        string[] keyed =
        [
            .. new[] { SearchEntity.Metric, SearchEntity.Param, SearchEntity.Tag }
                .Where(vocabulary.Entities.Values.Contains)
                .Select(entity => Shorten(SearchPrinter.Print(new SearchField(entity, key)))),
        ];
        return keyed.Length == 0 ? "" : $" For what was logged write {Listed(keyed, "or")}.";
    }

    /// <summary>The entity words of a vocabulary, one for each entity.</summary>
    public static string EntityWords(SearchVocabulary vocabulary) => Listed(vocabulary.Entities.Values.Distinct().Select(SearchPrinter.Word));

    /// <summary>A question with the nearest of some words, or nothing when none is near.</summary>
    public static string DidYouMean(string word, IEnumerable<string> words)
    {
        (string Word, int Distance) nearest = words.Select(other => (other, Distance(word, other))).DefaultIfEmpty(("", int.MaxValue)).MinBy(pair => pair.Item2);
        return nearest.Distance <= Math.Max(1, nearest.Word.Length / 3) ? $" Did you mean '{nearest.Word}'?" : "";
    }

    private static Comparator[] Fitting(SearchVocabulary vocabulary, SearchField field) =>
        IsNumber(vocabulary, field) ? s_ofNumbers
        : field.Entity is SearchEntity.Param or SearchEntity.Tag ? vocabulary.HasListsOfKeyedTexts ? s_ofListedKeyedTexts : s_ofKeyedTexts
        : s_ofFixedTexts;

    private static SearchProperty? Property(SearchVocabulary vocabulary, SearchField field) =>
        field.Entity == SearchEntity.Attribute ? vocabulary.Attributes.FirstOrDefault(property => string.Equals(property.Name, field.Key, StringComparison.Ordinal)) : null;

    private static string Capital(string text) => text.Length == 0 ? text : $"{char.ToUpperInvariant(text[0])}{text[1..]}";

    // Levenshtein's distance without regard to case; a word much longer than the other is far anyway.
    private static int Distance(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > right.Length)
            return int.MaxValue;
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 0; i < left.Length; i++)
        {
            int diagonal = row[0]++;
            for (int j = 0; j < right.Length; j++)
            {
                int changed = diagonal + (char.ToUpperInvariant(left[i]) == char.ToUpperInvariant(right[j]) ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(changed, Math.Min(diagonal, row[j]) + 1);
            }
        }

        return row[^1];
    }
}
