namespace MLOps.Drift.Streams;

/// <summary>The cumulative sum chart (CUSUM): alarms when the deviations from a frozen reference, beyond a slack, add up.</summary>
/// <remarks>
/// <para>
/// Takes any numbers of magnitude up to 1e100; larger ones, infinities and NaN are ignored and counted. Free of scale: slack and threshold are multiples of the standard deviation of the warm-up.
/// An outlier in the warm-up widens the chart until it restarts: call <see cref="StreamDetector.Reset"/>, or make the warm-up longer.
/// </para>
/// <para>
/// Mean μ and standard deviation σ (n − 1) are those of the first values and then frozen. S⁺ ← max(0, S⁺ + x − μ − kσ), S⁻ ← max(0, S⁻ − (x − μ) − kσ); a drift is a sum above hσ. There are no warnings.
/// At the classical k = ½, h = 5 a stable stream alarms every few hundred values; a higher h is calmer.
/// </para>
/// <para>
/// Time and memory are constant. Not safe for use by two threads at once.
/// Source: Page (1954), Continuous inspection schemes, Biometrika 41, 100–115. Agrees with River on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json.
/// </para>
/// </remarks>
public sealed class Cusum : StreamDetector
{
    private double _mean;
    private double _squares;
    private double _slack;
    private double _limit;
    private double _rise;
    private double _fall;

    /// <summary>Makes a detector.</summary>
    /// <param name="warmUp">See <see cref="WarmUp"/>.</param>
    /// <param name="slack">See <see cref="Slack"/>.</param>
    /// <param name="threshold">See <see cref="Threshold"/>.</param>
    /// <param name="direction">See <see cref="Direction"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public Cusum(int warmUp = 30, double slack = 0.5, double threshold = 5, ChangeDirection direction = ChangeDirection.Both)
    {
        WarmUp = Within(warmUp, 1, int.MaxValue);
        Slack = NotNegative(slack);
        Threshold = Positive(threshold);
        Direction = Known(direction);
    }

    internal Cusum(ref StateReader state)
        : this(state.Int(), state.Double(), state.Double(), (ChangeDirection)state.Int())
    {
        ReadCounts(ref state);
        _mean = state.Double(double.MinValue, double.MaxValue);
        _squares = state.Double(0, double.MaxValue);
        _rise = state.Double(0, double.MaxValue);
        _fall = state.Double(0, double.MaxValue);
        if (_count >= WarmUp)
            Freeze();
    }

    /// <summary>How many values the reference is taken from. The last of them can already give a drift.</summary>
    /// <value>Default 30; 1 or more, at 1 the deviation is 0 and any change a drift.</value>
    public int WarmUp { get; }

    /// <summary>k, the deviation that does not count, in standard deviations of the warm-up.</summary>
    /// <value>Default 0.5; 0 or more.</value>
    public double Slack { get; }

    /// <summary>h, the sum that is a drift, in standard deviations of the warm-up.</summary>
    /// <value>Default 5; above 0.</value>
    public double Threshold { get; }

    /// <summary>Which changes are looked for.</summary>
    /// <value>Default <see cref="ChangeDirection.Both"/>.</value>
    public ChangeDirection Direction { get; }

    private protected override DetectorKind Kind => DetectorKind.Cusum;

    private double WarmUpDeviation => WarmUp > 1 ? Math.Sqrt(_squares / (WarmUp - 1)) : 0;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (!(Math.Abs(value) <= Largest))
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        if (++_count <= WarmUp && !Learn(value))
            return StreamSignal.None;
        double deviation = value - _mean;
        _rise = Math.Max(0, _rise + deviation - _slack);
        _fall = Math.Max(0, _fall - deviation - _slack);
        return _signal = (_rise > _limit && Direction != ChangeDirection.Down) || (_fall > _limit && Direction != ChangeDirection.Up) ? StreamSignal.Drift : StreamSignal.None;
    }

    private protected override void Clear() => _mean = _squares = _slack = _limit = _rise = _fall = 0;

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(WarmUp);
        writer.Write(Slack);
        writer.Write(Threshold);
        writer.Write((int)Direction);
    }

    private protected override void WriteState(StateWriter writer)
    {
        writer.Write(_mean);
        writer.Write(_squares);
        writer.Write(_rise);
        writer.Write(_fall);
    }

    /// <summary>Adds a value to the reference; says whether the reference is complete.</summary>
    private bool Learn(double value)
    {
        double meanBefore = _mean;
        _mean += (value - meanBefore) / _count;
        _squares += (value - meanBefore) * (value - _mean);
        if (_count < WarmUp)
            return false;
        Freeze();
        return true;
    }

    private void Freeze()
    {
        double sigma = WarmUpDeviation;
        _slack = Slack * sigma;
        _limit = Threshold * sigma;
    }
}
