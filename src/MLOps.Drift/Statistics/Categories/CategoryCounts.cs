using System.Collections.ObjectModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace MLOps.Drift.Statistics;

/// <summary>
/// A column of categories made ready once for all methods that compare it: its levels and how often each occurs, missing values counted and left out. This is all that a
/// reference needs to keep; <see cref="FromCounts"/> takes it up again. <see cref="CellCounts.Of"/> puts two of them side by side.
/// </summary>
/// <remarks>
/// <para>Immutable and safe for any number of threads. Levels are compared character by character (ordinal): <c>a</c> and <c>A</c> are two levels, and the empty text is one.</para>
/// <para>Counting takes one pass; memory goes by the number of levels, not of values, and so does the sorting of levels. Levels that were made to collide cost no more than others: the runtime
/// hashes texts with a secret key as soon as many collide, and numbers of more than a few hundred levels are sorted, not hashed.</para>
/// </remarks>
public sealed class CategoryCounts
{
    /// <summary>So few keys cannot make a table slow, whatever their hashes are.</summary>
    private const int MostHashedNumbers = 256;

    /// <summary>Below this many values a second thread costs more than it saves.</summary>
    private const int WorthAThread = 20_000;

    private readonly ReadOnlyCollection<string> _levels;
    private readonly long[] _counts;

    private CategoryCounts(string[] levels, long[] counts, long missing)
    {
        (_levels, _counts, Missing) = (new ReadOnlyCollection<string>(levels), counts, missing);
        Total = CellCounts.TotalOf(counts);
    }

    /// <summary>The levels in ordinal order, each once.</summary>
    public IReadOnlyList<string> Levels => _levels;

    /// <summary>How often each level occurs, in the order of <see cref="Levels"/>.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>How many values have a level; null when it is beyond a long.</summary>
    public long? Total { get; }

    /// <summary>How many values were missing.</summary>
    public long Missing { get; }

    /// <summary>Counts a column of texts.</summary>
    /// <param name="values">The column in any order; null is missing. Separate instances of equal text are one level.</param>
    /// <returns>The counts.</returns>
    public static CategoryCounts Of(ReadOnlySpan<string?> values)
    {
        // No comparer is given: with its own one the table changes to randomized hashes when many keys collide.
        Dictionary<string, long> counts = [];
        long missing = 0;
        foreach (string? value in values)
        {
            if (value is null)
                missing++;
            else
                CollectionsMarshal.GetValueRefOrAddDefault(counts, value, out _)++;
        }

        return Sorted(counts, missing);
    }

