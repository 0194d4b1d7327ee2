namespace MLOps.Registry.Signatures;

/// <summary>Makes schemas from samples.</summary>
/// <remarks>
/// <para>
/// Types: <see cref="bool"/> is boolean; <see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/>, <see cref="ushort"/> and <see cref="int"/> are integer; <see cref="uint"/> and <see cref="long"/>
/// are long; <see cref="Half"/> and <see cref="float"/> are float; <see cref="double"/> and <see cref="decimal"/> are double; <see cref="string"/>, <c>byte[]</c>, and <see cref="DateTime"/>,
/// <see cref="DateTimeOffset"/> and <see cref="DateOnly"/> are string, binary and datetime. Values of several types in a column get the narrowest type that takes all without loss: integer and long are long,
/// integer, float and double are double; long and double have none, and are refused.
/// </para>
/// <para>Null is a missing value and makes a column nullable. NaN is a value.</para>
/// <para>Samples are read, never kept, but for the categories. Nothing asks a type for its members, so that it works in trimmed and native programs.</para>
/// </remarks>
/// <example><code>SignatureSchema inputs = SignatureInference.FromRows(rows, mostCategories: 20);</code></example>
public static class SignatureInference
{
    /// <summary>Makes a schema of columns from rows.</summary>
    /// <param name="rows">At least one row: values by the name of their column. Null, <see cref="DBNull"/> and a name that a row lacks are missing values. Read once.</param>
    /// <param name="mostCategories">The most distinct texts of a text column for which they are written down as its categories; 0 for never.</param>
    /// <returns>The columns, in the order in which they first appear.</returns>
    /// <exception cref="ArgumentException">There is no row, no column, or a column without a type; the message names column and row, from 0 up.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mostCategories"/> is negative.</exception>
    public static SignatureSchema FromRows(IEnumerable<IReadOnlyDictionary<string, object?>> rows, int mostCategories = 0)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(mostCategories);
        List<(string Name, ColumnInference Column)> columns = [];
        HashSet<string> known = new(StringComparer.Ordinal);
        long count = 0;
        foreach (IReadOnlyDictionary<string, object?> row in rows)
        {
            if (row is null)
                throw new ArgumentException($"Row {count} is null.", nameof(rows));
            foreach (string name in row.Keys)
            {
                if (!known.Add(name))
                    continue;
                ColumnInference added = new(name, mostCategories, nameof(rows));
                if (count > 0)
                    added.AddMissing();
                columns.Add((name, added));
            }

            foreach ((string name, ColumnInference column) in columns)
                column.Add(row.TryGetValue(name, out object? value) ? value : null, count);
            count++;
        }

        if (columns.Count == 0)
            throw new ArgumentException(count == 0 ? "There are no rows to infer a schema from." : "The rows have no columns.", nameof(rows));
        return new SignatureSchema { Columns = [.. columns.Select(entry => entry.Column.ToSpec())] };
    }

    /// <summary>Makes a column from its values.</summary>
    /// <typeparam name="T">The type of the values, for example <see cref="double"/>, <c>double?</c> or <see cref="string"/>; <see cref="object"/> for values of several types.</typeparam>
    /// <param name="name">The name.</param>
    /// <param name="values">At least one value.</param>
    /// <param name="mostCategories">The most distinct texts for which they are written down as the categories; 0 for never.</param>
    /// <returns>The column.</returns>
    /// <exception cref="ArgumentException">There is no value, or none that tells the type; the message names column and row, from 0 up.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mostCategories"/> is negative.</exception>
    /// <example><code>SignatureSchema inputs = new() { Columns = [SignatureInference.Column("age", ages), SignatureInference.Column("country", countries, mostCategories: 200)] };</code></example>
    public static ColumnSpec Column<T>(string name, ReadOnlySpan<T> values, int mostCategories = 0)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfNegative(mostCategories);
        if (values.IsEmpty)
            throw new ArgumentException($"Column '{name}' has no values to infer a type from.", nameof(values));
        ColumnInference column = new(name, mostCategories, nameof(values));
        Type type = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        if (ColumnTypes.Of(type) is null)
        {
            for (int row = 0; row < values.Length; row++)
                column.Add(values[row], row);
            return column.ToSpec();
        }

        // The type is known, also of a column of nulls; values of value types are not boxed.
        column.AddType(type, row: 0);
        if (default(T) is null)
        {
            foreach (T value in values)
            {
                if (value is null)
                    column.AddMissing();
                else if (value is string text)
                    column.AddText(text);
            }
        }

        return column.ToSpec();
    }

    /// <summary>Makes a column from its values.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="name">The name.</param>
    /// <param name="values">At least one value.</param>
    /// <param name="mostCategories">The most distinct texts for which they are written down as the categories; 0 for never.</param>
    /// <returns>The column.</returns>
    /// <exception cref="ArgumentException">There is no value, or none that tells the type; the message names column and row, from 0 up.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mostCategories"/> is negative.</exception>
    public static ColumnSpec Column<T>(string name, T[] values, int mostCategories = 0)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Column(name, (ReadOnlySpan<T>)values, mostCategories);
    }

    /// <summary>Makes a tensor from the shape of a sample.</summary>
    /// <typeparam name="T">The type of its elements: <see cref="bool"/>, a number of up to 64 bits but not <see cref="decimal"/>, or <see cref="string"/>.</typeparam>
    /// <param name="name">The name; null for the only one of its schema.</param>
    /// <param name="shape">The sizes, at least 0 each, or -1 where any size may be.</param>
    /// <param name="isBatch">Whether the first size is that of the batch, which becomes -1. Default: yes, where there is one.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentException">A size is less than -1.</exception>
    /// <exception cref="NotSupportedException">Tensors have no elements of that type.</exception>
    /// <example><code>SignatureSchema inputs = new() { Tensors = [SignatureInference.Tensor&lt;float>("image", [32, 3, 224, 224])] };</code></example>
    public static TensorSpec Tensor<T>(string? name, IReadOnlyList<long> shape, bool isBatch = true)
    {
        ArgumentNullException.ThrowIfNull(shape);
        long[] sizes = [.. shape];
        if (Array.Exists(sizes, size => size < -1))
            throw new ArgumentException($"Tensor '{name}' has a negative size.", nameof(shape));
        if (isBatch && sizes.Length > 0)
            sizes[0] = -1;
        return new TensorSpec(name, Dtypes.Of(typeof(T)) ?? throw new NotSupportedException($"Tensor '{name}' has elements of type {typeof(T).Name}, which numpy has no name for."), sizes);
    }
}
