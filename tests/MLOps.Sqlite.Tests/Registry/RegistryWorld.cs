using MLOps.Registry;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Tracking;

namespace MLOps.Sqlite.Tests.Registry;

/// <summary>Makes up commits as a registry could decide on them, some too late or with a name that is taken.</summary>
internal sealed class RegistryWorld(Random random)
{
    private static readonly string[] s_texts = ["", "x", "Größe", "日本", "\U0001F600 a", "a\0b", "it''s % _"];
    private static readonly PromotionPolicy s_policy = new() { Name = "four eyes", Metrics = [new MetricRule("auc") { AtLeast = 0.5 }], Approvals = 2, RequiredTags = new Dictionary<string, string?>(StringComparer.Ordinal) { ["ok"] = null } };

    private DateTimeOffset _now = RegistryFile.Start;

    public static string[] Names { get; } = ["fraud", "Fraud", "churn", "fraud-2", "préc", "日本"];

    public static string[] Aliases { get; } = ["champion", "Champion", "a", "b-1", "ü"];

    public static string[] TagKeys { get; } = ["team", "ok", "mlflow.prompt.is_prompt", "größe"];

    public static RunId[] Runs { get; } = [.. Enumerable.Range(0, 3).Select(_ => RunId.New())];

    public static string[] Digests { get; } = ["d1", "d2"];

    public List<Guid> Keys { get; } = [];

    public List<Guid> Promotions { get; } = [];

    /// <summary>A commit that was decided on what a store has.</summary>
    public async Task<RegistryCommit> NextAsync(IRegistryStore store)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        _now = _now.AddTicks(random.Next(10_000, 100_000_000));
        RegisteredModel? model = Keys.Count == 0 || random.Next(8) == 0 ? null : await store.FindModelAsync(Pick(Keys), cancel);
        if (model is null)
        {
            // Sometimes a key that was used before, for a model that is there or is deleted.
            Guid key = Keys.Count > 0 && random.Next(6) == 0 ? Pick(Keys) : Guid.CreateVersion7(_now);
            if (!Keys.Contains(key))
                Keys.Add(key);
            return Commit(key, 0, [new RegistryEvent.ModelCreated(Pick(Names), MaybeText(), Tags())]);
        }

        List<int> numbers = [];
        for (int number = 1; number <= model.LastNumber; number++)
        {
            if (await store.FindVersionAsync(model.Name, number, cancel) is not null)
                numbers.Add(number);
        }

        IReadOnlyList<Promotion> promotions = await store.FindPromotionsAsync(model.Key, null, cancel);
        List<RegistryEvent> changes = [];
        for (int left = random.Next(1, 5); left > 0; left--)
        {
            RegistryEvent change = Change(model, numbers, promotions);
            changes.Add(change);
            model = After(model, change);
            if (change is RegistryEvent.VersionCreated created)
                numbers.Add(created.Number);
            if (change is RegistryEvent.VersionDeleted deleted)
                numbers.Remove(deleted.Number);
            if (change is RegistryEvent.ModelDeleted)
                break;
        }

