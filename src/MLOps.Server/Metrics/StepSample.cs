namespace MLOps.Server.Metrics;

/// <summary>Chooses steps at which series are shown: about evenly spaced among those that any of them has, and the ends of each (contract §5.7).</summary>
internal sealed class StepSample
{
    private readonly List<long> _steps = [];
    private readonly HashSet<long> _ends = [];

    /// <summary>Adds the steps of a series.</summary>
    /// <param name="points">Its points by step.</param>
    public void Add(IReadOnlyList<MetricPoint> points)
    {
        if (points.Count == 0)
            return;
        int start = _steps.Count;
        foreach (MetricPoint point in points)
        {
            if (_steps.Count == start || point.Step != _steps[^1])
                _steps.Add(point.Step);
        }

        _ends.Add(points[0].Step);
        _ends.Add(points[^1].Step);
    }

    /// <summary>Takes about so many steps, and the ends.</summary>
    public HashSet<long> Take(int most)
    {
        _steps.Sort();
        long[] steps = [.. Distinct()];
        HashSet<long> taken = [.. _ends];
        if (steps.Length <= most)
            return [.. steps];
        for (int i = 0; i < most; i++)
            taken.Add(steps[(int)((long)i * steps.Length / most)]);
        return taken;
    }

    private IEnumerable<long> Distinct()
    {
        for (int i = 0; i < _steps.Count; i++)
        {
            if (i == 0 || _steps[i] != _steps[i - 1])
                yield return _steps[i];
        }
    }
}
