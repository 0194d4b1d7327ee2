namespace MLOps.Drift.Streams;

/// <summary>Kolmogorov–Smirnov windowing (KSWIN): alarms when the newest values of a sliding window are distributed otherwise than older ones of it.</summary>
/// <remarks>
/// <para>Takes any numbers; it uses their order alone, so infinities are values and the unit does not matter. NaN is ignored and counted. Sees changes of shape and spread that leave the mean as it was.</para>
/// <para>
/// When the window is full, its newest r values are compared with r of the others; a drift is an exact two-sided p ≤ α with D &gt; 0.1. There are no warnings.
/// A test follows each value and α is allowed to each test, so a stable stream alarms every few hundred values at the default; a smaller α is calmer.
/// After a drift <see cref="StreamDetector.Count"/> begins anew, but the newest r values stay as the begin of the next window, as in the paper; River forgets them.
/// </para>
/// <para>
/// Time for a value and memory: the window's length. Not safe for use by two threads at once.
/// Source: Raab, Heusinger, Schleif (2020), Reactive soft prototype computing for concept drift streams, Neurocomputing 416, 340–351; the exact p of equal sizes: Gnedenko, Korolyuk (1951), Dokl. Akad. Nauk SSSR 80, 525–528.
/// Agrees with scipy.stats.ks_2samp 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json; the draws are repeatable, but not those of River.
/// </para>
/// </remarks>
public sealed class Kswin : StreamDetector
{
    private const int LargestWindow = 100_000;
    private const double LeastDistance = 0.1;
    private const int NoTest = -1;

    private readonly int _criticalSteps;

    // A ring of values, and for each of its slots the step of a walk along the sorted window: +1 for the newest, −1 for those compared with them. D is the walk's farthest point.
    private readonly double[] _window;
    private readonly sbyte[] _steps;
    private readonly double[] _sorted;
    private readonly int[] _slots;
    private SplitMix64 _generator;
    private int _filled;
    private int _at;
    private int _farthest = NoTest;

    /// <summary>Makes a detector.</summary>
    /// <param name="alpha">See <see cref="Alpha"/>.</param>
    /// <param name="windowSize">See <see cref="WindowSize"/>.</param>
    /// <param name="newestSize">See <see cref="NewestSize"/>.</param>
    /// <param name="sampling">See <see cref="Sampling"/>.</param>
    /// <param name="seed">See <see cref="Seed"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public Kswin(double alpha = 0.005, int windowSize = 100, int newestSize = 30, KswinSampling sampling = KswinSampling.Random, int seed = 1)
    {
        Alpha = Share(alpha);
        WindowSize = Within(windowSize, 2, LargestWindow);
        NewestSize = Within(newestSize, 1, windowSize / 2);
        Sampling = sampling is KswinSampling.Random or KswinSampling.Oldest ? sampling : throw new ArgumentOutOfRangeException(nameof(sampling), sampling, "Not a way to sample.");
        Seed = seed;
        _generator = new SplitMix64((ulong)seed);
        _criticalSteps = CriticalSteps(newestSize, alpha);
        _window = new double[windowSize];
        _steps = new sbyte[windowSize];
        _sorted = new double[windowSize];
        _slots = new int[windowSize];
    }

    internal Kswin(ref StateReader state)
        : this(state.Double(), state.Int(), state.Int(), (KswinSampling)state.Int(), state.Int())
    {
        ReadCounts(ref state);
        _generator = new SplitMix64((ulong)state.Long());
        _farthest = state.Int(NoTest, NewestSize);
        int filled = state.Int(0, WindowSize);
        for (int i = 0; i < filled; i++)
            Insert(state.Double(double.NegativeInfinity, double.PositiveInfinity));
    }

    /// <summary>α, the largest p-value that is a drift.</summary>
    /// <value>Default 0.005; between 0 and 1, both excluded.</value>
    public double Alpha { get; }

    /// <summary>How many values the window holds.</summary>
    /// <value>Default 100; 2 to 100,000.</value>
    public int WindowSize { get; }

    /// <summary>r, how many of the newest values are compared with as many older ones.</summary>
    /// <value>Default 30; 1 to half of the window. No drift is ever found where even D = 1 has a p above α.</value>
    public int NewestSize { get; }

    /// <summary>Which of the older values are compared.</summary>
    /// <value>Default <see cref="KswinSampling.Random"/>.</value>
    public KswinSampling Sampling { get; }

    /// <summary>Where the draws begin; the same seed and stream give the same signals.</summary>
    /// <value>Default 1.</value>
    public int Seed { get; }

    /// <summary>D of the last test, the largest gap between the two distribution functions, 0 to 1; NaN when the last value was followed by none.</summary>
    public double Distance => _farthest == NoTest ? double.NaN : (double)_farthest / NewestSize;

    /// <summary>The exact two-sided p of the last test; NaN when the last value was followed by none. Computed when asked for, in time r.</summary>
    public double PValue => _farthest == NoTest ? double.NaN : TwoSidedP(NewestSize, _farthest);

