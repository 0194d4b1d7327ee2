using System.Globalization;
using System.Reflection;
using System.Text;
using MLOps.Tracking;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>What a run logs as params of a training: all that is known of it before its first step.</summary>
internal static class TrainingParams
{
    /// <summary>The params. Values longer than a param may be end with an ellipsis.</summary>
    public static IEnumerable<(string Key, string Value)> Of(Trainer trainer)
    {
        foreach ((string key, string value) in All(trainer))
            yield return (key, value.Length <= Limits.ParamValueLength ? value : string.Concat(value.AsSpan(0, Limits.ParamValueLength - 1), "…"));
    }

    private static IEnumerable<(string Key, string Value)> All(Trainer trainer)
    {
        yield return ("optimizer", trainer.Optimizer.Name);
        yield return ("learning_rate", Text(trainer.Optimizer.BaseLearningRate));
        foreach ((string name, string value) in trainer.Optimizer.Settings)
            yield return ($"optimizer.{name}", value);

        yield return trainer.Length.TotalEpochs is { } epochs ? ("epochs", Text(epochs)) : ("steps", Text(trainer.Length.TotalSteps ?? 0));
        yield return ("seed", Text(trainer.Options.Seed));
        yield return ("seed_each_batch", trainer.Options.SeedEachBatch ? "true" : "false");
        if (trainer.BatchesPerEpoch is { } batches)
            yield return ("batches_per_epoch", Text(batches));
        foreach ((string name, string value) in trainer.DataDescription)
            yield return ($"data.{name}", value);

        (long trainable, long frozen) = Count(trainer.Model);
        yield return ("model", trainer.Model.Module.GetType().Name);
        yield return ("model.trainable_parameters", Text(trainable));
        yield return ("model.frozen_parameters", Text(frozen));
        yield return ("device", string.Join(", ", trainer.Model.Buffers.Select(buffer => buffer.Device.ToString()).Distinct(StringComparer.Ordinal)));
        yield return ("dtype", string.Join(", ", trainer.Model.Buffers.Select(buffer => Dtypes.NameOf(buffer.Dtype)).Distinct(StringComparer.Ordinal)));

        HashSet<string> prefixes = ["optimizer", "data", "model", "versions"];
        foreach (TrainerCallback callback in trainer.Callbacks)
        {
            if (callback.Settings.Count == 0)
                continue;
            string prefix = PrefixOf(callback);
            for (int i = 2; !prefixes.Add(prefix); i++)
                prefix = $"{PrefixOf(callback)}_{i}";
            foreach ((string name, string value) in callback.Settings)
                yield return ($"{prefix}.{name}", value);
        }

        yield return ("versions.mlops_training", VersionOf(typeof(Trainer)));
        yield return ("versions.torchsharp", VersionOf(typeof(torch)));
        yield return ("versions.libtorch", torch.__version__);
        yield return ("versions.dotnet", Environment.Version.ToString());
    }

    /// <summary>The version that a package was built as, without the commit.</summary>
    public static string VersionOf(Type type) =>
        (type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? type.Assembly.GetName().Version?.ToString() ?? "").Split('+')[0];

    /// <summary>The elements of trainable and of frozen parameters; tied ones once.</summary>
    private static (long Trainable, long Frozen) Count(FlatModel model)
    {
        long trainable = model.Buffers.Sum(buffer => buffer.Entries.Sum(entry => entry.Length));
        HashSet<IntPtr> seen = [];
        long all = model.Module.named_parameters().Where(entry => seen.Add(entry.parameter.Handle)).Sum(entry => entry.parameter.numel());
        return (trainable, all - trainable);
    }

    /// <summary><c>learning_rate_schedule</c> of a LearningRateSchedule; the name of its state where it has one, which is unique.</summary>
    private static string PrefixOf(TrainerCallback callback)
    {
        if (callback.StateName is { } name)
            return name.Replace('-', '_');
        StringBuilder prefix = new();
        foreach (char c in callback.GetType().Name.Split('`')[0])
        {
            if (char.IsUpper(c) && prefix.Length > 0)
                prefix.Append('_');
            prefix.Append(char.ToLowerInvariant(c));
        }

        return prefix.ToString();
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
