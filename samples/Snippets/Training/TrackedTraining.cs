using MLOps.Registry;
using MLOps.Tracking;
using MLOps.Training;
using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace Snippets.Training;

internal static class TrackedTraining
{
    public static async Task<TrainingOutcome> TrackAsync(Tracker tracker, ModelRegistry registry, Trainer<TensorBatch> trainer, Tensor input, CancellationToken cancellationToken)
    {
        // <track>
        TrainingOutcome outcome = await tracker.RunAsync("digits", async run =>
        {
            trainer.Track(run, new() { LogCheckpoints = LoggedCheckpoints.Last, Registry = registry, RegisterAs = "digits", Example = input });
            return await trainer.RunAsync(TrainingLength.Epochs(20), cancellationToken);
        }, cancellationToken: cancellationToken);
        // </track>
        return outcome;
    }

    public static async Task GoOnAsync(Tracker tracker, Trainer<TensorBatch> trainer, CheckpointStore store)
    {
        // <go-on-in-the-run>
        Checkpoint? latest = await store.FindLatestAsync();
        await using Run run = latest?.RunId is { } id ? await tracker.ResumeRunAsync(new RunId(id)) : await tracker.StartRunAsync("digits");
        trainer.Track(run).Use(new Checkpointing(store));
        if (latest is not null)
            await latest.RestoreAsync(trainer);
        if (await trainer.RunAsync(TrainingLength.Epochs(20)) is TrainingOutcome.Completed or TrainingOutcome.Stopped)
            await run.EndAsync();
        // </go-on-in-the-run>
    }

    public static async Task ScoreAsync(ModelRegistry registry, Tensor images)
    {
        // <score-with-the-champion>
        await using ModelSource<DigitsNet> models = await registry.OpenModelAsync("digits@champion", (files, _) => ValueTask.FromResult(TorchModel.Load(files, new DigitsNet())));
        using ModelLease<DigitsNet> model = models.Acquire();
        using Tensor logits = model.Model.call(images);
        // </score-with-the-champion>
    }

    private sealed class DigitsNet : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> layer = nn.Linear(64, 10);

        public DigitsNet()
            : base(nameof(DigitsNet)) => RegisterComponents();

        public override Tensor forward(Tensor images) => layer.call(images);
    }
}
