namespace MLOps.Tracking.Search;

/// <summary>A field that holds a time, compared to the millisecond. What lacks it meets no condition.</summary>
/// <param name="Field">The field.</param>
public readonly record struct TimeField(SearchField Field)
{
    /// <summary>In ascending order, what lacks the field last.</summary>
    public OrderKey Ascending => new(Field, Descending: false);

    /// <summary>In descending order, what lacks the field last.</summary>
    public OrderKey Descending => new(Field, Descending: true);

    /// <summary>Greater than a value.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value; what it has below a millisecond is cut off.</param>
    /// <returns>The condition.</returns>
    public static SearchFilter operator >(TimeField field, DateTimeOffset value) => field.Compare(Comparator.Greater, value);

    /// <summary>Less than a value.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value; what it has below a millisecond is cut off.</param>
    /// <returns>The condition.</returns>
    public static SearchFilter operator <(TimeField field, DateTimeOffset value) => field.Compare(Comparator.Less, value);

    /// <summary>Greater than a value or equal to it.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value; what it has below a millisecond is cut off.</param>
    /// <returns>The condition.</returns>
    public static SearchFilter operator >=(TimeField field, DateTimeOffset value) => field.Compare(Comparator.GreaterOrEqual, value);

    /// <summary>Less than a value or equal to it.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value; what it has below a millisecond is cut off.</param>
    /// <returns>The condition.</returns>
    public static SearchFilter operator <=(TimeField field, DateTimeOffset value) => field.Compare(Comparator.LessOrEqual, value);

    /// <summary>Equal to a value.</summary>
    /// <param name="value">The value; what it has below a millisecond is cut off.</param>
    /// <returns>The condition.</returns>
    public SearchFilter EqualTo(DateTimeOffset value) => Compare(Comparator.Equal, value);

    /// <summary>Present, and not equal to a value.</summary>
    /// <param name="value">The value; what it has below a millisecond is cut off.</param>
    /// <returns>The condition.</returns>
    public SearchFilter NotEqualTo(DateTimeOffset value) => Compare(Comparator.NotEqual, value);

    private SearchFilter Compare(Comparator comparator, DateTimeOffset value) =>
        new([new Comparison(Field, comparator, new SearchValue.Number(value.ToUnixTimeMilliseconds()))]);
}
