namespace MLOps.Tracking.Search;

/// <summary>A field that holds a number. What lacks it meets no condition; NaN meets <see cref="NotEqualTo"/> alone.</summary>
/// <param name="Field">The field.</param>
public readonly record struct NumberField(SearchField Field)
{
    /// <summary>In ascending order, NaN after the numbers, what lacks the field last.</summary>
    public OrderKey Ascending => new(Field, Descending: false);

    /// <summary>In descending order, NaN after the numbers, what lacks the field last.</summary>
    public OrderKey Descending => new(Field, Descending: true);

    /// <summary>Greater than a value.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value, not NaN.</param>
    /// <returns>The condition.</returns>
    public static SearchFilter operator >(NumberField field, double value) => field.Compare(Comparator.Greater, value);

    /// <summary>Less than a value.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value, not NaN.</param>
    /// <returns>The condition.</returns>
    public static SearchFilter operator <(NumberField field, double value) => field.Compare(Comparator.Less, value);

    /// <summary>Greater than a value or equal to it.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value, not NaN.</param>
    /// <returns>The condition.</returns>
    public static SearchFilter operator >=(NumberField field, double value) => field.Compare(Comparator.GreaterOrEqual, value);

    /// <summary>Less than a value or equal to it.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value, not NaN.</param>
    /// <returns>The condition.</returns>
    public static SearchFilter operator <=(NumberField field, double value) => field.Compare(Comparator.LessOrEqual, value);

    /// <summary>Equal to a value.</summary>
    /// <param name="value">The value, not NaN.</param>
    /// <returns>The condition.</returns>
    public SearchFilter EqualTo(double value) => Compare(Comparator.Equal, value);

    /// <summary>Present, and not equal to a value.</summary>
    /// <param name="value">The value, not NaN.</param>
    /// <returns>The condition.</returns>
    public SearchFilter NotEqualTo(double value) => Compare(Comparator.NotEqual, value);

    private SearchFilter Compare(Comparator comparator, double value)
    {
        if (double.IsNaN(value))
            throw new ArgumentException("Nothing can be compared with NaN.", nameof(value));
        return new SearchFilter([new Comparison(Field, comparator, new SearchValue.Number(value))]);
    }
}
