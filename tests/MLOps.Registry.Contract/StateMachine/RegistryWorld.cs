using MLOps.Registry.Promotions;

namespace MLOps.Registry.Contract.StateMachine;

/// <summary>What a registry should be after a sequence of operations: its rules once more, in plain collections, without store, revision or event.</summary>
/// <remarks>Each operation answers with its result as a text, or with the name of the exception that it should raise.</remarks>
internal sealed class RegistryWorld(string prefix)
{
    /// <summary>The policies that sequences set.</summary>
    public static PromotionPolicy[] Policies { get; } =
    [
        new() { Name = "open" },
        new() { Name = "checked", Approvals = 1, RequiredEvidence = ["drift"] },
        new() { Name = "two", Approvals = 2, RequiredTags = new Dictionary<string, string?> { ["k"] = null }, ProposalLifetime = TimeSpan.FromMinutes(1) },
        new() { Name = "metric", Metrics = [new MetricRule("auc") { AtLeast = 0.2, NotWorseThanChampion = true }], RequiredEvidence = ["bias"] },
    ];

    public Dictionary<string, Model> Models { get; } = new(StringComparer.Ordinal);

    /// <summary>All that were ever proposed, in order, also those of models that are gone.</summary>
    public List<Proposal> Proposals { get; } = [];

    public TimeSpan Time { get; set; }

    public string Run(Operation operation)
    {
        string name = operation.ModelIn(prefix);
        Model? model = Models.GetValueOrDefault(name);
        switch (operation.Kind)
        {
            case OperationKind.Create:
                return Models.TryAdd(name, new Model()) ? "created" : nameof(ModelExistsException);
            case OperationKind.Register:
                Models.TryAdd(name, new Model());
                model = Models[name];
                model.Versions.Add(++model.Last, new Version { User = operation.Actor, Auc = operation.Choice / 11.0 });
                return $"version {model.Last}";
            case OperationKind.GiveEvidence or OperationKind.Approve or OperationKind.ApproveAsFirstRead or OperationKind.Reject:
                return Change(operation);
            case OperationKind.Wait:
                Time += TimeSpan.FromSeconds(61);
                return "waited";
            case OperationKind.Reopen:
                return "reopened";
        }

        if (model is null)
            return operation is { Kind: OperationKind.Stage, Flag: true, Stage: ModelStage.None or ModelStage.Archived } ? nameof(ArgumentException) : nameof(ModelNotFoundException);
        return operation.Kind switch
        {
            OperationKind.Rename => Rename(name, model, operation.NewNameIn(prefix)),
            OperationKind.DescribeModel => Done(model.Description = operation.Flag ? operation.Text : null),
            OperationKind.TagModel => Done(model.Tags["k"] = operation.Text),
            OperationKind.UntagModel => Done(model.Tags.Remove("k")),
            OperationKind.MoveAlias => Move(model, operation, expected: null),
            OperationKind.SwapAlias => Move(model, operation, operation.Choice % 6),
            OperationKind.RemoveAlias => Remove(model, operation),
            OperationKind.DeleteModel => Delete(name, model),
            OperationKind.SetPolicy => Done(model.Policies[operation.Target] = Policies[operation.Choice % Policies.Length]),
            OperationKind.RemovePolicy => $"{model.Policies.Remove(operation.Target)}",
            OperationKind.Propose => Propose(model, operation),
            OperationKind.Rollback => Rollback(model, operation),
            OperationKind.GetByAlias => model.Aliases.TryGetValue(operation.Alias, out Alias? alias) ? $"version {alias.Version}" : nameof(AliasNotFoundException),
            OperationKind.GetLatest => model.Versions.Count > 0 ? $"version {model.Versions.Keys.Max()}" : nameof(ModelVersionNotFoundException),
            _ => ChangeVersion(model, operation),
        };
    }

    private static string Done(object? _) => "done";

