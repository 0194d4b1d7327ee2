namespace MLOps.Tracking.Search;

/// <summary>Conditions that must all hold: the syntax tree of MLflow's filter grammar, which knows <c>AND</c> and nothing else to join them.</summary>
/// <remarks>
/// <see cref="Parse"/> makes one from text; <see cref="RunField"/> and <see cref="ExperimentField"/> build one in code: <c>RunField.Metric("accuracy") &gt; 0.9 &amp; RunField.Param("optimizer").EqualTo("adam")</c>.
/// Immutable; filters with equal conditions in the same order are equal.
/// </remarks>
/// <param name="Comparisons">The conditions; none lets everything through.</param>
public sealed record SearchFilter(IReadOnlyList<Comparison> Comparisons)
{
    /// <summary>The filter that lets everything through.</summary>
    public static SearchFilter Everything { get; } = new([]);

    /// <summary>Reads a filter.</summary>
    /// <param name="text">The filter, for example <c>metrics.accuracy &gt; 0.9 AND params.optimizer = 'adam'</c>; null, empty or blank lets everything through.</param>
    /// <param name="vocabulary">What is searched: <see cref="SearchVocabulary.Runs"/> or <see cref="SearchVocabulary.Experiments"/>.</param>
    /// <returns>The filter.</returns>
    /// <exception cref="SearchSyntaxException">The text breaks the grammar; the exception tells where, and what was expected.</exception>
    public static SearchFilter Parse(string? text, SearchVocabulary vocabulary) => SearchParser.ParseFilter(text, vocabulary);

    /// <summary>Joins two filters.</summary>
    /// <param name="left">The conditions that come first.</param>
    /// <param name="right">The conditions that come after.</param>
    /// <returns>A filter in which all conditions of both must hold.</returns>
    public static SearchFilter operator &(SearchFilter left, SearchFilter right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new SearchFilter([.. left.Comparisons, .. right.Comparisons]);
    }

    /// <summary>Joins two filters, for languages without operators.</summary>
    /// <param name="left">The conditions that come first.</param>
    /// <param name="right">The conditions that come after.</param>
    /// <returns>A filter in which all conditions of both must hold.</returns>
    public static SearchFilter BitwiseAnd(SearchFilter left, SearchFilter right) => left & right;

    /// <inheritdoc/>
    public bool Equals(SearchFilter? other) => other is not null && Comparisons.SequenceEqual(other.Comparisons);

    /// <inheritdoc/>
    public override int GetHashCode() => Comparisons.Aggregate(Comparisons.Count, HashCode.Combine);

    /// <summary>The filter as the grammar writes it; <see cref="Parse"/> reads it back as an equal filter.</summary>
    /// <remarks>
    /// The grammar cannot say everything that code can build: a text with both kinds of quotes, a key with both backticks and double quotes, an infinity and U+0000 are printed,
    /// unlike anything else, but cannot be read back.
    /// </remarks>
    /// <returns>The text; empty for <see cref="Everything"/>.</returns>
    public override string ToString() => string.Join(" AND ", Comparisons);
}
