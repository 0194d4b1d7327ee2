using System.Globalization;

namespace MLOps.Registry.Signatures;

/// <summary>What is known of a column after some of its rows.</summary>
internal sealed class ColumnInference(string name, int mostCategories, string parameterName)
{
    private readonly SortedSet<string>? _categories = mostCategories > 0 ? new(StringComparer.Ordinal) : null;
    private ColumnType? _type;
    private bool _isNullable;

    public void AddMissing() => _isNullable = true;

    public void Add(object? value, long row)
    {
        if (value is null or DBNull)
        {
            _isNullable = true;
            return;
        }

        AddType(value.GetType(), row);
        if (value is string text)
            AddText(text);
    }

    public void AddText(string text)
    {
        // One more than the limit says that there are too many; the rest is not kept.
        if (_categories?.Count <= mostCategories)
            _categories.Add(text);
    }

    public void AddType(Type type, long row)
    {
        ColumnType found = ColumnTypes.Of(type) ?? throw Refused(row, $"has a {type.Name}, which a signature has no type for. Convert it first, for example to a number or to text.");
        if (_type is not { } before)
            _type = found;
        else if (ColumnTypes.Join(before, found) is { } both)
            _type = both;
        else
            throw Refused(row, $"has a value of type {ColumnTypes.NameOf(found)} after values of type {ColumnTypes.NameOf(before)}, and no type takes both without loss. Convert the column to one type first.");
    }

    public ColumnSpec ToSpec() => new(name, _type ?? throw new ArgumentException($"Column '{name}' has no value in any row, so that its type is unknown. Give rows in which it has one, or write its ColumnSpec by hand.", parameterName))
    {
        IsNullable = _isNullable,
        Categories = _type == ColumnType.String && _categories?.Count <= mostCategories ? [.. _categories] : null,
    };

    private ArgumentException Refused(long row, string why) => new(string.Create(CultureInfo.InvariantCulture, $"Column '{name}', row {row}, {why}"), parameterName);
}
