using System.Globalization;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>A trainer as its callbacks see it, whatever its batches are. Not safe for several threads: callbacks run on the training's own.</summary>
public abstract class Trainer
{
    private readonly List<TrainerCallback> _callbacks = [];
    private List<Action>? _early;
    private int _isRunning;

    private protected Trainer(FlatModel model, ModelOptimizer optimizer, TrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        if (optimizer.Model != model)
            throw new ArgumentException("The optimizer was made for another model: give both the same FlatModel.", nameof(optimizer));
        (Model, Optimizer, Options) = (model, optimizer, options);
    }

    /// <summary>The model.</summary>
    public FlatModel Model { get; }

    /// <summary>The optimizer.</summary>
    public ModelOptimizer Optimizer { get; }

    /// <summary>The options. What is changed after training has begun has no effect.</summary>
    public TrainerOptions Options { get; }

    /// <summary>The callbacks, in their order.</summary>
    public IReadOnlyList<TrainerCallback> Callbacks => _callbacks;

    /// <summary>How far the training has come.</summary>
    public TrainingPosition Position { get; private protected set; }

    /// <summary>How long it is to train; default before <see cref="Trainer{TBatch}.RunAsync"/>.</summary>
    public TrainingLength Length { get; private protected set; }

    /// <summary>The number of batches of one epoch, where the data source knows it.</summary>
    public abstract long? BatchesPerEpoch { get; }

    /// <summary>The latest value of everything that was reported.</summary>
    public IReadOnlyDictionary<string, double> Metrics => LatestMetrics;

    /// <summary>The notice that ends this training, once there is one: what has to be done before the process goes fits before its deadline.</summary>
    public Runtime.InterruptionNotice? Interruption { get; private protected set; }

    /// <summary>Cancelled when the training is to end before its length, by the caller's token or by a notice: what takes long in a callback leaves off then. Never cancelled before the first run.</summary>
    public CancellationToken Ending { get; private protected set; }

    /// <summary>Whether optimizer and model are between two steps, so that a checkpoint can be taken. False, too, after the optimizer threw within a step, until a state is loaded.</summary>
    public bool IsBetweenSteps { get; private protected set; } = true;

    /// <summary>How the data are made: see <see cref="IBatchSource{TBatch}.Description"/>.</summary>
    public abstract IReadOnlyDictionary<string, string> DataDescription { get; }

    private protected Dictionary<string, double> LatestMetrics { get; } = new(StringComparer.Ordinal);

    private protected string? StopReason { get; set; }

    private bool IsRunning => Volatile.Read(ref _isRunning) != 0;

    /// <summary>Ends the training after this step as <see cref="TrainingOutcome.Stopped"/>. The first reason counts.</summary>
    /// <param name="reason">Why, for a reader; not empty. Before a run, it has no effect on it.</param>
    public void Stop(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        StopReason ??= reason;
    }

    /// <summary>Tells every callback what has been measured, that which calls this too.</summary>
    /// <remarks>What is reported in <see cref="TrainerCallback.OnStart"/> is told once all callbacks have started.</remarks>
    /// <param name="metrics">Value by name; NaN for what could not be measured.</param>
    public void Report(IReadOnlyDictionary<string, double> metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        foreach ((string name, double value) in metrics)
            LatestMetrics[name] = value;
        Tell(() =>
        {
            foreach (TrainerCallback callback in _callbacks)
                callback.OnMetrics(this, metrics);
        });
    }

    /// <summary>Tells every callback that a checkpoint has been written.</summary>
    public void Report(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        Tell(() =>
        {
            foreach (TrainerCallback callback in _callbacks)
                callback.OnCheckpoint(this, checkpoint);
        });
    }

    /// <summary>What a resume needs, part by part: <c>model</c>, <c>optimizer</c>, <c>trainer</c>, and every callback that has a <see cref="TrainerCallback.StateName"/>.</summary>
    /// <remarks>Tensors are given by reference: copy them before the next step. Those that are made for the state belong to the caller's dispose scope.</remarks>
    /// <exception cref="InvalidOperationException">The training is within a step.</exception>
    public IReadOnlyList<TrainingState> SaveState()
    {
        if (!IsBetweenSteps)
            throw new InvalidOperationException("The training is within a step: take checkpoints in OnStep, OnEpoch or OnEnd.");

        TrainingState model = new("model");
        Model.SaveState(model);
        TrainingState optimizer = new("optimizer");
        Optimizer.SaveState(optimizer);
        TrainingState trainer = new("trainer");
        trainer.Set("seed", Options.Seed);
        trainer.Set("seed-each-batch", Options.SeedEachBatch ? 1 : 0);
        trainer.Set("step", Position.Step);
        trainer.Set("epoch", Position.Epoch);
        trainer.Set("batch", Position.Batch);
        trainer.Set("total-batches", Position.TotalBatches);
        trainer.Set("cpu-generator", random.get_rng_state());
        foreach ((string name, string value) in DataDescription)
            trainer.Set("data." + name, value);
        foreach ((string name, double value) in LatestMetrics)
            trainer.Set("metric." + name, value);

        List<TrainingState> states = [model, optimizer, trainer];
        foreach (TrainerCallback callback in _callbacks)
        {
            if (callback.StateName is not { } name)
                continue;
            TrainingState state = new(name);
            callback.SaveState(state);
            states.Add(state);
        }

        return states;
    }

