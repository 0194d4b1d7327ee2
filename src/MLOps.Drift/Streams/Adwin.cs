namespace MLOps.Drift.Streams;

/// <summary>Adaptive windowing (ADWIN): keeps the longest window of recent values whose mean did not change, and alarms when an older part of it differs from the newer.</summary>
/// <remarks>
/// <para>Takes any numbers of magnitude up to 1e100; larger ones, infinities and NaN are ignored and counted. The bound is made for values that span about 1: scale others to it.
/// A huge outlier in a long window is a drift; in one of a few hundred values it stays in the variance and hides later changes: clip values, or reset.</para>
/// <para>
/// The window is an exponential histogram: buckets of 1, 2, 4, … values, a few of each size, with their sums and squared deviations. At every <see cref="Clock"/>-th value each border between buckets is tried
/// as a cut into n₀ older and n₁ newer values: with m = 1/(n₀ − l + 1) + 1/(n₁ − l + 1), V the window's variance, W its length, l the <see cref="MinWindow"/> and d = ln(2·ln W/δ),
/// a drift is |mean₀ − mean₁| &gt; √(2mVd) + ⅔md. The oldest bucket is then dropped, until no cut differs: what remains is the new regime, in <see cref="Width"/> and <see cref="Mean"/>
/// until the next value starts the detector afresh, as River does. There are no warnings.
/// </para>
/// <para>
/// All buckets are tried, as in MOA and in River since its pull request 1613; River up to 0.21 leaves out the last of each size and finds some changes one check later.
/// Time is constant for a value and log W for a check, memory log W. Not safe for use by two threads at once.
/// Source: Bifet, Gavaldà (2007), Learning from time-changing data with adaptive windowing, SIAM SDM, 443–448. Agrees with River on tests/MLOps.Drift.Tests/Vectors/cases/streaming.json.
/// </para>
/// </remarks>
public sealed class Adwin : StreamDetector
{
    private const int MostBuckets = 1000;

    // Row r holds buckets of 2^r values: these hold billions of values before the arrays grow.
    private const int RowsAtFirst = 32;
    private const int MostRows = 54;

    private readonly int _capacity;
    private Bucket[] _buckets;
    private int[] _used;
    private int _rows = 1;
    private int _untilCheck;
    private double _width;
    private double _sum;
    private double _squares;

    /// <summary>Makes a detector.</summary>
    /// <param name="delta">See <see cref="Delta"/>.</param>
    /// <param name="clock">See <see cref="Clock"/>.</param>
    /// <param name="maxBuckets">See <see cref="MaxBuckets"/>.</param>
    /// <param name="minWindow">See <see cref="MinWindow"/>.</param>
    /// <param name="gracePeriod">See <see cref="GracePeriod"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public Adwin(double delta = 0.002, int clock = 32, int maxBuckets = 5, int minWindow = 5, int gracePeriod = 10)
    {
        Delta = Share(delta);
        Clock = Within(clock, 1, int.MaxValue);
        MaxBuckets = Within(maxBuckets, 1, MostBuckets);
        MinWindow = Within(minWindow, 1, int.MaxValue);
        GracePeriod = Within(gracePeriod, 0, int.MaxValue);
        _capacity = maxBuckets + 1;
        _buckets = new Bucket[RowsAtFirst * _capacity];
        _used = new int[RowsAtFirst];
        _untilCheck = clock;
    }

    internal Adwin(ref StateReader state)
        : this(state.Double(), state.Int(), state.Int(), state.Int(), state.Int())
    {
        ReadCounts(ref state);
        _untilCheck = state.Int(1, Clock);
        _sum = state.Double(double.MinValue, double.MaxValue);
        _squares = state.Double(double.MinValue, double.MaxValue);
        _rows = state.Int(1, MostRows);
        if (_rows > RowsAtFirst)
            Grow(_rows);
        for (int row = 0; row < _rows; row++)
        {
            _used[row] = state.Int(0, MaxBuckets);
            _width += _used[row] * SizeOf(row);
            foreach (ref Bucket bucket in Row(row))
                bucket = new Bucket(state.Double(double.MinValue, double.MaxValue), state.Double(0, double.MaxValue));
        }

        if (_rows > 1 && _used[_rows - 1] == 0)
            throw DetectorStateException.Damaged("its longest row of buckets is empty");
    }

    /// <summary>δ, the probability allowed to a false drift: smaller is calmer.</summary>
    /// <value>Default 0.002; between 0 and 1, both excluded.</value>
    public double Delta { get; }

    /// <summary>At every how many values the window is checked: 1 finds changes soonest and costs most.</summary>
    /// <value>Default 32; 1 or more.</value>
    public int Clock { get; }

    /// <summary>How many buckets of each size are kept before two are merged: more give finer cuts for more memory and time.</summary>
    /// <value>Default 5; 1 to 1000.</value>
    public int MaxBuckets { get; }

    /// <summary>The least length of either part of a cut.</summary>
    /// <value>Default 5; 1 or more.</value>
    public int MinWindow { get; }

