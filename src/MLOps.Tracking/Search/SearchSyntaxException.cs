using System.Globalization;

namespace MLOps.Tracking.Search;

/// <summary>A filter or an order does not follow the grammar.</summary>
/// <param name="text">The whole text.</param>
/// <param name="position">Where the mistake begins, counted in characters from 0.</param>
/// <param name="problem">What is wrong there and what was expected, as a sentence.</param>
public sealed class SearchSyntaxException(string text, int position, string problem)
    : MLOpsException(string.Create(CultureInfo.InvariantCulture, $"{problem} (at position {position} of: {text})"))
{
    /// <summary>The whole text.</summary>
    public string Text { get; } = text;

    /// <summary>Where the mistake begins, counted in characters from 0; the text's length when it ends too early.</summary>
    public int Position { get; } = position;

    /// <summary>What is wrong there and what was expected.</summary>
    public string Problem { get; } = problem;
}