    private static string ChangeVersion(Model model, Operation operation)
    {
        if (operation is { Kind: OperationKind.Stage, Flag: true, Stage: ModelStage.None or ModelStage.Archived })
            return nameof(ArgumentException);
        if (!model.Versions.TryGetValue(operation.Version, out Version? version))
            return nameof(ModelVersionNotFoundException);
        switch (operation.Kind)
        {
            case OperationKind.DescribeVersion:
                return Done(version.Description = operation.Flag ? operation.Text : null);
            case OperationKind.TagVersion:
                return Done(version.Tags["k"] = operation.Text);
            case OperationKind.UntagVersion:
                return Done(version.Tags.Remove("k"));
            case OperationKind.Stage:
                List<Version> others = operation.Flag ? [.. model.Versions.Values.Where(other => other != version && other.Stage == operation.Stage)] : [];
                IEnumerable<ModelStage> touched = version.Stage == operation.Stage ? [] : [version.Stage, operation.Stage];
                if (others.Count > 0)
                    touched = [.. touched, operation.Stage, ModelStage.Archived];
                if (touched.Any(stage => stage != ModelStage.None && model.Policies.ContainsKey(PromotionTarget.OfStage(stage))))
                    return nameof(PromotionRequiredException);
                version.Stage = operation.Stage;
                others.ForEach(other => other.Stage = ModelStage.Archived);
                return $"{version.Stage}";
            default:
                string[] aliases = [.. model.Aliases.Where(alias => alias.Value.Version == operation.Version).Select(alias => alias.Key)];
                if (aliases.Any(alias => model.Policies.ContainsKey(PromotionTarget.Alias(alias))) || (version.Stage != ModelStage.None && model.Policies.ContainsKey(PromotionTarget.OfStage(version.Stage))))
                    return nameof(PromotionRequiredException);
                if (aliases.Length > 0 && !operation.Flag)
                    return nameof(ModelVersionInUseException);
                foreach (string alias in aliases)
                    model.Aliases.Remove(alias);
                model.Versions.Remove(operation.Version);
                return "done";
        }
    }

    private string Rename(string name, Model model, string newName)
    {
        if (newName == name)
            return "done";
        if (model.IsGuardedInUse)
            return nameof(PromotionRequiredException);
        if (!Models.TryAdd(newName, model))
            return nameof(ModelExistsException);
        Models.Remove(name);
        return "done";
    }

    private string Delete(string name, Model model)
    {
        if (model.IsGuardedInUse)
            return nameof(PromotionRequiredException);
        Models.Remove(name);
        return "done";
    }

    private static string Move(Model model, Operation operation, int? expected)
    {
        int actual = model.VersionOf(operation.Alias);
        if (expected is not null && expected != actual)
            return $"{nameof(AliasConflictException)} {expected} {actual}";
        if (model.Policies.ContainsKey(PromotionTarget.Alias(operation.Alias)))
            return nameof(PromotionRequiredException);
        if (!model.Versions.ContainsKey(operation.Version))
            return nameof(ModelVersionNotFoundException);
        return model.Point(operation.Alias, operation.Version).ToString();
    }

    private static string Remove(Model model, Operation operation)
    {
        int actual = model.VersionOf(operation.Alias);
        if (operation.Flag && operation.Version != actual)
            return $"{nameof(AliasConflictException)} {operation.Version} {actual}";
        if (actual == 0)
            return "False";
        if (model.Policies.ContainsKey(PromotionTarget.Alias(operation.Alias)))
            return nameof(PromotionRequiredException);
        model.Aliases.Remove(operation.Alias);
        return "True";
    }

    private static string Rollback(Model model, Operation operation)
    {
        int actual = model.VersionOf(operation.Alias);
        if (operation.Flag && operation.Version != actual)
            return $"{nameof(AliasConflictException)} {operation.Version} {actual}";
        if (actual == 0)
            return nameof(AliasNotFoundException);
        Alias alias = model.Aliases[operation.Alias];
        int place = alias.Earlier.FindLastIndex(earlier => earlier != actual && model.Versions.ContainsKey(earlier));
        if (place < 0)
            return nameof(NoEarlierVersionException);
        alias.Version = alias.Earlier[place];
        alias.Earlier.RemoveRange(place, alias.Earlier.Count - place);
        return alias.ToString();
    }