    private protected override DetectorKind Kind => DetectorKind.Kswin;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (double.IsNaN(value))
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        _count++;
        Insert(value);
        if (_filled < WindowSize)
        {
            _farthest = NoTest;
            return StreamSignal.None;
        }

        ChooseOlder();
        _farthest = WalkFarthest();
        return _signal = _farthest >= _criticalSteps ? StreamSignal.Drift : StreamSignal.None;
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        _filled = 0;
        _generator = new SplitMix64((ulong)Seed);
        base.Reset();
    }

    /// <summary>The exact P(D ≥ steps/n) of two samples of n values: 2·Σ (−1)^(k−1)·C(2n, n − k·steps)/C(2n, n), as a nested product of ratios, in which nothing overflows or cancels.</summary>
    internal static double TwoSidedP(int n, int steps)
    {
        if (steps == 0)
            return 1;
        double nested = 0;
        for (int k = (n / steps) - 1; k >= 0; k--)
        {
            double ratio = 1;
            for (int j = 0; j < steps; j++)
                ratio *= (double)(n - (k * steps) - j) / (n + (k * steps) + j + 1);
            nested = ratio * (1 - nested);
        }

        return 2 * nested;
    }

    private protected override void Clear()
    {
        _farthest = NoTest;
        if (_filled <= NewestSize)
            return;
        int kept = 0;
        for (int i = 0; i < _filled; i++)
        {
            int age = _at - 1 - _slots[i];
            if ((age < 0 ? age + WindowSize : age) >= NewestSize)
                continue;
            _sorted[kept] = _sorted[i];
            _slots[kept++] = _slots[i];
        }

        _filled = kept;
    }

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(Alpha);
        writer.Write(WindowSize);
        writer.Write(NewestSize);
        writer.Write((int)Sampling);
        writer.Write(Seed);
    }

    private protected override void WriteState(StateWriter writer)
    {
        writer.Write((long)_generator.State);
        writer.Write(_farthest);
        writer.Write(_filled);
        for (int i = _filled; i > 0; i--)
            writer.Write(_window[(_at - i + WindowSize) % WindowSize]);
    }

    /// <summary>The fewest steps of the walk that are a drift: with them known, no p-value is computed for a value.</summary>
    private static int CriticalSteps(int n, double alpha)
    {
        int below = 0, from = n + 1;
        while (from - below > 1)
        {
            int middle = (below + from) / 2;
            if (TwoSidedP(n, middle) <= alpha && (double)middle / n > LeastDistance)
                from = middle;
            else
                below = middle;
        }

        return from;
    }

    /// <summary>Puts a value into the ring, in place of the oldest when it is full, and into the sorted window, moving what lies between the two places.</summary>
    private void Insert(double value)
    {
        int from = _filled == WindowSize ? _slots.AsSpan().IndexOf(_at) : _filled;
        int to = _sorted.AsSpan(0, _filled).BinarySearch(value);
        to = to < 0 ? ~to : to;
        if (from < to)
        {
            to--;
            Move(from + 1, from, to - from);
        }
        else
        {
            Move(to, to + 1, from - to);
        }

        _sorted[to] = _window[_at] = value;
        _slots[to] = _at;
        _steps[_at] = 1;
        if (_filled < WindowSize)
            _filled++;
        if (++_at == WindowSize)
            _at = 0;
    }

    private void Move(int from, int to, int count)
    {
        _sorted.AsSpan(from, count).CopyTo(_sorted.AsSpan(to));
        _slots.AsSpan(from, count).CopyTo(_slots.AsSpan(to));
    }

    private void ChooseOlder()
    {
        int older = WindowSize - NewestSize, toEnd = Math.Min(older, WindowSize - _at);
        _steps.AsSpan(_at, toEnd).Clear();
        _steps.AsSpan(0, older - toEnd).Clear();
        if (Sampling == KswinSampling.Oldest)
        {
            for (int i = 0; i < NewestSize; i++)
                StepOfOlder(i) = -1;
            return;
        }

        // Floyd's draw without replacement: one number for each value drawn, and no memory but the marks.
        for (int i = older - NewestSize; i < older; i++)
        {
            ref sbyte drawn = ref StepOfOlder(_generator.Below(i + 1));
            if (drawn == 0)
                drawn = -1;
            else
                StepOfOlder(i) = -1;
        }
    }

    private ref sbyte StepOfOlder(int place)
    {
        int slot = _at + place;
        return ref _steps[slot < WindowSize ? slot : slot - WindowSize];
    }

    private int WalkFarthest()
    {
        int walk = 0, farthest = 0;
        ReadOnlySpan<double> sorted = _sorted;
        ReadOnlySpan<int> slots = _slots.AsSpan(0, sorted.Length);
        for (int i = 0; i < sorted.Length; i++)
        {
            walk += _steps[slots[i]];

            // Ties are one point of both distribution functions.
            if (i + 1 == sorted.Length || sorted[i + 1] != sorted[i])
                farthest = Math.Max(farthest, Math.Abs(walk));
        }

        return farthest;
    }
}
