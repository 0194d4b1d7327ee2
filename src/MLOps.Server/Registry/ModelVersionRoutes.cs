using MLOps.Registry;
using MLOps.Server.Access;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Registry;

/// <summary>Versions of registered models (contract §3.3).</summary>
internal sealed class ModelVersionRoutes(ModelRegistry registry, ITrackingStore store, ModelSourceRules rules, LoggedModelRegistrations registrations) : IRouteSet
{
    private const int LargestPage = 200_000;
    private const string ModelScheme = "models:/", RunScheme = "runs:/";

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Post("model-versions/create", AccessDemand.WriteModel, CreateAsync),
        MlflowRoute.Patch("model-versions/update", AccessDemand.WriteModel, UpdateAsync),
        MlflowRoute.Post("model-versions/transition-stage", AccessDemand.WriteModel, TransitionStageAsync),
        MlflowRoute.Delete("model-versions/delete", AccessDemand.WriteModel, DeleteAsync),
        MlflowRoute.Get("model-versions/get", AccessDemand.ReadModel, GetAsync),
        MlflowRoute.Get("model-versions/get-download-uri", AccessDemand.ReadModel, GetDownloadUriAsync),
        MlflowRoute.Get("model-versions/search", AccessDemand.ReadModel, SearchAsync),
        MlflowRoute.Post("model-versions/set-tag", AccessDemand.WriteModel, SetTagAsync),
        MlflowRoute.Delete("model-versions/delete-tag", AccessDemand.WriteModel, DeleteTagAsync),
    ];

    private async Task CreateAsync(MlflowCall call)
    {
        MlflowFields fields = call.Fields;
        string name = fields.ModelName(), source = fields.RequiredText("source");
        Dictionary<string, string> tags = fields.Tags();
        RunId? run = RunOf(fields);
        string? modelId = fields.Text("model_id") is { Length: > 0 } given ? given : null;
        LoggedModel? logged = modelId is null ? await registrations.FindSourceAsync(source, call.Cancelled).ConfigureAwait(false) : await registrations.FindAsync(modelId, call.Cancelled).ConfigureAwait(false);
        rules.Demand(source, tags.ContainsKey(RegistryFields.PromptTag), await ArtifactLocationsAsync(run, logged, call.Cancelled).ConfigureAwait(false));
        RegisterOptions options = new()
        {
            ModelMustExist = true,
            AllowUnknownRun = true,
            Description = fields.Text("description"),
            Tags = tags,
            RunId = run ?? logged?.SourceRunId,
            RunLink = fields.Text("run_link"),
            LoggedModelId = logged?.Id.Value ?? modelId,
        };
        ModelVersion version = await RegisterAsync(name, source, options, call.Cancelled).ConfigureAwait(false);
        if (logged is not null)
            await registrations.AddAsync(logged.Id, version.Ref).ConfigureAwait(false);
        await AnswerAsync(call, version).ConfigureAwait(false);
    }

    private async Task UpdateAsync(MlflowCall call)
    {
        (string name, int number) = VersionOf(call.Fields);
        await AnswerAsync(call, await registry.DescribeVersionAsync(name, number, call.Fields.Text("description"), call.Cancelled).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task TransitionStageAsync(MlflowCall call)
    {
        (string name, int number) = VersionOf(call.Fields);
        ModelStage stage = RegistryFields.StageOf(call.Fields.RequiredText("stage"));
        bool archiveOthers = call.Fields.Bool("archive_existing_versions") ?? false;
        await AnswerAsync(call, await registry.TransitionStageAsync(name, number, stage, archiveOthers, reason: null, call.Cancelled).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task DeleteAsync(MlflowCall call)
    {
        (string name, int number) = VersionOf(call.Fields);
        await registry.DeleteVersionAsync(name, number, reason: null, removeAliases: true, call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task GetAsync(MlflowCall call)
    {
        (string name, int number) = VersionOf(call.Fields);
        await AnswerAsync(call, await registry.GetVersionAsync(name, number, call.Cancelled).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task GetDownloadUriAsync(MlflowCall call)
    {
        (string name, int number) = VersionOf(call.Fields);
        VersionFacts facts = (await registry.GetVersionAsync(name, number, call.Cancelled).ConfigureAwait(false)).Facts;
        bool isResolved = facts.Source.StartsWith(ModelScheme, StringComparison.Ordinal) || facts.Source.StartsWith(RunScheme, StringComparison.Ordinal);
        await call.AnswerAsync(new ArtifactUriAnswer(isResolved ? facts.Location : facts.Source), MlflowWire.Default.ArtifactUriAnswer).ConfigureAwait(false);
    }

    private async Task SearchAsync(MlflowCall call)
    {
        PageRequest page = call.Fields.Page(LargestPage, LargestPage);
        var query = ModelVersionQuery.Parse(call.Fields.Text("filter"), call.Fields.Texts("order_by"));
        call.Fields.Bound(query.Filter, query.OrderBy.Count);
        List<WireModelVersion> versions = [];
        string? token = page.Token;
        do
        {
            // A store's pages are smaller than MLflow's largest.
            PageRequest part = new() { Size = Math.Min(page.Size - versions.Count, PageRequest.LargestSize), Token = token };
            Page<ModelVersion> found = await registry.Store.FindVersionsAsync(query, part, call.Cancelled).ConfigureAwait(false);
            versions.AddRange(found.Items.Select(RegistryConversions.ToWire));
            token = found.NextToken;
        }
        while (token is not null && versions.Count < page.Size);
        await call.AnswerAsync(new ModelVersionsAnswer(versions.OrAbsent(), token), MlflowWire.Default.ModelVersionsAnswer).ConfigureAwait(false);
    }

    private async Task SetTagAsync(MlflowCall call)
    {
        (string name, int number) = VersionOf(call.Fields);
        await registry.SetVersionTagAsync(name, number, call.Fields.RequiredText("key"), call.Fields.Text("value") ?? "", call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task DeleteTagAsync(MlflowCall call)
    {
        (string name, int number) = VersionOf(call.Fields);
        await registry.DeleteVersionTagAsync(name, number, call.Fields.RequiredText("key"), call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private static (string Name, int Number) VersionOf(MlflowFields fields)
    {
        string name = fields.ModelName();
        return (name, fields.VersionNumber(name));
    }

    // The run may belong to another server; that its id is none of any server is told at once.
    private static RunId? RunOf(MlflowFields fields) =>
        fields.Text("run_id") is not { Length: > 0 } text ? null
        : RunId.TryParse(text, out RunId run) ? run
        : throw fields.Refuse("run_id", "the id of a run begins with a letter or digit and goes on with at most 255 letters, digits, '_' or '-'.");

    private async Task<IReadOnlyList<string>> ArtifactLocationsAsync(RunId? run, LoggedModel? logged, CancellationToken cancellationToken)
    {
        List<string> locations = [];
        if (run is { } id && await store.FindRunAsync(id, cancellationToken).ConfigureAwait(false) is { } details)
            locations.Add(details.Info.ArtifactLocation);
        if (logged is not null)
            locations.Add(logged.ArtifactLocation);
        return locations;
    }

    private async Task<ModelVersion> RegisterAsync(string name, string source, RegisterOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await registry.RegisterAsync(name, ModelContent.FromUri(source), options, progress: null, cancellationToken).ConfigureAwait(false);
        }
        catch (MLOpsException missing) when (source.StartsWith(ModelScheme, StringComparison.Ordinal) && IsOfSource(missing, name))
        {
            throw new MlflowException(ErrorCode.InvalidParameterValue, $"Unable to fetch model from model URI source artifact location '{MlflowFields.Short(source)}'. Error: {missing.Message}", missing);
        }
    }

    /// <summary>Whether what is missing is the model of the source, not the one that gets the version.</summary>
    private static bool IsOfSource(MLOpsException missing, string name) => missing switch
    {
        ModelNotFoundException model => model.Model != name,
        ModelVersionNotFoundException or AliasNotFoundException or LoggedModelNotFoundException => true,
        _ => false,
    };

    private static Task AnswerAsync(MlflowCall call, ModelVersion version) => call.AnswerAsync(new ModelVersionAnswer(version.ToWire()), MlflowWire.Default.ModelVersionAnswer);
}
