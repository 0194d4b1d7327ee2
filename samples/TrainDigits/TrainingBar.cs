using System.Globalization;
using MLOps.Training;
using Spectre.Console;

namespace TrainDigits;

/// <summary>Shows a training on a progress bar, with loss, rate and the time that is left; or a line for each epoch where nobody looks.</summary>
internal sealed class TrainingBar(ProgressTask? bar) : IProgress<TrainingProgress>
{
    private int _epoch = -1;

    /// <summary>How often to look: lines come with each epoch, however short it is.</summary>
    public TimeSpan? Interval { get; } = bar is null ? TimeSpan.Zero : null;

    /// <summary>Trains with a bar, if the output is a terminal.</summary>
    public static Task<T> ShowAsync<T>(Func<TrainingBar, Task<T>> train) => Console.IsOutputRedirected
        ? train(new TrainingBar(null))
        : AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(progress => train(new TrainingBar(progress.AddTask("training", maxValue: 1))));

    public void Report(TrainingProgress value)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {value.Position.Epoch}/{value.Length.TotalEpochs}, loss {value.Loss:F3}, {value.Metrics.GetValueOrDefault("val_accuracy_score"):P1} right, {value.StepsPerSecond:F0}/s, {value.Remaining?.TotalSeconds:F0} s left");
        if (bar is not null)
        {
            bar.Description = Markup.Escape(text);
            bar.Value = value.Fraction ?? 0;
        }
        else if (value.Position.Epoch != _epoch)
        {
            _epoch = value.Position.Epoch;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{text} (step {value.Position.Step})"));
        }
    }
}
