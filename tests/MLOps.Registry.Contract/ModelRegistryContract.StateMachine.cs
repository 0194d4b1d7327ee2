using FsCheck;
using FsCheck.Fluent;
using MLOps.Registry.Audit;
using MLOps.Registry.Contract.StateMachine;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Registry.Contract;

public abstract partial class ModelRegistryContract
{
    private int _sequences;

    /// <summary>Runs random sequences of everything that a registry does beside a plain model of it. A failure prints the shortest sequence that it was seen with, and the seed.</summary>
    [Fact]
    public async Task Whatever_is_done_in_any_order_a_plain_model_foretells()
    {
        Needs(RegistryCapabilities.AtomicCommit | RegistryCapabilities.Audit | RegistryCapabilities.Promotion);
        ulong seed = (ulong)new Random().NextInt64();
        Dictionary<string, int> outcomes = new(StringComparer.Ordinal);
        using TemporaryFolder files = new();
        await Task.Run(
            () => Check.One(
                Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(60, 1_000)).WithReplay(new Replay(new Rnd(seed), null)),
                Prop.ForAll(Operation.Sequences, sequence => FollowAsync(sequence, files.Path, outcomes).GetAwaiter().GetResult())),
            Cancellation);

        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}; {string.Join(", ", outcomes.OrderBy(outcome => outcome.Key, StringComparer.Ordinal).Select(outcome => $"{outcome.Key} {outcome.Value}"))}");
        string[] frequent = [nameof(AliasConflictException), nameof(PromotionRequiredException), nameof(PromotionRefusedException), nameof(PromotionStatus.Applied), nameof(PromotionStatus.Open)];
        string[] rare = [nameof(ApprovalRefusedException), nameof(ModelVersionInUseException), nameof(NoEarlierVersionException), nameof(PromotionChangedException), nameof(PromotionExpiredException), nameof(PromotionStaleException)];
        Assert.Empty(frequent.Concat(TestLength.IsFull ? rare : []).Except(outcomes.Keys));
        Assert.True((await Registry.VerifyAuditAsync(cancellationToken: Cancellation)).IsIntact);
        Assert.Empty(await Registry.VerifyAliasesAsync(Cancellation));
    }

    private async Task FollowAsync(Operation[] sequence, string files, Dictionary<string, int> outcomes)
    {
        // All sequences share the store: names tell them apart.
        string prefix = FormattableString.Invariant($"s{++_sequences}-");
        RegistryWorld world = new(prefix);
        List<Promotion> proposed = [];
        Dictionary<string, ModelRegistry> registries = OpenForAll(files);
        long before = (await Store.GetAuditHeadAsync(Cancellation)).Count;
        for (int i = 0; i < sequence.Length; i++)
        {
            string expected = world.Run(sequence[i]);
            if (sequence[i].Kind == OperationKind.Reopen)
            {
                await ReopenRegistryAsync();
                registries = OpenForAll(files);
            }

            string actual = await TryRunAsync(registries[sequence[i].Actor], sequence[i], prefix, proposed);
            Assert.True(expected == actual, $"Operation {i}, {sequence[i]}:\nexpected {expected}\nbut was  {actual}\nafter\n{string.Join<Operation>('\n', sequence.Take(i))}");
            string outcome = actual.Split(' ')[0];
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        foreach (bool reopened in (bool[])[false, true])
        {
            if (reopened)
                await ReopenRegistryAsync();
            Assert.Equal(Describe(world), await DescribeAsync(prefix, proposed));
        }

        Assert.Equal(world.Models.SelectMany(model => model.Value.Aliases.Select(alias => $"{model.Key}@{alias.Key} = {alias.Value.Version}")).Order(StringComparer.Ordinal), await ReplayAsync(before));
    }

    private Dictionary<string, ModelRegistry> OpenForAll(string files) => new[] { Ann, "bob", "cec" }.ToDictionary(
        actor => actor,
        actor => ModelRegistry.Open(r => r.UseStore(_ => Store, files).UseTimeProvider(Clock).UseActors(new Actor(actor))),
        StringComparer.Ordinal);

    private async Task<string> TryRunAsync(ModelRegistry registry, Operation operation, string prefix, List<Promotion> proposed)
    {
        try
        {
            return await RunAsync(registry, operation, operation.ModelIn(prefix), prefix, proposed);
        }
        catch (AliasConflictException conflict)
        {
            return $"{nameof(AliasConflictException)} {conflict.Expected} {conflict.Actual}";
        }
        catch (Exception refused) when (refused is MLOpsException or ArgumentException or InvalidOperationException)
        {
            return refused.GetType().Name;
        }
    }

    private async Task<string> RunAsync(ModelRegistry registry, Operation operation, string model, string prefix, List<Promotion> proposed)
    {
        Promotion? promotion = proposed.Count == 0 ? null : proposed[^(1 + ((operation.Version - 1) % Math.Min(proposed.Count, 2)))];
        switch (operation.Kind)
        {
            case OperationKind.Create:
                await registry.CreateModelAsync(model, cancellationToken: Cancellation);
                return "created";
            case OperationKind.Register:
                using (MemoryStream content = new([1, 2, 3]))
                {
                    RegisterOptions options = new() { Metrics = new Dictionary<string, double> { ["auc"] = operation.Choice / 11.0 } };
                    return $"version {(await registry.RegisterAsync(model, ModelContent.FromStream(content, new("model.bin")), options, cancellationToken: Cancellation)).Number}";
                }

            case OperationKind.Rename:
                await registry.RenameModelAsync(model, operation.NewNameIn(prefix), Cancellation);
                return "done";
            case OperationKind.DescribeModel:
                await registry.DescribeModelAsync(model, operation.Flag ? operation.Text : null, Cancellation);
                return "done";
            case OperationKind.TagModel:
                await registry.SetModelTagAsync(model, "k", operation.Text, Cancellation);
                return "done";
            case OperationKind.UntagModel:
                await registry.DeleteModelTagAsync(model, "k", Cancellation);
                return "done";
            case OperationKind.DescribeVersion:
                await registry.DescribeVersionAsync(model, operation.Version, operation.Flag ? operation.Text : null, Cancellation);
                return "done";
            case OperationKind.TagVersion:
                await registry.SetVersionTagAsync(model, operation.Version, "k", operation.Text, Cancellation);
                return "done";
            case OperationKind.UntagVersion:
                await registry.DeleteVersionTagAsync(model, operation.Version, "k", Cancellation);
                return "done";
            case OperationKind.Stage:
                return $"{(await registry.TransitionStageAsync(model, operation.Version, operation.Stage, operation.Flag, cancellationToken: Cancellation)).Stage}";
            case OperationKind.MoveAlias:
                return Describe(await registry.MoveAliasAsync(model, operation.Alias, operation.Version, cancellationToken: Cancellation));
            case OperationKind.SwapAlias:
                return Describe(await registry.MoveAliasAsync(model, operation.Alias, operation.Version, operation.Choice % 6, cancellationToken: Cancellation));
            case OperationKind.RemoveAlias:
                return $"{await registry.RemoveAliasAsync(model, operation.Alias, operation.Flag ? operation.Version : null, cancellationToken: Cancellation)}";
            case OperationKind.Rollback:
                return Describe(await registry.RollbackAsync(model, operation.Alias, operation.Flag ? operation.Version : null, cancellationToken: Cancellation));
            case OperationKind.DeleteVersion:
                await registry.DeleteVersionAsync(model, operation.Version, removeAliases: operation.Flag, cancellationToken: Cancellation);
                return "done";
            case OperationKind.DeleteModel:
                await registry.DeleteModelAsync(model, cancellationToken: Cancellation);
                return "done";
            case OperationKind.SetPolicy:
                await registry.SetPolicyAsync(model, operation.Target, RegistryWorld.Policies[operation.Choice % RegistryWorld.Policies.Length], cancellationToken: Cancellation);
                return "done";
            case OperationKind.RemovePolicy:
                return $"{await registry.RemovePolicyAsync(model, operation.Target, cancellationToken: Cancellation)}";
            case OperationKind.Propose:
                Promotion made = await registry.ProposeAsync(model, operation.Version, operation.Target, operation.Flag ? [new Evidence("drift", true, "given")] : null, cancellationToken: Cancellation);
                proposed.Add(made);
                return Describe(made);
            case OperationKind.GiveEvidence or OperationKind.Approve or OperationKind.ApproveAsFirstRead or OperationKind.Reject when promotion is null:
                return "nothing is proposed";
            case OperationKind.GiveEvidence:
                return Describe(await registry.GiveEvidenceAsync(promotion!.Id, new Evidence(operation.Name % 2 == 0 ? "drift" : "bias", operation.Choice % 3 > 0, operation.Text), Cancellation));
            case OperationKind.Approve:
                return Describe(await registry.ApproveAsync(await registry.GetPromotionAsync(promotion!.Id, Cancellation), cancellationToken: Cancellation));
            case OperationKind.ApproveAsFirstRead:
                return Describe(await registry.ApproveAsync(promotion!, cancellationToken: Cancellation));
            case OperationKind.Reject:
                return Describe(await registry.RejectAsync(promotion!.Id, cancellationToken: Cancellation));
            case OperationKind.GetByAlias:
                return $"version {(await registry.GetVersionAsync(model, operation.Alias, Cancellation)).Number}";
            case OperationKind.GetLatest:
                return $"version {(await registry.GetVersionAsync(model, "latest", Cancellation)).Number}";
            case OperationKind.Wait:
                Clock.Advance(TimeSpan.FromSeconds(61));
                return "waited";
            default:
                return "reopened";
        }
    }

    private static new string Describe(ModelAlias alias) => $"{alias.Version} after {string.Join(',', alias.Earlier)}";

    private static string Describe(Promotion promotion) =>
        $"{promotion.Status} {promotion.Version} {promotion.Target} over {promotion.Champion ?? 0} by {promotion.ProposedBy}: "
        + $"{string.Join(';', promotion.Evidence.Select(evidence => $"[{evidence.Name}, ({evidence.Passed}, {evidence.Digest})]"))} {string.Join(',', promotion.ValidApprovers.Order(StringComparer.Ordinal))}";

    private static string Describe(RegistryWorld world) => string.Join(
        '\n',
        [
            .. world.Models.OrderBy(model => model.Key, StringComparer.Ordinal).SelectMany(model => (string[])
            [
                $"{model.Key}: {model.Value.Description} {string.Join(',', model.Value.Tags)} last {model.Value.Last} guards {string.Join(',', model.Value.Policies.Select(policy => $"{policy.Key} {policy.Value.Name}").Order(StringComparer.Ordinal))}",
                .. model.Value.Aliases.Select(alias => $"  {alias.Key}: {alias.Value}"),
                .. model.Value.Versions.Select(version => $"  {version.Key}: {version.Value.Description} {string.Join(',', version.Value.Tags)} {version.Value.Stage} {version.Value.User} {version.Value.Auc:R} {string.Join(',', model.Value.Aliases.Where(alias => alias.Value.Version == version.Key).Select(alias => alias.Key))}"),
            ]),
            .. world.Proposals.Select(proposal => world.Models.ContainsValue(proposal.Model) ? $"{proposal}" : "gone"),
        ]);

    private async Task<string> DescribeAsync(string prefix, List<Promotion> proposed)
    {
        List<string> lines = [];
        foreach (RegisteredModel model in (await Store.FindModelsAsync(RegisteredModelQuery.Parse($"name LIKE '{prefix}%'"), new(), Cancellation)).Items)
        {
            lines.Add($"{model.Name}: {model.Description} {string.Join(',', model.Tags)} last {model.LastNumber} guards {string.Join(',', model.Policies.Select(policy => $"{policy.Key} {policy.Value.Name}").Order(StringComparer.Ordinal))}");
            lines.AddRange(model.Aliases.Select(alias => $"  {alias.Name}: {Describe(alias)}"));
            foreach (ModelVersion version in (await Store.FindVersionsAsync(new ModelVersionQuery { Filter = VersionField.Model.EqualTo(model.Name), OrderBy = [VersionField.Number.Ascending] }, new(), Cancellation)).Items)
                lines.Add($"  {version.Number}: {version.Description} {string.Join(',', version.Tags)} {version.Stage} {version.User} {version.Facts.Metrics["auc"]:R} {string.Join(',', version.Aliases)}");
        }

        foreach (Promotion promotion in proposed)
            lines.Add(await Store.FindPromotionAsync(promotion.Id, Cancellation) is { } kept ? Describe(kept) : "gone");
        return string.Join('\n', lines);
    }

    /// <summary>Where the aliases of the models that are left point to, from the audit log alone.</summary>
    private async Task<IEnumerable<string>> ReplayAsync(long after)
    {
        Dictionary<Guid, string> names = [];
        Dictionary<(Guid Model, string Alias), int> aliases = [];
        foreach (AuditEvent change in (await Store.ReadAuditAsync(after, 10_000, Cancellation)).Select(record => record.Read()))
        {
            switch (change.Change)
            {
                case RegistryEvent.ModelCreated created:
                    names[change.ModelKey] = created.Name;
                    break;
                case RegistryEvent.ModelRenamed renamed:
                    names[change.ModelKey] = renamed.To;
                    break;
                case RegistryEvent.ModelDeleted:
                    names.Remove(change.ModelKey);
                    break;
                case RegistryEvent.AliasMoved moved:
                    aliases.TryGetValue((change.ModelKey, moved.Alias), out int from);
                    Assert.Equal(from, moved.From ?? 0);
                    aliases[(change.ModelKey, moved.Alias)] = moved.To;
                    break;
                case RegistryEvent.AliasRemoved removed:
                    Assert.True(aliases.Remove((change.ModelKey, removed.Alias), out int last) && last == removed.From);
                    break;
            }
        }

        return aliases.Where(alias => names.ContainsKey(alias.Key.Model)).Select(alias => $"{names[alias.Key.Model]}@{alias.Key.Alias} = {alias.Value}").Order(StringComparer.Ordinal);
    }
}
