namespace MLOps.Drift.Streams;

/// <summary>Early drift detection method (EDDM): alarms when the errors of a model come closer together than they did.</summary>
/// <remarks>
/// <para>Takes errors: 1 where the model was wrong, 0 where it was right. Any other value and NaN are ignored and counted.</para>
/// <para>
/// With μ the mean and s the standard deviation (n − 1) of the distances between errors since the restart, the largest μ + 2s is remembered; a warning is a ratio to it
/// below 0.95, a drift one below 0.9. The signal is judged at errors only: between them a warning stays. Finds slow changes earlier than <see cref="Ddm"/>, at the price of false alarms
/// while the largest distance is still being learnt: at the default ratios one stationary reference stream of 4,000 values alarms 20 times, at 0.8 and 0.75 never.
/// </para>
/// <para>
/// Time and memory are constant. Not safe for use by two threads at once.
/// Source: Baena-García et al. (2006), Early drift detection method, Fourth International Workshop on Knowledge Discovery from Data Streams, 77–86.
/// Agrees with River on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json.
/// </para>
/// </remarks>
public sealed class Eddm : StreamDetector
{
    private long _errors;
    private long _lastError;
    private double _mean;
    private double _squares;
    private double _highest = -1;

    /// <summary>Makes a detector.</summary>
    /// <param name="warmUp">See <see cref="WarmUp"/>.</param>
    /// <param name="warningRatio">See <see cref="WarningRatio"/>.</param>
    /// <param name="driftRatio">See <see cref="DriftRatio"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public Eddm(int warmUp = 30, double warningRatio = 0.95, double driftRatio = 0.9)
    {
        WarmUp = Within(warmUp, 1, int.MaxValue);
        WarningRatio = Share(warningRatio);
        DriftRatio = Share(driftRatio);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(driftRatio, warningRatio);
    }

    internal Eddm(ref StateReader state)
        : this(state.Int(), state.Double(), state.Double())
    {
        ReadCounts(ref state);
        _errors = state.Long(0, _count);
        _lastError = state.Long(_errors, _count);
        _mean = state.Double(0, _count);
        _squares = state.Double(0, double.MaxValue);
        _highest = state.Double(-1, double.MaxValue);
    }

    /// <summary>How many values and how many errors pass after a restart before a signal can be given.</summary>
    /// <value>Default 30; 1 or more.</value>
    public int WarmUp { get; }

    /// <summary>The share of the largest distance between errors below which a warning is given.</summary>
    /// <value>Default 0.95; between 0 and 1, both excluded.</value>
    public double WarningRatio { get; }

    /// <summary>The share of the largest distance between errors below which a drift is given.</summary>
    /// <value>Default 0.9; above 0, at most <see cref="WarningRatio"/>.</value>
    public double DriftRatio { get; }

    private protected override DetectorKind Kind => DetectorKind.Eddm;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (value != 0 && value != 1)
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        _count++;
        if (value == 0)
            return _signal;

        double distance = _count - _lastError, meanBefore = _mean;
        _lastError = _count;
        _errors++;
        _mean += (distance - meanBefore) / _errors;
        _squares += (distance - meanBefore) * (distance - _mean);
        if (_count <= WarmUp)
            return _signal;

        double level = _mean + (2 * Math.Sqrt(_errors > 1 ? _squares / (_errors - 1) : 0));
        if (level > _highest)
        {
            _highest = level;
        }
        else if (_errors > WarmUp)
        {
            double ratio = level / _highest;
            _signal = ratio < DriftRatio ? StreamSignal.Drift : ratio < WarningRatio ? StreamSignal.Warning : StreamSignal.None;
        }

        return _signal;
    }

    private protected override void Clear()
    {
        _errors = _lastError = 0;
        _mean = _squares = 0;
        _highest = -1;
    }

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(WarmUp);
        writer.Write(WarningRatio);
        writer.Write(DriftRatio);
    }

    private protected override void WriteState(StateWriter writer)
    {
        writer.Write(_errors);
        writer.Write(_lastError);
        writer.Write(_mean);
        writer.Write(_squares);
        writer.Write(_highest);
    }
}
