using System.Numerics;

namespace MLOps.Drift.Streams;

/// <summary>Fast Hoeffding drift detection method (FHDDM): alarms when the share of right answers in a sliding window falls below its best by more than Hoeffding's bound.</summary>
/// <remarks>
/// <para>
/// Takes right answers, not errors: 1 where the model was right, 0 where it was wrong. It sees falls of the share of ones; fed with errors it would alarm when the model improves. Any other value and NaN are ignored and counted.
/// </para>
/// <para>
/// With u the share of ones among the last w values and u_max the largest since the restart, a drift is u_max − u &gt; √(ln(1/δ)/2w). There are no warnings, and no signals until the window is full.
/// </para>
/// <para>
/// Time is constant, memory w bits. Not safe for use by two threads at once.
/// Source: Pesaranghader, Viktor (2016), Fast Hoeffding drift detection method for evolving data streams, ECML PKDD, LNAI 9852, 96–111.
/// Agrees with River on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json.
/// </para>
/// </remarks>
public sealed class Fhddm : StreamDetector
{
    private const int LargestWindow = 1_000_000;

    private readonly double _epsilon;
    private readonly ulong[] _window;
    private int _at;
    private int _ones;
    private double _best;

    /// <summary>Makes a detector.</summary>
    /// <param name="windowSize">See <see cref="WindowSize"/>.</param>
    /// <param name="confidence">See <see cref="Confidence"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public Fhddm(int windowSize = 100, double confidence = 1e-6)
    {
        WindowSize = Within(windowSize, 1, LargestWindow);
        Confidence = Share(confidence);
        _epsilon = Math.Sqrt(Math.Log(1 / confidence) / (2 * windowSize));
        _window = new ulong[((windowSize - 1) / 64) + 1];
    }

    internal Fhddm(ref StateReader state)
        : this(state.Int(), state.Double())
    {
        ReadCounts(ref state);
        _best = state.Double(0, 1);
        long filled = Math.Min(_count, WindowSize);
        for (int i = 0; i < _window.Length; i++, filled -= 64)
        {
            _window[i] = (ulong)state.Long();
            _ones += BitOperations.PopCount(_window[i]);
            if (filled < 64 && (_window[i] >> (int)Math.Max(filled, 0)) != 0)
                throw DetectorStateException.Damaged("its window holds ones where no value was");
        }

        _at = (int)(_count % WindowSize);
    }

    /// <summary>w, how many values the window holds.</summary>
    /// <value>Default 100; 1 to 1,000,000.</value>
    public int WindowSize { get; }

    /// <summary>δ, the probability allowed to a false drift at each test.</summary>
    /// <value>Default 0.000001; between 0 and 1, both excluded.</value>
    public double Confidence { get; }

    private protected override DetectorKind Kind => DetectorKind.Fhddm;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (value != 0 && value != 1)
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        _count++;
        ulong bit = 1UL << (_at & 63);
        ref ulong word = ref _window[_at >> 6];
        _ones -= (word & bit) != 0 ? 1 : 0;
        if (value == 1)
        {
            word |= bit;
            _ones++;
        }
        else
        {
            word &= ~bit;
        }

        if (++_at == WindowSize)
            _at = 0;
        if (_count < WindowSize)
            return StreamSignal.None;

        double share = (double)_ones / WindowSize;
        _best = Math.Max(_best, share);
        return _signal = _best - share > _epsilon ? StreamSignal.Drift : StreamSignal.None;
    }

    private protected override void Clear()
    {
        _window.AsSpan().Clear();
        _at = _ones = 0;
        _best = 0;
    }

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(WindowSize);
        writer.Write(Confidence);
    }

    private protected override void WriteState(StateWriter writer)
    {
        writer.Write(_best);
        foreach (ulong word in _window)
            writer.Write((long)word);
    }
}
