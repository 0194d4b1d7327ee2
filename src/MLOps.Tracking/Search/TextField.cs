namespace MLOps.Tracking.Search;

/// <summary>A field that holds text. What lacks it meets <see cref="IsNull"/> alone.</summary>
/// <param name="Field">The field.</param>
public readonly record struct TextField(SearchField Field)
{
    /// <summary>In ascending order, what lacks the field last.</summary>
    public OrderKey Ascending => new(Field, Descending: false);

    /// <summary>In descending order, what lacks the field last.</summary>
    public OrderKey Descending => new(Field, Descending: true);

    /// <summary>Equal by ordinal.</summary>
    /// <param name="value">The text.</param>
    /// <returns>The condition.</returns>
    public SearchFilter EqualTo(string value) => Compare(Comparator.Equal, value);

    /// <summary>Present, and not equal by ordinal.</summary>
    /// <param name="value">The text.</param>
    /// <returns>The condition.</returns>
    public SearchFilter NotEqualTo(string value) => Compare(Comparator.NotEqual, value);

    /// <summary>Like a pattern in which <c>%</c> stands for any characters and <c>_</c> for one; case counts.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <returns>The condition.</returns>
    public SearchFilter Like(string pattern) => Compare(Comparator.Like, pattern);

    /// <summary>Like a pattern, without regard to case.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <returns>The condition.</returns>
    public SearchFilter ILike(string pattern) => Compare(Comparator.ILike, pattern);

    /// <summary>Equal to one of some texts. For attributes and datasets, not for params and tags.</summary>
    /// <param name="values">At least one.</param>
    /// <returns>The condition.</returns>
    /// <exception cref="ArgumentException">There is none.</exception>
    public SearchFilter In(params IReadOnlyList<string> values) => Compare(Comparator.In, values);

    /// <summary>Present, and equal to none of some texts. For attributes and datasets, not for params and tags.</summary>
    /// <param name="values">At least one.</param>
    /// <returns>The condition.</returns>
    /// <exception cref="ArgumentException">There is none.</exception>
    public SearchFilter NotIn(params IReadOnlyList<string> values) => Compare(Comparator.NotIn, values);

    /// <summary>Absent. For params and tags.</summary>
    /// <returns>The condition.</returns>
    public SearchFilter IsNull() => new([new Comparison(Field, Comparator.IsNull, Value: null)]);

    /// <summary>Present. For params and tags.</summary>
    /// <returns>The condition.</returns>
    public SearchFilter IsNotNull() => new([new Comparison(Field, Comparator.IsNotNull, Value: null)]);

    private SearchFilter Compare(Comparator comparator, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new SearchFilter([new Comparison(Field, comparator, new SearchValue.Text(value))]);
    }

    private SearchFilter Compare(Comparator comparator, IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfZero(values.Count, nameof(values));
        return new SearchFilter([new Comparison(Field, comparator, new SearchValue.TextList([.. values]))]);
    }
}