    private string Propose(Model model, Operation operation)
    {
        if (!model.Policies.TryGetValue(operation.Target, out PromotionPolicy? policy))
            return nameof(InvalidOperationException);
        if (!model.Versions.ContainsKey(operation.Version))
            return nameof(ModelVersionNotFoundException);
        Proposal proposal = new(model, operation.Version, operation.Target, policy, model.ChampionOf(operation.Target), operation.Actor, Time + policy.ProposalLifetime);
        if (operation.Flag)
            proposal.Evidence["drift"] = (true, "given");
        if (proposal.IsBroken)
            return nameof(PromotionRefusedException);
        Proposals.Add(proposal);
        proposal.ApplyWhenMet();
        return proposal.ToString();
    }

    private string Change(Operation operation)
    {
        if (Proposals.Count == 0)
            return "nothing is proposed";
        Proposal proposal = Proposals[^(1 + ((operation.Version - 1) % Math.Min(Proposals.Count, 2)))];
        if (!Models.ContainsValue(proposal.Model))
            return nameof(PromotionNotFoundException);
        if (proposal.Status != PromotionStatus.Open)
            return nameof(PromotionClosedException);
        if (operation.Kind == OperationKind.Reject)
        {
            proposal.Status = PromotionStatus.Rejected;
            return proposal.ToString();
        }

        if (Time >= proposal.ExpiresAt)
            return nameof(PromotionExpiredException);
        if (proposal.Model.Policies.GetValueOrDefault(proposal.Target) != proposal.Policy)
            return nameof(PromotionStaleException);
        int champion = proposal.Model.ChampionOf(proposal.Target);
        if (champion != proposal.Champion)
            return proposal.Target.AliasName is null ? nameof(PromotionStaleException) : $"{nameof(AliasConflictException)} {proposal.Champion} {champion}";
        if (!proposal.Model.Versions.TryGetValue(proposal.Number, out Version? version))
            return nameof(ModelVersionNotFoundException);
        return operation.Kind == OperationKind.GiveEvidence ? GiveEvidence(proposal, operation) : Approve(proposal, version, operation);
    }

    private static string GiveEvidence(Proposal proposal, Operation operation)
    {
        string name = operation.Name % 2 == 0 ? "drift" : "bias";
        bool was = proposal.Evidence.TryGetValue(name, out (bool Passed, string Digest) before);
        proposal.Evidence[name] = (operation.Choice % 3 > 0, operation.Text);
        if (proposal.IsMet && proposal.IsBroken)
        {
            // Refused with the evidence.
            if (was)
                proposal.Evidence[name] = before;
            else
                proposal.Evidence.Remove(name);
            return nameof(PromotionRefusedException);
        }

        proposal.ApplyWhenMet();
        return proposal.ToString();
    }

    private static string Approve(Proposal proposal, Version version, Operation operation)
    {
        if (operation.Kind == OperationKind.ApproveAsFirstRead && proposal.Seen != proposal.FirstSeen)
            return nameof(PromotionChangedException);
        if (operation.Actor == proposal.ProposedBy || operation.Actor == version.User || proposal.Approvers.Contains(operation.Actor))
            return nameof(ApprovalRefusedException);
        if (proposal.IsBroken)
            return nameof(PromotionRefusedException);
        proposal.Approvals.Add((operation.Actor, proposal.Seen));
        proposal.ApplyWhenMet();
        return proposal.ToString();
    }

    internal sealed class Version
    {
        public required string User { get; init; }

        public required double Auc { get; init; }

        public string? Description { get; set; }

