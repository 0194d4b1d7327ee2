using System.Globalization;

namespace MLOps.Tracking.Search;

/// <summary>A filter or an order does not follow the grammar.</summary>
/// <param name="text">The whole text.</param>
/// <param name="position">Where the mistake begins, counted in characters from 0.</param>
/// <param name="problem">What is wrong there and what was expected, as a sentence.</param>
public sealed class SearchSyntaxException(string text, int position, string problem)
    : MLOpsException(string.Create(CultureInfo.InvariantCulture, $"{problem} (at position {position} of: {Excerpt(text, position)})"))
{
    private const int ExcerptLength = 200;

    /// <summary>The whole text.</summary>
    public string Text { get; } = text;

    /// <summary>Where the mistake begins, counted in characters from 0; the text's length when it ends too early.</summary>
    public int Position { get; } = position;

    /// <summary>What is wrong there and what was expected.</summary>
    public string Problem { get; } = problem;

    /// <summary>What kind of mistake it is.</summary>
    public SearchMistake Mistake { get; init; }

    // Who sends megabytes has no use for them in a log.
    private static string Excerpt(string text, int position)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length <= ExcerptLength)
            return text;
        int start = Math.Clamp(position - ExcerptLength / 2, 0, text.Length - ExcerptLength), end = start + ExcerptLength;
        return $"{(start > 0 ? "…" : "")}{text[start..end]}{(end < text.Length ? "…" : "")}";
    }
}
