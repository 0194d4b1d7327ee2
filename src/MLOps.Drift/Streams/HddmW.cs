namespace MLOps.Drift.Streams;

/// <summary>Drift detection by McDiarmid's bound on weighted averages (HDDM_W): alarms when a fading mean of the errors is above its best stretch by more than chance allows.</summary>
/// <remarks>
/// <para>Takes values from 0 to 1, usually errors: 1 where the model was wrong, 0 where it was right. Values outside [0, 1] and NaN are ignored and counted.</para>
/// <para>
/// z ← λx + (1 − λ)z begins with the first value; b ← λ² + (1 − λ)²b begins with 1 and is the sum of its squared weights. Where z + √(b·ln(1/δ)/2) is least, z is kept as z₁ and a second mean z₂ begins with the
/// next value; an alarm is z₂ − z₁ &gt; √((b₁ + b₂)·ln(1/δ)/2). Two-sided, the mirror image for falls is watched as well. Finds slow changes that <see cref="HddmA"/> averages away.
/// </para>
/// <para>
/// Time and memory are constant. Not safe for use by two threads at once.
/// Source: Frías-Blanco et al. (2015), Online and non-parametric drift detection methods based on Hoeffding's bounds, IEEE TKDE 27(3), 810–823.
/// Agrees with River on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json.
/// </para>
/// </remarks>
public sealed class HddmW : StreamDetector
{
    private readonly double _driftLog;
    private readonly double _warningLog;
    private readonly double _keep;
    private readonly double _newShare;
    private readonly double _keptShare;
    private FadingMean _total = FadingMean.Empty;
    private Cut _rise = new(double.PositiveInfinity);
    private Cut _fall = new(double.PositiveInfinity);

    /// <summary>Makes a detector.</summary>
    /// <param name="driftConfidence">See <see cref="DriftConfidence"/>.</param>
    /// <param name="warningConfidence">See <see cref="WarningConfidence"/>.</param>
    /// <param name="lambda">See <see cref="Lambda"/>.</param>
    /// <param name="twoSided">See <see cref="TwoSided"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public HddmW(double driftConfidence = 0.001, double warningConfidence = 0.005, double lambda = 0.05, bool twoSided = false)
    {
        DriftConfidence = Share(driftConfidence);
        WarningConfidence = Share(warningConfidence);
        ArgumentOutOfRangeException.ThrowIfLessThan(warningConfidence, driftConfidence);
        Lambda = Share(lambda);
        TwoSided = twoSided;
        _driftLog = Math.Log(1 / driftConfidence);
        _warningLog = Math.Log(1 / warningConfidence);
        _keep = 1 - lambda;
        _newShare = lambda * lambda;
        _keptShare = _keep * _keep;
    }

    internal HddmW(ref StateReader state)
        : this(state.Double(), state.Double(), state.Double(), state.Bool())
    {
        ReadCounts(ref state);
        _total = FadingMean.Read(ref state);
        _rise = Cut.Read(ref state);
        _fall = Cut.Read(ref state);
    }

    /// <summary>δ of a drift: the probability allowed to a false one at each test.</summary>
    /// <value>Default 0.001; between 0 and 1, both excluded.</value>
    public double DriftConfidence { get; }

    /// <summary>δ of a warning.</summary>
    /// <value>Default 0.005; <see cref="DriftConfidence"/> or more, below 1.</value>
    public double WarningConfidence { get; }

    /// <summary>The weight of the newest value.</summary>
    /// <value>Default 0.05; between 0 and 1, both excluded.</value>
    public double Lambda { get; }

    /// <summary>Whether falls are signalled as well as rises.</summary>
    /// <value>Default false.</value>
    public bool TwoSided { get; }

    private protected override DetectorKind Kind => DetectorKind.HddmW;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (!(value is >= 0 and <= 1))
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        _count++;
        Add(ref _total, value);
        double margin = Math.Sqrt(_total.Weight * _driftLog / 2);
        StreamSignal signal = Test(ref _rise, _total.Mean + margin, value, 1);
        if (TwoSided)
        {
            StreamSignal fall = Test(ref _fall, margin - _total.Mean, value, -1);
            signal = fall > signal ? fall : signal;
        }

        return _signal = signal;
    }

    private protected override void Clear()
    {
        _total = FadingMean.Empty;
        _rise = _fall = new Cut(double.PositiveInfinity);
    }

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(DriftConfidence);
        writer.Write(WarningConfidence);
        writer.Write(Lambda);
        writer.Write(TwoSided);
    }

    private protected override void WriteState(StateWriter writer)
    {
        _total.Write(writer);
        _rise.Write(writer);
        _fall.Write(writer);
    }

    private void Add(ref FadingMean mean, double value)
    {
        mean.Mean = mean.Any ? (Lambda * value) + (_keep * mean.Mean) : value;
        mean.Any = true;
        mean.Weight = _newShare + (_keptShare * mean.Weight);
    }

    /// <summary>Moves the cut to the newest value if the stream's best stretch ends there, and otherwise compares what came after it; a fall is a rise with the signs changed.</summary>
    private StreamSignal Test(ref Cut cut, double bound, double value, double sign)
    {
        if (bound < cut.Bound)
        {
            cut = new Cut(bound) { Before = _total };
            return StreamSignal.None;
        }

        Add(ref cut.After, value);
        double gap = sign * (cut.After.Mean - cut.Before.Mean), weight = cut.Before.Weight + cut.After.Weight;
        return gap > Math.Sqrt(weight * _driftLog / 2) ? StreamSignal.Drift
            : gap > Math.Sqrt(weight * _warningLog / 2) ? StreamSignal.Warning
            : StreamSignal.None;
    }

    private struct FadingMean
    {
        public double Mean;
        public double Weight;
        public bool Any;

        public static FadingMean Empty => new() { Weight = 1 };

        public static FadingMean Read(ref StateReader state) => new() { Mean = state.Double(0, 1), Weight = state.Double(0, 1), Any = state.Bool() };

        public readonly void Write(StateWriter writer)
        {
            writer.Write(Mean);
            writer.Write(Weight);
            writer.Write(Any);
        }
    }

    /// <summary>Where the best stretch ended: its bound, the mean up to there, and the mean since.</summary>
    private struct Cut(double bound)
    {
        public double Bound = bound;
        public FadingMean Before = FadingMean.Empty;
        public FadingMean After = FadingMean.Empty;

        public static Cut Read(ref StateReader state) =>
            new(state.Double(double.NegativeInfinity, double.PositiveInfinity)) { Before = FadingMean.Read(ref state), After = FadingMean.Read(ref state) };

        public readonly void Write(StateWriter writer)
        {
            writer.Write(Bound);
            Before.Write(writer);
            After.Write(writer);
        }
    }
}