    /// <summary>Goes on where <see cref="SaveState"/> was called. Parts that no callback asks for are left aside; a callback whose part is missing starts anew.</summary>
    /// <exception cref="CheckpointMismatchException">The state belongs to another model, optimizer, seed or order of data.</exception>
    /// <exception cref="KeyNotFoundException">A part lacks something.</exception>
    /// <exception cref="InvalidOperationException">The training runs.</exception>
    public void LoadState(IReadOnlyList<TrainingState> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        if (IsRunning)
            throw new InvalidOperationException("The training runs: load a state before RunAsync.");

        TrainingState Part(string name) => states.FirstOrDefault(state => state.Name == name) ?? throw new KeyNotFoundException($"The state has no part '{name}'.");
        TrainingState trainer = Part("trainer"), model = Part("model"), optimizer = Part("optimizer");
        Refuse("seed", trainer.GetText("seed"), Options.Seed.ToString(CultureInfo.InvariantCulture), "go on with the same seed");
        foreach ((string name, string value) in DataDescription)
            Refuse("data", $"{name} = {(trainer.Values.TryGetValue("data." + name, out string? saved) ? saved : "nothing")}", $"{name} = {value}", "go on with the same data in the same order, or load the weights alone");
        TrainingPosition position = new(trainer.GetInt64("step"), checked((int)trainer.GetInt64("epoch")), trainer.GetInt64("batch"), trainer.GetInt64("total-batches"));
        Tensor generator = trainer.GetTensor("cpu-generator");
        Dictionary<string, double> metrics = trainer.Values.Keys
            .Where(name => name.StartsWith("metric.", StringComparison.Ordinal))
            .ToDictionary(name => name["metric.".Length..], trainer.GetDouble, StringComparer.Ordinal);
        Model.CheckState(model);
        Optimizer.LoadState(optimizer);

        // From here on only what a callback throws can leave things half loaded; such a trainer does not run.
        IsBetweenSteps = false;
        Model.LoadState(model);
        using (NewDisposeScope())
            Optimizer.ZeroGradients();
        random.set_rng_state(generator);
        Position = position;
        LatestMetrics.Clear();
        foreach ((string name, double value) in metrics)
            LatestMetrics[name] = value;
        foreach (TrainerCallback callback in _callbacks)
        {
            if (callback.StateName is { } name && states.FirstOrDefault(state => state.Name == name) is { } state)
                callback.LoadState(state);
        }

        IsBetweenSteps = true;
    }

    private static void Refuse(string part, string saved, string present, string advice)
    {
        if (saved != present)
            throw new CheckpointMismatchException(part, $"it was written with {saved}, this training has {present}. To resume, {advice}.");
    }

    private protected void Add(TrainerCallback callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        if (IsRunning)
            throw new InvalidOperationException("The training runs: give callbacks before RunAsync.");
        if (_callbacks.Contains(callback))
            throw new ArgumentException("The callback is there already.", nameof(callback));
        if (callback.StateName is { } name && (name is "model" or "optimizer" or "trainer" || _callbacks.Any(other => other.StateName == name)))
            throw new ArgumentException($"There is a part named '{name}' already: two callbacks can't keep their state under one name.", nameof(callback));
        _callbacks.Add(callback);
    }

    private protected void BeginRun(TrainingLength length)
    {
        if (Interlocked.Exchange(ref _isRunning, 1) != 0)
            throw new InvalidOperationException("The training runs already.");
        if (!IsBetweenSteps)
        {
            EndRun();
            throw new InvalidOperationException("The optimizer threw within a step, or a state was loaded by half: parameters may be half changed. Load a state before the next run.");
        }

        (Length, StopReason, Interruption) = (length, null, null);
    }

    private protected void StartCallbacks(TrainerCallback[] callbacks, ref int started)
    {
        _early = [];
        List<Action> early = _early;
        try
        {
            for (; started < callbacks.Length; started++)
                callbacks[started].OnStart(this);
        }
        finally
        {
            _early = null;
        }

        early.ForEach(tell => tell());
    }

    private void Tell(Action tell)
    {
        if (_early is { } early)
            early.Add(tell);
        else
            tell();
    }

    private protected void EndRun() => Volatile.Write(ref _isRunning, 0);
}
