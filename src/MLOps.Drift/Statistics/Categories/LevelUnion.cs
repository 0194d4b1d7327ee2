using System.Globalization;
using System.Runtime.InteropServices;

namespace MLOps.Drift.Statistics;

/// <summary>The levels of two columns, aligned by name; those without any value are left out.</summary>
internal sealed class LevelUnion
{
    private readonly List<string> _names;
    private readonly List<long> _reference;
    private readonly List<long> _current;
    private readonly long _referenceMissing;
    private readonly long _currentMissing;
    private readonly bool _overflows;

    private LevelUnion(CategoryCounts reference, CategoryCounts current)
    {
        int room = Math.Max(reference.Levels.Count, current.Levels.Count);
        (_names, _reference, _current) = (new(room), new(room), new(room));
        (_referenceMissing, _currentMissing) = (reference.Missing, current.Missing);
        _overflows = reference.Total is null || current.Total is null;
    }

    public static LevelUnion Of(CategoryCounts reference, CategoryCounts current)
    {
        LevelUnion union = new(reference, current);
        int left = 0, right = 0;
        while (left < reference.Levels.Count || right < current.Levels.Count)
        {
            int order = left == reference.Levels.Count ? 1 : right == current.Levels.Count ? -1 : string.CompareOrdinal(reference.Levels[left], current.Levels[right]);
            string name = order <= 0 ? reference.Levels[left] : current.Levels[right];
            union.Add(name, order <= 0 ? reference.Counts[left++] : 0, order >= 0 ? current.Counts[right++] : 0);
        }

        return union;
    }

    public CellCounts ToCells(double leastShare, int mostLevels)
    {
        bool[] merged = Rare(leastShare, mostLevels);
        int rare = merged.Count(one => one);
        if (rare < 2 || _overflows)
        {
            return new CellCounts(
                _names, CollectionsMarshal.AsSpan(_reference), CollectionsMarshal.AsSpan(_current), Levels(_names.Count), _referenceMissing, _currentMissing);
        }

        List<string> names = [];
        List<long> reference = [], current = [];
        long otherReference = 0, otherCurrent = 0;
        for (int level = 0; level < merged.Length; level++)
        {
            if (merged[level] || _names[level] == CellCounts.Other)
            {
                otherReference += _reference[level];
                otherCurrent += _current[level];
            }
            else
            {
                names.Add(_names[level]);
                reference.Add(_reference[level]);
                current.Add(_current[level]);
            }
        }

        return new CellCounts(
            [.. names, CellCounts.Other], [.. reference, otherReference], [.. current, otherCurrent],
            $"{Levels(merged.Length)}, the rarest {rare.ToString("N0", CultureInfo.InvariantCulture)} of them merged into {CellCounts.Other}", _referenceMissing, _currentMissing)
        {
            NewLevels = Present(_current, absent: _reference),
            VanishedLevels = Present(_reference, absent: _current),
        };
    }

    private static string Levels(int count) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} level{(count == 1 ? "" : "s")}");

    private void Add(string name, long reference, long current)
    {
        if (reference == 0 && current == 0)
            return;
        _names.Add(name);
        _reference.Add(reference);
        _current.Add(current);
    }

    private bool[] Rare(double leastShare, int mostLevels)
    {
        bool[] rare = new bool[_names.Count];
        double[] sizes = new double[rare.Length];
        double total = 0;
        for (int level = 0; level < rare.Length; level++)
            total += sizes[level] = (double)_reference[level] + _current[level];
        for (int level = 0; level < rare.Length; level++)
            rare[level] = sizes[level] < leastShare * total;
        if (mostLevels < rare.Length)
        {
            // The levels lie in the order of their names, and a stable order keeps it among those of equal size.
            foreach (int level in Enumerable.Range(0, rare.Length).OrderByDescending(level => sizes[level]).Skip(mostLevels))
                rare[level] = true;
        }

        return rare;
    }

    private string[] Present(List<long> present, List<long> absent) =>
        [.. Enumerable.Range(0, _names.Count).Where(level => present[level] > 0 && absent[level] == 0).Select(level => _names[level])];
}
