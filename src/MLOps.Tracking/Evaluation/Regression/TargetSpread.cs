namespace MLOps.Tracking.Evaluation;

/// <summary>The mean and the sum of squared deviations of targets as they stream by; a constant target has a deviation of exactly 0.</summary>
/// <remarks>
/// Source: West (1979), CACM 22, 532–535 for the weighted update, Chan, Golub and LeVeque (1983), The American Statistician 37, 242–247 for merging. Values are taken relative to the
/// first one, so that a large common offset (years, prices, Unix times) costs no digits.
/// </remarks>
internal struct TargetSpread
{
    private double _origin;
    private double _mean;
    private double _weight;
    private CompensatedSum _squares;

    /// <summary>How many values with a weight there are.</summary>
    public long Rows { get; private set; }

    /// <summary>Σ weight × (value − mean)².</summary>
    public readonly double SquaredDeviations => _squares.Value;

    public void Add(double value, double weight)
    {
        if (weight == 0)
            return;
        if (Rows++ == 0)
            _origin = value;
        double shifted = value - _origin, fromOldMean = shifted - _mean;
        _weight += weight;
        _mean += fromOldMean * (weight / _weight);
        _squares.Add(weight * fromOldMean * (shifted - _mean));
    }

    public void Add(TargetSpread other)
    {
        if (other.Rows == 0)
            return;
        if (Rows == 0)
        {
            this = other;
            return;
        }

        double gap = other._origin - _origin + (other._mean - _mean), total = _weight + other._weight;
        _squares.Add(other._squares);
        _squares.Add(gap * gap * _weight * (other._weight / total));
        _mean += gap * (other._weight / total);
        _weight = total;
        Rows += other.Rows;
    }
}