    /// <summary>Counts a column of numbers, truth values or other small values.</summary>
    /// <param name="values">The column in any order; NaN is missing, −0.0 is 0.0.</param>
    /// <typeparam name="T">The type of the values: whole numbers, <see cref="bool"/>, <see cref="double"/>, <see cref="Guid"/>, <see cref="DateOnly"/> and so on.</typeparam>
    /// <returns>The counts. A level's name is the value as the invariant culture writes it, as <c>-3</c>, <c>0.1</c>, <c>True</c> or <c>2026-11-27</c>, so that it equals the level of a column of such texts.</returns>
    public static CategoryCounts Of<T>(ReadOnlySpan<T> values)
        where T : struct, IComparable<T>, IEquatable<T>
    {
        Dictionary<T, long> counts = [];
        foreach (T value in values)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, value, out _)++;
            if (counts.Count > MostHashedNumbers)
                return Named(Runs(values.ToArray()), 0);
        }

        return Named(counts, 0);
    }

    /// <summary>Counts a column of numbers, truth values or other small values, some of them missing.</summary>
    /// <param name="values">The column in any order; null and NaN are missing, −0.0 is 0.0.</param>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <returns>The counts, with names as those of <see cref="Of{T}(ReadOnlySpan{T})"/>.</returns>
    public static CategoryCounts Of<T>(ReadOnlySpan<T?> values)
        where T : struct, IComparable<T>, IEquatable<T>
    {
        T[] present = new T[values.Length];
        int count = 0;
        foreach (T? value in values)
        {
            if (value is { } one)
                present[count++] = one;
        }

        CategoryCounts counted = Of<T>(present.AsSpan(0, count));
        return new CategoryCounts([.. counted._levels], counted._counts, counted.Missing + (values.Length - count));
    }

    /// <summary>Counts two columns of texts at the same time, each on a thread of its own when they are long.</summary>
    /// <param name="reference">The reference; null is missing.</param>
    /// <param name="current">The current sample; null is missing.</param>
    /// <returns>The counts of each.</returns>
    public static (CategoryCounts Reference, CategoryCounts Current) OfBoth(ReadOnlyMemory<string?> reference, ReadOnlyMemory<string?> current)
    {
        if (Math.Min(reference.Length, current.Length) < WorthAThread)
            return (Of(reference.Span), Of(current.Span));
        CategoryCounts? first = null, second = null;
        Parallel.Invoke(() => first = Of(reference.Span), () => second = Of(current.Span));
        return (first!, second!);
    }

    /// <summary>Takes up counts that were made elsewhere, for example a reference that was stored.</summary>
    /// <param name="counts">Each level with its count, 0 or more, in any order.</param>
    /// <param name="missing">How many values were missing, 0 or more.</param>
    /// <returns>The counts.</returns>
    /// <exception cref="ArgumentException">A level is null or comes twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative.</exception>
    public static CategoryCounts FromCounts(IEnumerable<KeyValuePair<string, long>> counts, long missing = 0)
    {
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentOutOfRangeException.ThrowIfNegative(missing);
        Dictionary<string, long> levels = [];
        foreach ((string level, long count) in counts)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(counts));
            if (level is null || !levels.TryAdd(level, count))
                throw new ArgumentException(level is null ? "A level is null: count missing values by themselves." : $"The level '{level}' comes twice.", nameof(counts));
        }

        return Sorted(levels, missing);
    }

    private static CategoryCounts Sorted(Dictionary<string, long> counts, long missing)
    {
        string[] levels = [.. counts.Keys];
        long[] occurrences = [.. counts.Values];
        Array.Sort(levels, occurrences, StringComparer.Ordinal);
        return new CategoryCounts(levels, occurrences, missing);
    }

    private static IEnumerable<KeyValuePair<T, long>> Runs<T>(T[] values)
        where T : struct, IComparable<T>, IEquatable<T>
    {
        Array.Sort(values);
        for (int start = 0, end; start < values.Length; start = end)
        {
            end = start + 1;
            while (end < values.Length && values[end].Equals(values[start]))
                end++;
            yield return new KeyValuePair<T, long>(values[start], end - start);
        }
    }

    private static CategoryCounts Named<T>(IEnumerable<KeyValuePair<T, long>> counts, long missing)
        where T : struct
    {
        Dictionary<string, long> named = [];
        foreach ((T value, long count) in counts)
        {
            if (value is double.NaN or float.NaN || (value is Half half && Half.IsNaN(half)))
                missing += count;
            else
                CollectionsMarshal.GetValueRefOrAddDefault(named, NameOf(value), out _) += count;
        }

        return Sorted(named, missing);
    }

    /// <summary>Equal values have one name, and different values two.</summary>
    private static string NameOf<T>(T value)
        where T : struct => value switch
        {
            double number => (number + 0.0).ToString(CultureInfo.InvariantCulture),
            float number => (number + 0.0f).ToString(CultureInfo.InvariantCulture),
            Half number => (number + (Half)0).ToString(CultureInfo.InvariantCulture),
            decimal number => number.ToString("G29", CultureInfo.InvariantCulture),
            DateOnly or TimeOnly or DateTime or DateTimeOffset => ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
            IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
}
