namespace MLOps.Training.Tests.Runs;

/// <summary>Does something after each step, and has settings.</summary>
internal sealed class ActingCallback(Action<Trainer>? onStep = null, params (string Key, string Value)[] settings) : TrainerCallback
{
    public override IReadOnlyDictionary<string, string> Settings { get; } = settings.ToDictionary(setting => setting.Key, setting => setting.Value);

    public override void OnStep(TrainingStep step) => onStep?.Invoke(step.Trainer);
}
