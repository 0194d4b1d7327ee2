namespace MLOps.Drift.Streams;

/// <summary>Drift detection method (DDM): alarms when the error rate of a model rises above its lowest level by several standard deviations.</summary>
/// <remarks>
/// <para>Takes errors: 1 where the model was wrong, 0 where it was right, or a loss between them. Values outside [0, 1] and NaN are ignored and counted.</para>
/// <para>
/// With p the error rate since the restart and s = √(p(1 − p)/n), the lowest p + s is remembered; a warning is p + s &gt; p_min + 2·s_min, a drift p + s &gt; p_min + 3·s_min.
/// Sudden rises are found fast; slow ones may hide in the memory of the lowest level, for which <see cref="HddmA"/> and <see cref="Adwin"/> are better.
/// A model that never erred has s_min = 0: its first error after the warm-up is a drift.
/// </para>
/// <para>
/// Time and memory are constant. Not safe for use by two threads at once.
/// Source: Gama, Medas, Castillo, Rodrigues (2004), Learning with drift detection, SBIA, LNAI 3171, 286–295. Agrees with River on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json.
/// </para>
/// </remarks>
public sealed class Ddm : StreamDetector
{
    private double _errors;
    private double _lowest = double.PositiveInfinity;
    private double _warningLevel = double.PositiveInfinity;
    private double _driftLevel = double.PositiveInfinity;

    /// <summary>Makes a detector.</summary>
    /// <param name="warmUp">See <see cref="WarmUp"/>.</param>
    /// <param name="warningThreshold">See <see cref="WarningThreshold"/>.</param>
    /// <param name="driftThreshold">See <see cref="DriftThreshold"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public Ddm(int warmUp = 30, double warningThreshold = 2, double driftThreshold = 3)
    {
        WarmUp = Within(warmUp, 1, int.MaxValue);
        WarningThreshold = Positive(warningThreshold);
        DriftThreshold = Positive(driftThreshold);
        ArgumentOutOfRangeException.ThrowIfLessThan(driftThreshold, warningThreshold);
    }

    internal Ddm(ref StateReader state)
        : this(state.Int(), state.Double(), state.Double())
    {
        ReadCounts(ref state);
        _errors = state.Double(0, _count);
        _lowest = state.Double(0, double.PositiveInfinity);
        _warningLevel = state.Double(0, double.PositiveInfinity);
        _driftLevel = state.Double(0, double.PositiveInfinity);
    }

    /// <summary>How many values pass after a restart before a signal can be given.</summary>
    /// <value>Default 30; 1 or more.</value>
    public int WarmUp { get; }

    /// <summary>How many standard deviations above the lowest level a warning is.</summary>
    /// <value>Default 2; above 0.</value>
    public double WarningThreshold { get; }

    /// <summary>How many standard deviations above the lowest level a drift is.</summary>
    /// <value>Default 3; <see cref="WarningThreshold"/> or more.</value>
    public double DriftThreshold { get; }

    /// <summary>The share of errors since the restart, 0 to 1; NaN before the first value.</summary>
    public double ErrorRate => _errors / _count;

    private protected override DetectorKind Kind => DetectorKind.Ddm;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (!(value is >= 0 and <= 1))
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        double n = ++_count;
        _errors += value;
        if (_count <= WarmUp)
            return StreamSignal.None;

        double rate = _errors / n, deviation = Math.Sqrt(rate * (1 - rate) / n), level = rate + deviation;
        if (level <= _lowest)
        {
            _lowest = level;
            _warningLevel = rate + (WarningThreshold * deviation);
            _driftLevel = rate + (DriftThreshold * deviation);
        }

        return _signal = level > _driftLevel ? StreamSignal.Drift : level > _warningLevel ? StreamSignal.Warning : StreamSignal.None;
    }

    private protected override void Clear()
    {
        _errors = 0;
        _lowest = _warningLevel = _driftLevel = double.PositiveInfinity;
    }

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(WarmUp);
        writer.Write(WarningThreshold);
        writer.Write(DriftThreshold);
    }

    private protected override void WriteState(StateWriter writer)
    {
        writer.Write(_errors);
        writer.Write(_lowest);
        writer.Write(_warningLevel);
        writer.Write(_driftLevel);
    }
}