        return Commit(model.Key, random.Next(12) == 0 ? model.Revision - 1 : model.Revision, changes);
    }

    private static RegisteredModel After(RegisteredModel model, RegistryEvent change) => change switch
    {
        RegistryEvent.VersionCreated created => model with { LastNumber = created.Number },
        RegistryEvent.ModelRenamed renamed => model with { Name = renamed.To },
        _ => model,
    };

    private RegistryEvent Change(RegisteredModel model, List<int> numbers, IReadOnlyList<Promotion> promotions)
    {
        int? version = numbers.Count == 0 ? null : Pick(numbers);
        Promotion? promotion = promotions.Count == 0 ? null : Pick(promotions);
        return (random.Next(28), version, promotion) switch
        {
            (0, _, _) => new RegistryEvent.ModelRenamed(model.Name, Pick(Names)),
            (1, _, _) => new RegistryEvent.ModelDescribed(MaybeText()),
            (2 or 3, _, _) => new RegistryEvent.ModelTagSet(Pick(TagKeys), TagValue()),
            (4, _, _) => new RegistryEvent.ModelTagDeleted(Pick(TagKeys)),
            (5, _, _) when random.Next(4) == 0 => new RegistryEvent.ModelDeleted(model.Name, MaybeText()),
            (6, _, _) => new RegistryEvent.PolicySet(Target(), s_policy with { Approvals = random.Next(3) }, MaybeText()),
            (7, _, _) => new RegistryEvent.PolicyRemoved(Target(), "four eyes", MaybeText()),
            (8, { } number, _) => new RegistryEvent.VersionVerified(number, Manifest()),
            (9, { } number, _) => new RegistryEvent.VersionDescribed(number, MaybeText()),
            (10 or 11, { } number, _) => new RegistryEvent.VersionTagSet(number, Pick(TagKeys), TagValue()),
            (12, { } number, _) => new RegistryEvent.VersionTagDeleted(number, Pick(TagKeys)),
            (13 or 14, { } number, _) => new RegistryEvent.VersionStageChanged(number, ModelStage.None, (ModelStage)random.Next(4), MaybeText()),
            (15, { } number, _) => new RegistryEvent.VersionDeleted(number, MaybeText()),
            (16 or 17 or 18, { } number, _) => new RegistryEvent.AliasMoved(Pick(Aliases), null, number, (AliasCause)random.Next(3), MaybeText(), null),
            (19, { } number, _) => new RegistryEvent.AliasRemoved(Pick(Aliases), number, MaybeText()),
            (20, { } number, _) => new RegistryEvent.PromotionProposed(Propose(model, number)),
            (21, _, { } open) => new RegistryEvent.EvidenceGiven(open.Id, new Evidence(Pick(s_texts) + "e", random.Next(2) == 0, "digest")),
            (22, _, { } open) => new RegistryEvent.PromotionApproved(open.Id, open.Digest, MaybeText()),
            (23, _, { } open) => random.Next(2) == 0 ? new RegistryEvent.PromotionRejected(open.Id, MaybeText()) : new RegistryEvent.PromotionApplied(open.Id),
            _ => new RegistryEvent.VersionCreated(model.LastNumber + 1, Facts(), random.Next(2) == 0, MaybeText(), Tags()),
        };
    }

    private RegistryCommit Commit(Guid key, long revision, IReadOnlyList<RegistryEvent> changes) =>
        new() { ModelKey = key, Revision = revision, Changes = changes, Actor = random.Next(2) == 0 ? "ann" : "böb", At = _now };

    private Promotion Propose(RegisteredModel model, int number)
    {
        var id = Guid.NewGuid();
        Promotions.Add(id);
        return new Promotion { Id = id, ModelKey = model.Key, Version = number, Target = Target(), Policy = s_policy, ProposedBy = "ann", ProposedAt = _now, ExpiresAt = _now.AddDays(7) };
    }

    private VersionFacts Facts() => new()
    {
        Source = $"file:///models/{random.Next(4)}",
        Location = "file:///models",
        Manifest = random.Next(2) == 0 ? Manifest() : null,
        Flavors = [new ModelFlavor("onnx") { Properties = Tags() }],
        RunId = random.Next(2) == 0 ? Pick(Runs) : null,
        Metrics = new Dictionary<string, double>(StringComparer.Ordinal) { ["auc"] = random.NextDouble(), ["loss"] = random.Next(2) == 0 ? double.NaN : double.PositiveInfinity },
        Datasets = [.. Enumerable.Range(0, random.Next(3)).Select(i => new DatasetInput { Name = $"set-{i}", Digest = Pick(Digests) })],
        Code = random.Next(2) == 0 ? new CodeState(random.Next(3) == 0 ? null : Pick(Digests), null, "main", true, "p") : null,
        Parents = [.. Enumerable.Range(0, random.Next(3)).Select(_ => new ModelVersionRef(Pick(Names), random.Next(1, 3)))],
        ParentKeys = [.. Enumerable.Range(0, Math.Min(Keys.Count, 2)).Select(_ => Keys[random.Next(Keys.Count)])],
    };

    private ModelManifest Manifest() => new() { Files = [new ModelFile("model.onnx", random.Next(), Convert.ToHexStringLower(new byte[32]))] };

    private PromotionTarget Target() => random.Next(2) == 0 ? PromotionTarget.Alias(Pick(Aliases)) : PromotionTarget.OfStage((ModelStage)random.Next(1, 4));

    private Dictionary<string, string> Tags() => TagKeys.Where(_ => random.Next(4) == 0).ToDictionary(key => key, _ => TagValue(), StringComparer.Ordinal);

    private string TagValue() => random.Next(3) == 0 ? "true" : Pick(s_texts);

    private string? MaybeText() => random.Next(3) == 0 ? null : Pick(s_texts);

    private T Pick<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];
}
