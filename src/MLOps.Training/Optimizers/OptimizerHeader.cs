using System.Globalization;
using MLOps.Training.Checkpoints;

namespace MLOps.Training;

/// <summary>What every optimizer writes before its tensors: what it is, and how it was set.</summary>
internal static class OptimizerHeader
{
    private const string Setting = "setting.";

    public static void Save(ModelOptimizer optimizer, TrainingState state)
    {
        state.Set("name", optimizer.Name);
        state.Set("base-learning-rate", optimizer.BaseLearningRate);
        state.Set("learning-rate", optimizer.LearningRate);
        foreach ((string name, string value) in optimizer.Settings)
            state.Set(Setting + name, value);
    }

    /// <summary>Checks that a state was kept by an optimizer of this name and these settings.</summary>
    /// <returns>The learning rate to go on with: the saved one, unless the base was changed on purpose.</returns>
    /// <exception cref="CheckpointMismatchException">It was not.</exception>
    public static double Check(ModelOptimizer optimizer, TrainingState state)
    {
        string name = Read("name");
        if (name != optimizer.Name)
            throw new CheckpointMismatchException(state.Name, $"it was kept by {name}, this training has {optimizer.Name}. To change the optimizer, load the weights alone.");

        IEnumerable<string> saved = state.Values.Keys.Where(key => key.StartsWith(Setting, StringComparison.Ordinal)).Select(key => key[Setting.Length..]);
        foreach (string setting in saved.Union(optimizer.Settings.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            string before = state.Values.GetValueOrDefault(Setting + setting, "not set"), now = optimizer.Settings.GetValueOrDefault(setting, "not set");
            if (before != now)
                throw new CheckpointMismatchException(state.Name, $"{setting} was {before} and is {now}. A resume needs the same settings (the learning rate may change); to change them, load the weights alone.");
        }

        return Number("base-learning-rate") == optimizer.BaseLearningRate ? Number("learning-rate") : optimizer.BaseLearningRate;

        string Read(string key) => state.Values.TryGetValue(key, out string? value) ? value : throw new CheckpointMismatchException(state.Name, $"it has no '{key}'. It was kept by something else.");

        double Number(string key) => double.TryParse(Read(key), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw new CheckpointMismatchException(state.Name, $"its '{key}' is '{Read(key)}', which is no number.");
    }
}
