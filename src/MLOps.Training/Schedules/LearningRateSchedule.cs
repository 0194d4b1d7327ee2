using System.Globalization;
using MLOps.Training.Checkpoints;

namespace MLOps.Training;

/// <summary>
/// The learning rate as a function of the step alone: before each batch the optimizer's rate is set to its <see cref="ModelOptimizer.BaseLearningRate"/> times <see cref="FactorAt"/>. Nothing is carried
/// from step to step, so that a resumed training has the rate of one that was never stopped, to the last bit.
/// </summary>
/// <remarks>
/// Steps are optimizer steps, from 0; gradient accumulation does not count. Beyond its end a schedule holds its last value. A trainer takes one schedule; a checkpoint keeps its
/// <see cref="Description"/>, and a resume with another is refused. Schedules keep nothing and may be used by several trainers and threads.
/// </remarks>
public abstract class LearningRateSchedule : TrainerCallback
{
    private protected LearningRateSchedule(string description) => Description = description;

    /// <summary>What it does, with all its numbers: <c>cosine(steps: 1000, final: 0)</c>. Two schedules of one description are the same.</summary>
    public string Description { get; }

    /// <inheritdoc/>
    public override string? StateName => "schedule";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(StringComparer.Ordinal) { ["description"] = Description };

    /// <summary>The base rate throughout.</summary>
    public static LearningRateSchedule Constant() => new FunctionSchedule(_ => 1, "constant");

    /// <summary>Half a cosine from 1 down to <paramref name="finalFactor"/>: f + (1 − f)(1 + cos(πt/T))/2 at step t of T.</summary>
    /// <param name="steps">T, 1 or greater.</param>
    /// <param name="finalFactor">f, in [0, 1]; 0 by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <remarks>Source: Loshchilov, Hutter (2017), SGDR, without restarts; the closed form of <c>torch.optim.lr_scheduler.CosineAnnealingLR</c> with <c>eta_min</c> = f times the base rate.</remarks>
    public static LearningRateSchedule Cosine(long steps, double finalFactor = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ThrowIfNoShare(finalFactor, nameof(finalFactor));
        return new FunctionSchedule(step => step >= steps ? finalFactor : finalFactor + (1 - finalFactor) * (1 + Math.Cos(Math.PI * step / steps)) / 2, Invariant($"cosine(steps: {steps}, final: {finalFactor:R})"));
    }

    /// <summary>A straight line from <paramref name="startFactor"/> to <paramref name="endFactor"/>: s + (e − s)t/T at step t of T.</summary>
    /// <param name="steps">T, 1 or greater.</param>
    /// <param name="startFactor">s, 0 or greater; 1 by default.</param>
    /// <param name="endFactor">e, 0 or greater; 0 by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <remarks>The closed form of <c>torch.optim.lr_scheduler.LinearLR</c>.</remarks>
    public static LearningRateSchedule Linear(long steps, double startFactor = 1, double endFactor = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ThrowIfNoFactor(startFactor, nameof(startFactor));
        ThrowIfNoFactor(endFactor, nameof(endFactor));
        return new FunctionSchedule(step => step >= steps ? endFactor : startFactor + (endFactor - startFactor) * step / steps, Invariant($"linear(steps: {steps}, start: {startFactor:R}, end: {endFactor:R})"));
    }

    /// <summary>Up to the base rate and down to almost nothing, both on half a cosine. The base rate is the peak.</summary>
    /// <param name="steps">How many steps in all, 2 or greater.</param>
    /// <param name="riseShare">The share of steps that rise, greater than 0 and less than 1; 0.3 by default. The peak is reached at step <c>riseShare × steps − 1</c>, which must be greater than 0.</param>
    /// <param name="startDivisor">What the first rate is the peak divided by, 1 or greater; 25 by default.</param>
    /// <param name="finalDivisor">What the last rate is the first divided by, 1 or greater; 10,000 by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <remarks>
    /// Source: Smith, Topin (2018), Super-convergence. The rule of <c>torch.optim.lr_scheduler.OneCycleLR</c> in two phases with <c>anneal_strategy="cos"</c>, whose arguments <c>total_steps</c>,
    /// <c>pct_start</c>, <c>div_factor</c>, <c>final_div_factor</c> are these. The momentum is not cycled.
    /// </remarks>
    public static LearningRateSchedule OneCycle(long steps, double riseShare = 0.3, double startDivisor = 25, double finalDivisor = 10_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        double peakAt = riseShare * steps - 1, last = steps - 1;
        if (!(riseShare is > 0 and < 1 && peakAt > 0))
            throw new ArgumentOutOfRangeException(nameof(riseShare), riseShare, Invariant($"The share of {steps} steps that rise must be greater than {1.0 / steps:R}, so that the peak comes after the first step, and less than 1."));
        if (!(startDivisor >= 1 && double.IsFinite(startDivisor)))
            throw new ArgumentOutOfRangeException(nameof(startDivisor), startDivisor, "Must be finite and at least 1.");
        if (!(finalDivisor >= 1 && double.IsFinite(finalDivisor)))
            throw new ArgumentOutOfRangeException(nameof(finalDivisor), finalDivisor, "Must be finite and at least 1.");
        double start = 1 / startDivisor, final = start / finalDivisor;
        return new FunctionSchedule(
            step => step >= steps - 1 ? final : step <= peakAt ? Anneal(start, 1, step / peakAt) : Anneal(1, final, (step - peakAt) / (last - peakAt)),
            Invariant($"one-cycle(steps: {steps}, rise: {riseShare:R}, start divisor: {startDivisor:R}, final divisor: {finalDivisor:R})"));

        static double Anneal(double from, double to, double share) => to + (from - to) / 2 * (1 + Math.Cos(Math.PI * share));
    }