        public Dictionary<string, string> Tags { get; } = [];

        public ModelStage Stage { get; set; }
    }

    internal sealed class Alias
    {
        public int Version { get; set; }

        public List<int> Earlier { get; } = [];

        public override string ToString() => $"{Version} after {string.Join(',', Earlier)}";
    }

    internal sealed class Model
    {
        public int Last { get; set; }

        public string? Description { get; set; }

        public Dictionary<string, string> Tags { get; } = [];

        public SortedDictionary<int, Version> Versions { get; } = [];

        public SortedDictionary<string, Alias> Aliases { get; } = new(StringComparer.Ordinal);

        public Dictionary<PromotionTarget, PromotionPolicy> Policies { get; } = [];

        public bool IsGuardedInUse => Policies.Keys.Any(target => ChampionOf(target) != 0);

        public int VersionOf(string alias) => Aliases.GetValueOrDefault(alias)?.Version ?? 0;

        public int ChampionOf(PromotionTarget target) => target.AliasName is { } alias ? VersionOf(alias) : Versions.LastOrDefault(version => version.Value.Stage == target.Stage).Key;

        public Alias Point(string name, int to)
        {
            if (!Aliases.TryGetValue(name, out Alias? alias))
                Aliases[name] = alias = new Alias { Version = to };
            if (alias.Version != to)
                alias.Earlier.Add(alias.Version);
            alias.Version = to;
            return alias;
        }
    }

    internal sealed class Proposal(Model model, int number, PromotionTarget target, PromotionPolicy policy, int champion, string proposedBy, TimeSpan expiresAt)
    {
        private string? _firstSeen;

        public Model Model => model;

        public int Number => number;

        public PromotionTarget Target => target;

        public PromotionPolicy Policy => policy;

        public int Champion => champion;

        public string ProposedBy => proposedBy;

        public TimeSpan ExpiresAt => expiresAt;

        public PromotionStatus Status { get; set; }

        public SortedDictionary<string, (bool Passed, string Digest)> Evidence { get; } = new(StringComparer.Ordinal);

        public List<(string Actor, string Seen)> Approvals { get; } = [];

        /// <summary>What an approver looks at: the rest of a promotion does not change.</summary>
        public string Seen => string.Join(';', Evidence);

        public string FirstSeen => _firstSeen ?? "";

        public HashSet<string> Approvers => [.. Approvals.Where(approval => approval.Seen == Seen).Select(approval => approval.Actor)];

        public bool IsMet => policy.RequiredEvidence.All(name => Evidence.TryGetValue(name, out (bool Passed, string) given) && given.Passed) && Approvers.Count >= policy.Approvals;

        public bool IsBroken
        {
            get
            {
                Version version = model.Versions[number], before = model.Versions.GetValueOrDefault(champion) ?? version;
                return champion == number
                    || (target.AliasName is null && version.Stage != ModelStage.None && version.Stage != target.Stage && (version.Stage, target.Stage) != (ModelStage.Staging, ModelStage.Production) && model.Policies.ContainsKey(PromotionTarget.OfStage(version.Stage)))
                    || (policy.Metrics.Count > 0 && (version.Auc < 0.2 || version.Auc < before.Auc))
                    || (policy.RequiredTags.Count > 0 && !version.Tags.ContainsKey("k"));
            }
        }

        public void ApplyWhenMet()
        {
            _firstSeen ??= Seen;
            if (!IsMet)
                return;
            Status = PromotionStatus.Applied;
            if (target.AliasName is { } alias)
            {
                model.Point(alias, number);
                return;
            }

            foreach (Version other in model.Versions.Values.Where(other => other.Stage == target.Stage))
                other.Stage = ModelStage.Archived;
            model.Versions[number].Stage = target.Stage;
        }

        public override string ToString() => $"{Status} {number} {target} over {champion} by {proposedBy}: {Seen} {string.Join(',', Approvers.Order(StringComparer.Ordinal))}";
    }
}