    /// <summary>Up to which length the window is not checked.</summary>
    /// <value>Default 10; 0 or more.</value>
    public int GracePeriod { get; }

    /// <summary>How many values the window holds.</summary>
    public long Width => (long)_width;

    /// <summary>The mean of the window; NaN when it is empty.</summary>
    public double Mean => _sum / _width;

    private protected override DetectorKind Kind => DetectorKind.Adwin;

    /// <inheritdoc/>
    public override StreamSignal Add(double value)
    {
        if (!(Math.Abs(value) <= Largest))
            return Ignore();
        if (_signal == StreamSignal.Drift)
            Restart();
        _count++;
        Insert(value);
        if (--_untilCheck != 0)
            return StreamSignal.None;
        _untilCheck = Clock;
        return _signal = DropOldRegime() ? StreamSignal.Drift : StreamSignal.None;
    }

    private protected override void Clear()
    {
        _used.AsSpan().Clear();
        _rows = 1;
        _untilCheck = Clock;
        _width = _sum = _squares = 0;
    }

    private protected override void WriteParameters(StateWriter writer)
    {
        writer.Write(Delta);
        writer.Write(Clock);
        writer.Write(MaxBuckets);
        writer.Write(MinWindow);
        writer.Write(GracePeriod);
    }

    private protected override void WriteState(StateWriter writer)
    {
        writer.Write(_untilCheck);
        writer.Write(_sum);
        writer.Write(_squares);
        writer.Write(_rows);
        for (int row = 0; row < _rows; row++)
        {
            writer.Write(_used[row]);
            foreach (Bucket bucket in Row(row))
            {
                writer.Write(bucket.Sum);
                writer.Write(bucket.Squares);
            }
        }
    }

    private static double SizeOf(int row) => 1L << row;

    /// <summary>The buckets of a row, the oldest first.</summary>
    private Span<Bucket> Row(int row) => _buckets.AsSpan(row * _capacity, _used[row]);

    private void Insert(double value)
    {
        if (_width > 0)
        {
            double difference = value - (_sum / _width);
            _squares += _width * difference * difference / (_width + 1);
        }

        _width++;
        _sum += value;
        _buckets[_used[0]] = new Bucket(value, 0);
        _used[0]++;
        for (int row = 0; _used[row] == _capacity; row++)
            MergeOldest(row);
    }

    private void MergeOldest(int row)
    {
        if (row + 1 == _used.Length)
            Grow(row + 9);
        Span<Bucket> buckets = Row(row);
        double size = SizeOf(row), difference = (buckets[0].Sum / size) - (buckets[1].Sum / size);
        _buckets[((row + 1) * _capacity) + _used[row + 1]] = new Bucket(
            buckets[0].Sum + buckets[1].Sum,
            buckets[0].Squares + buckets[1].Squares + (size * difference * difference / 2));
        _used[row + 1]++;
        _rows = Math.Max(_rows, row + 2);
        buckets[2..].CopyTo(buckets);
        _used[row] -= 2;
    }

    private void Grow(int rows)
    {
        Array.Resize(ref _buckets, rows * _capacity);
        Array.Resize(ref _used, rows);
    }

    private bool DropOldRegime()
    {
        if (_width <= GracePeriod)
            return false;
        bool dropped = false;
        while (HasCut())
        {
            DropOldest();
            dropped = true;
        }

        return dropped;
    }

    private bool HasCut()
    {
        double log = Math.Log(2 * Math.Log(_width) / Delta), spread = 2 * Math.Max(_squares, 0) / _width * log, range = 2.0 / 3 * log;
        double older = 0, newer = _width, olderSum = 0, newerSum = _sum, shortest = MinWindow;
        for (int row = _rows - 1; row >= 0; row--)
        {
            double size = SizeOf(row);
            foreach (Bucket bucket in Row(row))
            {
                older += size;
                newer -= size;
                olderSum += bucket.Sum;
                newerSum -= bucket.Sum;
                if (newer < shortest)
                    return false;
                if (older < shortest)
                    continue;
                double m = (1 / (older - shortest + 1)) + (1 / (newer - shortest + 1));
                if (Math.Abs((olderSum / older) - (newerSum / newer)) > Math.Sqrt(m * spread) + (m * range))
                    return true;
            }
        }

        return false;
    }

    private void DropOldest()
    {
        int row = _rows - 1;
        Span<Bucket> buckets = Row(row);
        double size = SizeOf(row), sum = buckets[0].Sum, squares = buckets[0].Squares;
        _width -= size;
        _sum -= sum;
        double difference = (sum / size) - (_sum / _width);
        _squares -= squares + (size * _width * difference * difference / (size + _width));
        buckets[1..].CopyTo(buckets);
        _used[row]--;

        // With one bucket of a size, rows below the longest can be empty as well.
        while (_rows > 1 && _used[_rows - 1] == 0)
            _rows--;
    }

    private readonly record struct Bucket(double Sum, double Squares);
}