    /// <summary>Multiplied by <paramref name="gamma"/> each <paramref name="every"/> steps.</summary>
    /// <param name="every">1 or greater.</param>
    /// <param name="gamma">Greater than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <remarks>The closed form of <c>torch.optim.lr_scheduler.StepLR</c>: gamma to the power of ⌊t/every⌋.</remarks>
    public static LearningRateSchedule Step(long every, double gamma = 0.1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        ThrowIfNoFactor(gamma, nameof(gamma));
        ArgumentOutOfRangeException.ThrowIfZero(gamma);
        return new FunctionSchedule(step => Math.Pow(gamma, step / every), Invariant($"step(every: {every}, gamma: {gamma:R})"));
    }

    /// <summary>A schedule of your own.</summary>
    /// <param name="factorAt">What the base rate is multiplied by at a step, from 0: finite, 0 or greater, and the same each time it is asked.</param>
    /// <param name="description">What a checkpoint keeps and a resume compares: change it when the function changes.</param>
    public static LearningRateSchedule Of(Func<long, double> factorAt, string description)
    {
        ArgumentNullException.ThrowIfNull(factorAt);
        ArgumentException.ThrowIfNullOrWhiteSpace(description);
        return new FunctionSchedule(factorAt, description);
    }

    /// <summary>This schedule after a rise: a straight line from <paramref name="startFactor"/> to 1 times the schedule's first value, then the schedule from its beginning.</summary>
    /// <param name="steps">How many steps rise, 1 or greater. They come before the schedule's own.</param>
    /// <param name="startFactor">Where the rise begins, in [0, 1]; 0 by default, so that the first step changes nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <remarks>As <c>SequentialLR</c> of <c>LinearLR</c> and another in PyTorch. Source: Goyal and others (2017), Accurate, large minibatch SGD.</remarks>
    public LearningRateSchedule WithWarmUp(long steps, double startFactor = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ThrowIfNoShare(startFactor, nameof(startFactor));
        return new FunctionSchedule(
            step => step >= steps ? FactorAt(step - steps) : (startFactor + (1 - startFactor) * step / steps) * FactorAt(0),
            Invariant($"warm-up(steps: {steps}, start: {startFactor:R}), {Description}"));
    }

    /// <summary>What the base learning rate is multiplied by at a step.</summary>
    /// <param name="step">Optimizer steps taken before, 0 or greater.</param>
    /// <returns>Finite, 0 or greater.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">A function that was given to <see cref="Of"/> returned something else.</exception>
    public abstract double FactorAt(long step);

    /// <inheritdoc/>
    public override void OnBatch(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        ModelOptimizer optimizer = step.Trainer.Optimizer;
        optimizer.LearningRate = optimizer.BaseLearningRate * FactorAt(step.Step);
    }

    /// <inheritdoc/>
    public override void SaveState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("description", Description);
    }

    /// <inheritdoc/>
    /// <exception cref="CheckpointMismatchException">It was kept by another schedule.</exception>
    public override void LoadState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        string saved = state.Values.GetValueOrDefault("description", "nothing");
        if (saved != Description)
            throw new CheckpointMismatchException(state.Name, $"the learning rate followed {saved}, and now follows {Description}: its rates would leap. To change it on purpose, leave the part '{state.Name}' out of what Trainer.LoadState is given.");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void ThrowIfNoFactor(double value, string name)
    {
        if (!(value >= 0 && double.IsFinite(value)))
            throw new ArgumentOutOfRangeException(name, value, "Must be finite and at least 0.");
    }

    private static void ThrowIfNoShare(double value, string name)
    {
        if (!(value is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(name, value, "Must be at least 0 and at most 1.");
    }
}
