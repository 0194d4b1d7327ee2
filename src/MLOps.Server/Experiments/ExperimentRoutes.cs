using MLOps.Server.Access;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Experiments;

/// <summary>Experiments, their tags and their datasets (contract §3.1).</summary>
internal sealed class ExperimentRoutes(ITrackingStore store) : IRouteSet
{
    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Post("experiments/create", AccessDemand.WriteExperiment, CreateAsync),
        MlflowRoute.Get("experiments/get", AccessDemand.ReadExperiment, GetAsync),
    ];

    private async Task CreateAsync(MlflowCall call)
    {
        string name = call.Fields.RequiredText("name");
        Experiment made = await store.CreateExperimentAsync(name, call.Fields.Text("artifact_location"), call.Cancelled).ConfigureAwait(false);
        await call.AnswerAsync(new ExperimentIdAnswer(made.Id.Value), MlflowWire.Default.ExperimentIdAnswer).ConfigureAwait(false);
    }

    private async Task GetAsync(MlflowCall call)
    {
        string id = call.Fields.RequiredText("experiment_id");
        Experiment experiment = await store.FindExperimentAsync(new ExperimentId(id), call.Cancelled).ConfigureAwait(false) ?? throw new ExperimentNotFoundException(id);
        await call.AnswerAsync(new ExperimentAnswer(experiment.ToWire()), MlflowWire.Default.ExperimentAnswer).ConfigureAwait(false);
    }
}
