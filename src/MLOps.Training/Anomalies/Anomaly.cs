using System.Globalization;

namespace MLOps.Training;

/// <summary>A loss or a gradient that is NaN or infinite, as <see cref="AnomalyDetection"/> found it.</summary>
public sealed record Anomaly
{
    private const int MostShown = 3;

    internal Anomaly() { }

    /// <summary>Optimizer steps taken before.</summary>
    public required long Step { get; init; }

    /// <summary>The epoch of the batch, from 0.</summary>
    public required int Epoch { get; init; }

    /// <summary>The place of the batch in its epoch, from 0. When batches are put off, the first of the step in which the anomaly was seen.</summary>
    public required long Batch { get; init; }

    /// <summary>The loss of that batch, which may be finite, as the loss function returned it.</summary>
    public required double Loss { get; init; }

    /// <summary>How many steps in a row were anomalous, this one included: 1 or more.</summary>
    public required int Consecutive { get; init; }

    /// <summary>The tensors that are not finite, in the order of the model: gradients after a backward pass; when the loss itself is not finite, the parameters and buffers of the module, before it.</summary>
    public required IReadOnlyList<AnomalousTensor> Tensors { get; init; }

    /// <summary>All of this in one line, with what to look at.</summary>
    public override string ToString()
    {
        string place = string.Create(CultureInfo.InvariantCulture, $"Step {Step} (epoch {Epoch}, batch {Batch}): ");
        string run = Consecutive > 1 ? string.Create(CultureInfo.InvariantCulture, $" That makes {Consecutive} such steps in a row.") : "";
        return place + (double.IsFinite(Loss)
            ? $"{Described("gradient")}, at a loss of {Loss.ToString("G6", CultureInfo.InvariantCulture)}. Look for a division by 0, the root or logarithm of 0, or a learning rate that is too high; clip gradients."
            : $"the loss is {Name(Loss)}, " + (Tensors.Any(tensor => !tensor.IsGradient)
                ? $"and so is the model already: {Described("tensor")}. An earlier step spoiled it: go back to a checkpoint, and lower the learning rate or clip gradients."
                : "while the parameters are finite: look at this batch and at the loss function.")) + run;
    }

    private static string Name(double loss) => double.IsNaN(loss) ? "NaN" : loss > 0 ? "+∞" : "−∞";

    private string Described(string noun)
    {
        IEnumerable<string> shown = Tensors.Take(MostShown).Select(tensor => string.Create(CultureInfo.InvariantCulture, $"{tensor.Name} ({tensor.NaNs} NaN, {tensor.Infinities} infinite of {tensor.Elements})"));
        string others = Tensors.Count > MostShown ? string.Create(CultureInfo.InvariantCulture, $" and {Tensors.Count - MostShown} others") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Tensors.Count} {noun}{(Tensors.Count == 1 ? " is" : "s are")} not finite: {string.Join(", ", shown)}{others}");
    }
}
