namespace MLOps.Drift.Streams;

/// <summary>Drift detection by Hoeffding's bound on averages (HDDM_A): alarms when the error rate since the restart is above its best stretch by more than chance allows.</summary>
/// <remarks>
/// <para>Takes values from 0 to 1, usually errors: 1 where the model was wrong, 0 where it was right. Values outside [0, 1] and NaN are ignored and counted.</para>
/// <para>
/// The prefix of the stream with the least mean + ε, ε = √(ln(1/δ)/2m), is remembered as its best stretch. With m its length and n all values, an alarm is
/// mean_n − mean_m ≥ √((n − m)/(m·n)/2 · ln(2/δ)). Two-sided, the mirror image for falls is watched as well. Best for sudden changes; <see cref="HddmW"/> finds slow ones.
/// The bound supposes nothing of the values' law but that they are independent and between 0 and 1.
/// </para>
/// <para>
/// Time and memory are constant. Not safe for use by two threads at once.
/// Source: Frías-Blanco et al. (2015), Online and non-parametric drift detection methods based on Hoeffding's bounds, IEEE TKDE 27(3), 810–823.
/// Agrees with River on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json.
/// </para>
/// </remarks>
public sealed class HddmA : StreamDetector
{
    private readonly double _prefixLog;
    private readonly double _driftLog;
    private readonly double _warningLog;
    private double _sum;
    private Prefix _least = Prefix.None(double.PositiveInfinity);
    private Prefix _most = Prefix.None(double.NegativeInfinity);

    /// <summary>Makes a detector.</summary>
    /// <param name="driftConfidence">See <see cref="DriftConfidence"/>.</param>
    /// <param name="warningConfidence">See <see cref="WarningConfidence"/>.</param>
    /// <param name="twoSided">See <see cref="TwoSided"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public HddmA(double driftConfidence = 0.001, double warningConfidence = 0.005, bool twoSided = false)
    {
        DriftConfidence = Share(driftConfidence);
        WarningConfidence = Share(warningConfidence);
        ArgumentOutOfRangeException.ThrowIfLessThan(warningConfidence, driftConfidence);
        TwoSided = twoSided;
        _prefixLog = Math.Log(1 / driftConfidence);
        _driftLog = Math.Log(2 / driftConfidence);
        _warningLog = Math.Log(2 / warningConfidence);
    }

    internal HddmA(ref StateReader state)
        : this(state.Double(), state.Double(), state.Bool())
    {
        ReadCounts(ref state);
        _sum = state.Double(0, _count);
        _least = Prefix.Read(ref state, _count);
        _most = Prefix.Read(ref state, _count);
    }

    /// <summary>δ of a drift: the probability allowed to a false one at each test.</summary>
    /// <value>Default 0.001; between 0 and 1, both excluded.</value>
    public double DriftConfidence { get; }

    /// <summary>δ of a warning.</summary>
    /// <value>Default 0.005; <see cref="DriftConfidence"/> or more, below 1.</value>
    public double WarningConfidence { get; }

    /// <summary>Whether falls are signalled as well as rises.</summary>
    /// <value>Default false.</value>
    public bool TwoSided { get; }

    private protected override DetectorKind Kind => DetectorKind.HddmA;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (!(value is >= 0 and <= 1))
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        double n = ++_count;
        _sum += value;
        double mean = _sum / n, margin = Math.Sqrt(_prefixLog / (2 * n));
        if (_least.Bound >= mean + margin)
            _least = new Prefix(n, mean, mean + margin);
        StreamSignal signal = Test(mean - _least.Mean, _least.Count, n);
        if (TwoSided)
        {
            if (_most.Bound <= mean - margin)
                _most = new Prefix(n, mean, mean - margin);
            StreamSignal fall = Test(_most.Mean - mean, _most.Count, n);
            signal = fall > signal ? fall : signal;
        }

        return _signal = signal;
    }

    private protected override void Clear()
    {
        _sum = 0;
        _least = Prefix.None(double.PositiveInfinity);
        _most = Prefix.None(double.NegativeInfinity);
    }

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(DriftConfidence);
        writer.Write(WarningConfidence);
        writer.Write(TwoSided);
    }

    private protected override void WriteState(StateWriter writer)
    {
        writer.Write(_sum);
        _least.Write(writer);
        _most.Write(writer);
    }

    private StreamSignal Test(double gap, double prefix, double n)
    {
        if (prefix == n)
            return StreamSignal.None;
        double half = (n - prefix) / (prefix * n) / 2;
        return gap < Math.Sqrt(half * _warningLog) ? StreamSignal.None : gap >= Math.Sqrt(half * _driftLog) ? StreamSignal.Drift : StreamSignal.Warning;
    }

    /// <summary>The first values of the stream: how many, their mean, and the mean with its margin added or taken away.</summary>
    private readonly record struct Prefix(double Count, double Mean, double Bound)
    {
        public static Prefix None(double bound) => new(0, 0, bound);

        public static Prefix Read(ref StateReader state, long most) =>
            new(state.Long(0, most), state.Double(0, 1), state.Double(double.NegativeInfinity, double.PositiveInfinity));

        public void Write(StateWriter writer)
        {
            writer.Write((long)Count);
            writer.Write(Mean);
            writer.Write(Bound);
        }
    }
}
