using System.Runtime.CompilerServices;

namespace MLOps.Drift.Streams;

/// <summary>What the detectors of this namespace share: their counts, and how their state is saved and restored.</summary>
/// <remarks>
/// The rules are those of the River library, whose defaults they also have; where River resets a detector with the sample after an alarm, so do these.
/// No value costs an allocation. Not safe for use by two threads at once.
/// </remarks>
public abstract class StreamDetector : IStreamDetector
{
    /// <summary>Squares of larger values would overflow in sums, and one of them would deafen a detector for good.</summary>
    private protected const double Largest = 1e100;

    private protected long _count;
    private protected StreamSignal _signal;
    private long _ignored;

    // Only the detectors of this namespace can be saved and restored; another implements the interface.
    private protected StreamDetector()
    {
    }

    /// <inheritdoc/>
    public StreamSignal Signal => _signal;

    /// <inheritdoc/>
    public long Count => _count;

    /// <inheritdoc/>
    public long Ignored => _ignored;

    private protected abstract DetectorKind Kind { get; }

    /// <summary>Makes a detector of whichever kind a state is of.</summary>
    /// <param name="state">What <see cref="Save"/> wrote.</param>
    /// <returns>A detector with the parameters and the state of the saved one.</returns>
    /// <exception cref="DetectorStateException">The state is damaged, not a detector's, or written by a newer version.</exception>
    public static StreamDetector Restore(ReadOnlySpan<byte> state)
    {
        StateReader reader = StateReader.Open(state);
        try
        {
            StreamDetector detector = reader.Kind switch
            {
                DetectorKind.Ddm => new Ddm(ref reader),
                DetectorKind.Eddm => new Eddm(ref reader),
                DetectorKind.HddmA => new HddmA(ref reader),
                DetectorKind.HddmW => new HddmW(ref reader),
                DetectorKind.Fhddm => new Fhddm(ref reader),
                DetectorKind.Adwin => new Adwin(ref reader),
                DetectorKind.PageHinkley => new PageHinkley(ref reader),
                DetectorKind.Cusum => new Cusum(ref reader),
                DetectorKind.Ewma => new Ewma(ref reader),
                DetectorKind.Kswin => new Kswin(ref reader),
                _ => throw DetectorStateException.Foreign($"it names a detector ({(byte)reader.Kind}) that this version does not know"),
            };
            reader.End();
            return detector;
        }
        catch (ArgumentException impossible)
        {
            // The same guards as in the constructors: a checksum does not tell who computed it.
            throw DetectorStateException.Damaged("it holds parameters that no detector takes", impossible);
        }
    }

    /// <summary>Makes a detector of one kind.</summary>
    /// <typeparam name="TDetector">The kind that was saved.</typeparam>
    /// <param name="state">What <see cref="Save"/> wrote.</param>
    /// <returns>A detector with the parameters and the state of the saved one.</returns>
    /// <exception cref="DetectorStateException">The state is damaged, of another kind, not a detector's, or written by a newer version.</exception>
    public static TDetector Restore<TDetector>(ReadOnlySpan<byte> state)
        where TDetector : StreamDetector
    {
        StreamDetector detector = Restore(state);
        return detector as TDetector
            ?? throw DetectorStateException.Foreign($"it was saved by {detector.GetType().Name}, not by {typeof(TDetector).Name}");
    }

    /// <inheritdoc/>
    public abstract StreamSignal Add(double value);

    /// <inheritdoc/>
    public int AddUntil(StreamSignal signal, ReadOnlySpan<double> values)
    {
        if (signal is not (StreamSignal.Warning or StreamSignal.Drift))
            throw new ArgumentOutOfRangeException(nameof(signal), signal, "Values are added until a warning or a drift.");
        for (int i = 0; i < values.Length; i++)
        {
            if (Add(values[i]) >= signal)
                return i;
        }

        return -1;
    }

    /// <inheritdoc/>
    public virtual void Reset()
    {
        Restart();
        _ignored = 0;
    }

    /// <inheritdoc/>
    public byte[] Save()
    {
        StateWriter writer = new(Kind);
        WriteParameters(writer);
        writer.Write(_count);
        writer.Write(_ignored);
        writer.Write((int)_signal);
        WriteState(writer);
        return writer.Finish();
    }

    private protected abstract void WriteParameters(StateWriter writer);

    private protected abstract void WriteState(StateWriter writer);

    /// <summary>Forgets the values: what a detector does with the first value after a drift.</summary>
    private protected abstract void Clear();

    private protected void Restart()
    {
        _count = 0;
        _signal = StreamSignal.None;
        Clear();
    }

    private protected void ReadCounts(ref StateReader reader)
    {
        _count = reader.Count();
        _ignored = reader.Count();
        _signal = (StreamSignal)reader.Int(0, (int)StreamSignal.Drift);
    }

    private protected StreamSignal Ignore()
    {
        _ignored++;
        return StreamSignal.None;
    }

    private protected static double Positive(double value, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        value > 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, "A finite number above 0 is needed.");

    private protected static double NotNegative(double value, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, "A finite number of 0 or more is needed.");

    private protected static double Share(double value, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        value is > 0 and < 1 ? value : throw new ArgumentOutOfRangeException(name, value, "A number between 0 and 1 is needed, both excluded.");

    private protected static int Within(int value, int least, int most, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        value >= least && value <= most ? value : throw new ArgumentOutOfRangeException(name, value, $"A number from {least} to {most} is needed.");

    private protected static ChangeDirection Known(ChangeDirection value, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        value is ChangeDirection.Both or ChangeDirection.Up or ChangeDirection.Down ? value : throw new ArgumentOutOfRangeException(name, value, "Not a direction.");
}
