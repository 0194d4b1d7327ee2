using MLOps.Registry;
using MLOps.Registry.Promotions;
using MLOps.Server.Access;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.Search;

namespace MLOps.Server.Registry;

/// <summary>Registered models and their aliases (contract §3.3).</summary>
internal sealed class RegisteredModelRoutes(ModelRegistry registry) : IRouteSet
{
    private const int UsualPage = 100, LargestPage = 1_000;

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Post("registered-models/create", AccessDemand.WriteModel, CreateAsync),
        MlflowRoute.Post("registered-models/rename", AccessDemand.WriteModel, RenameAsync),
        MlflowRoute.Patch("registered-models/update", AccessDemand.WriteModel, UpdateAsync),
        MlflowRoute.Delete("registered-models/delete", AccessDemand.WriteModel, DeleteAsync),
        MlflowRoute.Get("registered-models/get", AccessDemand.ReadModel, GetAsync),
        MlflowRoute.Get("registered-models/search", AccessDemand.ReadModel, SearchAsync),
        MlflowRoute.Post("registered-models/get-latest-versions", AccessDemand.ReadModel, GetLatestVersionsAsync),
        MlflowRoute.Get("registered-models/get-latest-versions", AccessDemand.ReadModel, GetLatestVersionsAsync),
        MlflowRoute.Post("registered-models/set-tag", AccessDemand.WriteModel, SetTagAsync),
        MlflowRoute.Delete("registered-models/delete-tag", AccessDemand.WriteModel, DeleteTagAsync),
        MlflowRoute.Post("registered-models/alias", AccessDemand.WriteModel, SetAliasAsync),
        MlflowRoute.Delete("registered-models/alias", AccessDemand.WriteModel, DeleteAliasAsync),
        MlflowRoute.Get("registered-models/alias", AccessDemand.ReadModel, GetByAliasAsync),
    ];

    private async Task CreateAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName();
        Dictionary<string, string> tags = call.Fields.Tags();
        try
        {
            await AnswerAsync(call, await registry.CreateModelAsync(name, call.Fields.Text("description"), tags, call.Cancelled).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (ModelExistsException)
        {
            RegisteredModel? other = await registry.FindModelAsync(name, call.Cancelled).ConfigureAwait(false);
            bool isPrompt = IsPrompt(tags), isOtherPrompt = other is null ? isPrompt : IsPrompt(other.Tags);
            string hint = isPrompt == isOtherPrompt ? "" : " A model and a prompt cannot have the same name; choose another one.";
            throw new MlflowException(ErrorCode.ResourceAlreadyExists, $"{(isOtherPrompt ? "Prompt" : "Registered Model")} (name={name}) already exists.{hint}");
        }
    }

    private async Task RenameAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName();
        await DemandUnguardedAsync(name, call.Cancelled).ConfigureAwait(false);
        await AnswerAsync(call, await registry.RenameModelAsync(name, call.Fields.ModelName("new_name"), call.Cancelled).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task UpdateAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName();
        await AnswerAsync(call, await registry.DescribeModelAsync(name, call.Fields.Text("description"), call.Cancelled).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task DeleteAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName();
        await DemandUnguardedAsync(name, call.Cancelled).ConfigureAwait(false);
        await registry.DeleteModelAsync(name, reason: null, call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    // The registry itself demands it of targets that are in use. Over HTTP the name may not become free at all: whoever made a model of it anew would have it without the policy.
    private async Task DemandUnguardedAsync(string name, CancellationToken cancellationToken)
    {
        RegisteredModel model = await registry.GetModelAsync(name, cancellationToken).ConfigureAwait(false);
        foreach ((PromotionTarget target, PromotionPolicy policy) in model.Policies)
            throw new PromotionRequiredException(model.Name, target, policy.Name);
    }

    private async Task GetAsync(MlflowCall call) =>
        await AnswerAsync(call, await registry.GetModelAsync(call.Fields.ModelName(), call.Cancelled).ConfigureAwait(false)).ConfigureAwait(false);

    private async Task SearchAsync(MlflowCall call)
    {
        PageRequest page = call.Fields.Page(UsualPage, LargestPage);
        var query = RegisteredModelQuery.Parse(call.Fields.Text("filter"), call.Fields.Texts("order_by"));
        call.Fields.Bound(query.Filter, query.OrderBy.Count);
        Page<RegisteredModel> found = await registry.Store.FindModelsAsync(query, page, call.Cancelled).ConfigureAwait(false);
        List<WireRegisteredModel> models = new(found.Items.Count);
        foreach (RegisteredModel model in found.Items)
            models.Add(await WithLatestAsync(model, call.Cancelled).ConfigureAwait(false));
        await call.AnswerAsync(new RegisteredModelsAnswer(models.OrAbsent(), found.NextToken), MlflowWire.Default.RegisteredModelsAnswer).ConfigureAwait(false);
    }

    private async Task GetLatestVersionsAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName();
        HashSet<ModelStage> stages = [.. call.Fields.Texts("stages").Select(RegistryFields.StageOf)];
        IReadOnlyList<ModelVersion> latest = await registry.FindLatestVersionsAsync(name, call.Cancelled).ConfigureAwait(false);
        IReadOnlyList<ModelVersion> asked = stages.Count == 0 ? latest : [.. latest.Where(version => stages.Contains(version.Stage))];
        await call.AnswerAsync(new ModelVersionsAnswer(asked.ToWire(), NextPageToken: null), MlflowWire.Default.ModelVersionsAnswer).ConfigureAwait(false);
    }

    private async Task SetTagAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName();
        await registry.SetModelTagAsync(name, call.Fields.RequiredText("key"), call.Fields.Text("value") ?? "", call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task DeleteTagAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName();
        await registry.DeleteModelTagAsync(name, call.Fields.RequiredText("key"), call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task SetAliasAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName(), alias = call.Fields.RequiredText("alias");
        await registry.MoveAliasAsync(name, alias, call.Fields.VersionNumber(name), expected: null, reason: null, call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task DeleteAliasAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName();
        await registry.RemoveAliasAsync(name, call.Fields.RequiredText("alias"), expected: null, reason: null, call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task GetByAliasAsync(MlflowCall call)
    {
        string name = call.Fields.ModelName(), alias = call.Fields.RequiredText("alias");
        ModelVersion version = alias.Equals("latest", StringComparison.OrdinalIgnoreCase)
            ? await GetLatestAsync(name, call.Cancelled).ConfigureAwait(false)
            : await registry.GetVersionAsync(name, alias, call.Cancelled).ConfigureAwait(false);
        await call.AnswerAsync(new ModelVersionAnswer(version.ToWire()), MlflowWire.Default.ModelVersionAnswer).ConfigureAwait(false);
    }

    /// <summary>What MLflow means by the alias <c>latest</c>: the first of the newest versions by stage.</summary>
    private async Task<ModelVersion> GetLatestAsync(string name, CancellationToken cancellationToken) =>
        await registry.FindLatestVersionsAsync(name, cancellationToken).ConfigureAwait(false) is [var first, ..]
            ? first
            : throw MlflowException.NotFound($"Registered Model with name={name} has no version yet, so that none is the latest. Register one.");

    private async Task AnswerAsync(MlflowCall call, RegisteredModel model) =>
        await call.AnswerAsync(new RegisteredModelAnswer(await WithLatestAsync(model, call.Cancelled).ConfigureAwait(false)), MlflowWire.Default.RegisteredModelAnswer).ConfigureAwait(false);

    private async Task<WireRegisteredModel> WithLatestAsync(RegisteredModel model, CancellationToken cancellationToken) =>
        model.ToWire(model.LastNumber == 0 ? [] : await registry.Store.FindLatestVersionsAsync(model.Name, cancellationToken).ConfigureAwait(false));

    private static bool IsPrompt(IReadOnlyDictionary<string, string> tags) => tags.GetValueOrDefault(RegistryFields.PromptTag) == "true";
}
