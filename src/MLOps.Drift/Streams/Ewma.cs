namespace MLOps.Drift.Streams;

/// <summary>The chart of an exponentially weighted moving average (EWMA): alarms when a fading mean leaves the plain mean by more than a multiple of its standard error.</summary>
/// <remarks>
/// <para>Takes any numbers of magnitude up to 1e100; larger ones, infinities and NaN are ignored and counted. Free of scale.</para>
/// <para>
/// z ← αx + (1 − α)z begins with the first value; with x̄ the mean since the restart and v the variance of the same fading weights, a drift is |z − x̄| &gt; L·√(v·α/(2 − α)·(1 − (1 − α)^2n)).
/// There are no warnings. On a constant stream v is 0 and rounding alone may be a drift, as in River: such a stream needs no chart.
/// An outlier stays in x̄ until the restart: a huge one can hide all later rises, or falls, from a chart that looks one way only; look both ways, or reset.
/// </para>
/// <para>
/// Time and memory are constant. Not safe for use by two threads at once.
/// Source: Roberts (1959), Control chart tests based on geometric moving averages, Technometrics 1, 239–250. Agrees with River on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json.
/// </para>
/// </remarks>
public sealed class Ewma : StreamDetector
{
    private readonly double _rest;
    private readonly double _restSquared;
    private readonly double _steady;
    private double _mean;
    private double _fading;
    private double _fadingSquare;
    private double _unsettled = 1;

    /// <summary>Makes a detector.</summary>
    /// <param name="alpha">See <see cref="Alpha"/>.</param>
    /// <param name="threshold">See <see cref="Threshold"/>.</param>
    /// <param name="warmUp">See <see cref="WarmUp"/>.</param>
    /// <param name="direction">See <see cref="Direction"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public Ewma(double alpha = 0.1, double threshold = 4, int warmUp = 30, ChangeDirection direction = ChangeDirection.Both)
    {
        Alpha = alpha is > 0 and <= 1 ? alpha : throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "A number above 0 and up to 1 is needed.");
        Threshold = Positive(threshold);
        WarmUp = Within(warmUp, 1, int.MaxValue);
        Direction = Known(direction);
        _rest = 1 - alpha;
        _restSquared = _rest * _rest;
        _steady = alpha / (2 - alpha);
    }

    internal Ewma(ref StateReader state)
        : this(state.Double(), state.Double(), state.Int(), (ChangeDirection)state.Int())
    {
        ReadCounts(ref state);
        _mean = state.Double(double.MinValue, double.MaxValue);
        _fading = state.Double(double.MinValue, double.MaxValue);
        _fadingSquare = state.Double(0, double.MaxValue);
        _unsettled = state.Double(0, 1);
    }

    /// <summary>α, the weight of the newest value.</summary>
    /// <value>Default 0.1; above 0, up to 1, which makes it a chart of single values.</value>
    public double Alpha { get; }

    /// <summary>L, how many standard errors from the mean a drift is.</summary>
    /// <value>Default 4; above 0.</value>
    public double Threshold { get; }

    /// <summary>The number of the first value after a restart that can give a drift.</summary>
    /// <value>Default 30; 1 or more.</value>
    public int WarmUp { get; }

    /// <summary>Which changes are looked for.</summary>
    /// <value>Default <see cref="ChangeDirection.Both"/>.</value>
    public ChangeDirection Direction { get; }

    private protected override DetectorKind Kind => DetectorKind.Ewma;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (!(Math.Abs(value) <= Largest))
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        bool first = ++_count == 1;
        _mean += (value - _mean) / _count;
        _fading = first ? value : (Alpha * value) + (_rest * _fading);
        _fadingSquare = first ? value * value : (Alpha * (value * value)) + (_rest * _fadingSquare);

        // Below half a unit of 1 it makes no difference any more, and would end in slow subnormal numbers.
        _unsettled = _unsettled > 1e-17 ? _unsettled * _restSquared : 0;
        if (_count < WarmUp)
            return StreamSignal.None;

        double variance = Math.Max(_fadingSquare - (_fading * _fading), 0);
        double bound = Threshold * Math.Sqrt(variance * (_steady * (1 - _unsettled))), deviation = _fading - _mean;
        return _signal = (deviation > bound && Direction != ChangeDirection.Down) || (-deviation > bound && Direction != ChangeDirection.Up) ? StreamSignal.Drift : StreamSignal.None;
    }

    private protected override void Clear()
    {
        _mean = _fading = _fadingSquare = 0;
        _unsettled = 1;
    }

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(Alpha);
        writer.Write(Threshold);
        writer.Write(WarmUp);
        writer.Write((int)Direction);
    }

    private protected override void WriteState(StateWriter writer)
    {
        writer.Write(_mean);
        writer.Write(_fading);
        writer.Write(_fadingSquare);
        writer.Write(_unsettled);
    }
}
