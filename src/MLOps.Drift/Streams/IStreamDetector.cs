namespace MLOps.Drift.Streams;

/// <summary>Watches one stream of numbers, value by value, and says when it changed.</summary>
/// <remarks>
/// <code>
/// StreamDetector detector = new Ddm();
/// if (detector.Add(predicted == actual ? 0 : 1) == StreamSignal.Drift)
///     Retrain();
/// </code>
/// After a drift the detector starts afresh with the next value; until then its properties show what raised the alarm. Data never raise an exception:
/// a value that the detector cannot take leaves it as it was and is counted in <see cref="Ignored"/>. One detector watches one stream and is not safe for use by two threads at once.
/// </remarks>
public interface IStreamDetector
{
    /// <summary>What the last value that was taken gave; <see cref="StreamSignal.None"/> before the first.</summary>
    StreamSignal Signal { get; }

    /// <summary>How many values were taken since the detector was made, was reset, or started afresh after a drift; the value that gave the drift is counted.</summary>
    long Count { get; }

    /// <summary>How many values were not taken since the detector was made or reset: missing ones (NaN), and those outside the range that the detector documents.</summary>
    long Ignored { get; }

    /// <summary>Takes the next value.</summary>
    /// <param name="value">The value; NaN is missing.</param>
    /// <returns>What it gives; <see cref="StreamSignal.None"/> when it was ignored.</returns>
    StreamSignal Add(double value);

    /// <summary>Takes values up to the first that gives a signal, in the order given, as <see cref="Add"/> would one by one.</summary>
    /// <param name="signal">The signal to stop at: <see cref="StreamSignal.Warning"/> stops at warnings and drifts, <see cref="StreamSignal.Drift"/> at drifts.</param>
    /// <param name="values">The next values of the stream.</param>
    /// <returns>The index of the value that gave the signal, which is in <see cref="Signal"/>, the values behind it not being taken; −1 when all were taken and none gave it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The signal is neither a warning nor a drift.</exception>
    /// <remarks>
    /// All drifts of a block of values:
    /// <code>
    /// for (int from = 0, at; (at = detector.AddUntil(StreamSignal.Drift, values[from..])) >= 0; from += at + 1)
    ///     Report(from + at);
    /// </code>
    /// </remarks>
    int AddUntil(StreamSignal signal, ReadOnlySpan<double> values);

    /// <summary>Forgets everything but the parameters: the detector is as if new.</summary>
    void Reset();

    /// <summary>Writes down parameters and state, so that a detector restored from it goes on as this one would.</summary>
    /// <returns>The state, compact and with a checksum.</returns>
    byte[] Save();
}
