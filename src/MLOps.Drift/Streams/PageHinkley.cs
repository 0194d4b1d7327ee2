namespace MLOps.Drift.Streams;

/// <summary>The Page–Hinkley test: alarms when the deviations from the running mean, summed with a little forgetting, leave their extreme by more than a threshold.</summary>
/// <remarks>
/// <para>Takes any numbers of magnitude up to 1e100; larger ones, infinities and NaN are ignored and counted. Its parameters are in the unit of the values: scale them, or choose threshold and tolerance to fit.</para>
/// <para>
/// With x̄ the mean since the restart: U ← αU + (x − x̄) − δ, drift when U − min U &gt; λ; D ← αD + (x − x̄) + δ, drift when max D − D &gt; λ. As in River, max D begins at −1. There are no warnings.
/// </para>
/// <para>
/// Time and memory are constant. Not safe for use by two threads at once.
/// Source: Page (1954), Continuous inspection schemes, Biometrika 41, 100–115; Hinkley (1971), Inference about the change-point from cumulative sum tests, Biometrika 58, 509–523.
/// Agrees with River on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json.
/// </para>
/// </remarks>
public sealed class PageHinkley : StreamDetector
{
    private const double FirstHighest = -1;

    private readonly double _riseThreshold;
    private readonly double _fallThreshold;
    private double _mean;
    private double _rise;
    private double _lowestRise = double.PositiveInfinity;
    private double _fall;
    private double _highestFall = FirstHighest;

    /// <summary>Makes a detector.</summary>
    /// <param name="warmUp">See <see cref="WarmUp"/>.</param>
    /// <param name="tolerance">See <see cref="Tolerance"/>.</param>
    /// <param name="threshold">See <see cref="Threshold"/>.</param>
    /// <param name="keep">See <see cref="Keep"/>.</param>
    /// <param name="direction">See <see cref="Direction"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public PageHinkley(int warmUp = 30, double tolerance = 0.005, double threshold = 50, double keep = 0.9999, ChangeDirection direction = ChangeDirection.Both)
    {
        WarmUp = Within(warmUp, 1, int.MaxValue);
        Tolerance = NotNegative(tolerance);
        Threshold = Positive(threshold);
        Keep = keep is > 0 and <= 1 ? keep : throw new ArgumentOutOfRangeException(nameof(keep), keep, "A number above 0 and up to 1 is needed.");
        Direction = Known(direction);

        // What is never exceeded is not watched: no branch on the direction for each value.
        _riseThreshold = direction == ChangeDirection.Down ? double.PositiveInfinity : threshold;
        _fallThreshold = direction == ChangeDirection.Up ? double.PositiveInfinity : threshold;
    }

    internal PageHinkley(ref StateReader state)
        : this(state.Int(), state.Double(), state.Double(), state.Double(), (ChangeDirection)state.Int())
    {
        ReadCounts(ref state);
        _mean = state.Double(double.MinValue, double.MaxValue);
        _rise = state.Double(double.MinValue, double.MaxValue);
        _lowestRise = state.Double(double.MinValue, double.PositiveInfinity);
        _fall = state.Double(double.MinValue, double.MaxValue);
        _highestFall = state.Double(double.MinValue, double.MaxValue);
    }

    /// <summary>The number of the first value after a restart that can give a drift.</summary>
    /// <value>Default 30; 1 or more.</value>
    public int WarmUp { get; }

    /// <summary>δ, the deviation from the mean that does not count, in the unit of the values.</summary>
    /// <value>Default 0.005; 0 or more.</value>
    public double Tolerance { get; }

    /// <summary>λ, the sum of deviations that is a drift, in the unit of the values.</summary>
    /// <value>Default 50; above 0.</value>
    public double Threshold { get; }

    /// <summary>α, the share of the sums that the next value leaves.</summary>
    /// <value>Default 0.9999; above 0, up to 1, which forgets nothing.</value>
    public double Keep { get; }

    /// <summary>Which changes are looked for.</summary>
    /// <value>Default <see cref="ChangeDirection.Both"/>.</value>
    public ChangeDirection Direction { get; }

    /// <summary>The mean of the values since the restart; NaN before the first.</summary>
    public double Mean => _count == 0 ? double.NaN : _mean;

    private protected override DetectorKind Kind => DetectorKind.PageHinkley;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (!(Math.Abs(value) <= Largest))
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        double n = ++_count;
        double mean = _mean + ((value - _mean) / n);
        _mean = mean;
        double deviation = value - mean;
        double rise = (Keep * _rise) + deviation - Tolerance, fall = (Keep * _fall) + deviation + Tolerance;
        _rise = rise;
        _fall = fall;
        double lowest = _lowestRise, highest = _highestFall;
        if (rise < lowest)
            _lowestRise = lowest = rise;
        if (fall > highest)
            _highestFall = highest = fall;
        if (rise - lowest <= _riseThreshold && highest - fall <= _fallThreshold)
            return _signal = StreamSignal.None;
        return _signal = _count >= WarmUp ? StreamSignal.Drift : StreamSignal.None;
    }

    private protected override void Clear()
    {
        _mean = _rise = _fall = 0;
        _lowestRise = double.PositiveInfinity;
        _highestFall = FirstHighest;
    }

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(WarmUp);
        writer.Write(Tolerance);
        writer.Write(Threshold);
        writer.Write(Keep);
        writer.Write((int)Direction);
    }

    private protected override void WriteState(StateWriter writer)
    {
        writer.Write(_mean);
        writer.Write(_rise);
        writer.Write(_lowestRise);
        writer.Write(_fall);
        writer.Write(_highestFall);
    }
}
