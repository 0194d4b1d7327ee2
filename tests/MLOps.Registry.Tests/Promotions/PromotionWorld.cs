using MLOps.Registry.Promotions;

namespace MLOps.Registry.Tests.Promotions;

/// <summary>A few actors and what they do, and beside it what a bystander expects, who knows the policy in plain words.</summary>
public sealed class PromotionWorld : PromotionTestBase
{
    private static readonly string[] s_actors = [Ada, Ben, Cem, Dee];
    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(8);

    private readonly List<Said> _promotions = [];
    private readonly HashSet<int> _reviewed = [];
    private readonly List<int> _before = [];
    private readonly int[] _versions = new int[3];
    private int _champion;
    private int _approvals;

    /// <summary>How many promotions were applied.</summary>
    public int Applied { get; private set; }

    public async Task PrepareAsync()
    {
        for (int i = 0; i < _versions.Length; i++)
            _versions[i] = await RegisterAsync();
        await SetPolicyAsync(2);
        foreach (int version in _versions)
            await ReviewAsync(version, isReviewed: true);
    }

    public async Task TakeAsync(PromotionStep step)
    {
        Said? said = _promotions.Count == 0 ? null : _promotions[Math.Max(0, _promotions.Count - 1 - (step.Which % 3))];
        string actor = s_actors[step.Who % s_actors.Length];
        int version = _versions[step.Which % _versions.Length];
        Evidence result = Drift with { Passed = step.Detail % 3 > 0, Digest = $"sha256:{step.Detail / 3 % 2}" };
        string what = (step.What % 100) switch
        {
            < 20 => await ProposeAsync(actor, version, step.Detail < 128 ? null : result),
            < 65 when said is not null => await ApproveAsync(actor, said, isReadAnew: step.Detail % 8 > 0),
            < 80 when said is not null => await GiveAsync(actor, said, result),
            < 83 when said is not null => await RejectAsync(actor, said),
            < 86 => await ReviewAsync(version, isReviewed: step.Detail % 3 > 0),
            < 88 => await SetPolicyAsync(step.Detail % 3),
            < 92 => await RollBackAsync(),
            _ => Wait(step.Detail % 4),
        };
        int champion = await ChampionAsync() ?? 0;
        Assert.True(champion == _champion, $"{step}, {actor}: after {what} the champion is {champion}, not {_champion}.");
    }

    public async Task CheckAsync()
    {
        IReadOnlyList<Promotion> applied = await Registry.FindPromotionsAsync(Model, PromotionStatus.Applied, Cancel);
        Assert.Equal(Applied, applied.Count);
        Assert.All(applied, promotion => Assert.True(promotion.ValidApprovers.Count >= promotion.Policy.Approvals));
    }

    private async Task<string> ProposeAsync(string actor, int version, Evidence? evidence)
    {
        Actor = actor;
        bool isLegal = version != _champion && _reviewed.Contains(version);
        Promotion? promotion = await SucceedsAsync(isLegal, () => Registry.ProposeAsync(Model, version, Champion, evidence is null ? [] : [evidence], cancellationToken: Cancel));
        if (promotion is null)
            return "a proposal that is refused";
        Said said = new(promotion, actor, version, _champion, _approvals, Clock.GetUtcNow() + s_lifetime) { Evidence = evidence };
        _promotions.Add(said);
        ApplyIfMet(said);
        return "a proposal";
    }

    private async Task<string> ApproveAsync(string actor, Said said, bool isReadAnew)
    {
        Actor = actor;
        Promotion read = isReadAnew ? await Registry.GetPromotionAsync(said.Read.Id, Cancel) : said.Read;
        bool isSeen = isReadAnew || said.Evidence == said.EvidenceRead;
        bool isLegal = IsAlive(said) && isSeen && actor != said.Proposer && actor != Ada && !said.Approvals.Contains((actor, said.Evidence)) && _reviewed.Contains(said.Version);
        if (await SucceedsAsync(isLegal, () => Registry.ApproveAsync(read, cancellationToken: Cancel)) is null)
            return "an approval that is refused";
        said.Approvals.Add((actor, said.Evidence));
        ApplyIfMet(said);
        return "an approval";
    }

    private async Task<string> GiveAsync(string actor, Said said, Evidence evidence)
    {
        Actor = actor;
        bool isLegal = IsAlive(said) && (_reviewed.Contains(said.Version) || !IsMet(said, evidence));
        if (await SucceedsAsync(isLegal, () => Registry.GiveEvidenceAsync(said.Read.Id, evidence, Cancel)) is null)
            return "evidence that is refused";
        said.Evidence = evidence;
        ApplyIfMet(said);
        return "evidence";
    }

    private async Task<string> RejectAsync(string actor, Said said)
    {
        Actor = actor;
        await SucceedsAsync(!said.IsClosed, () => Registry.RejectAsync(said.Read.Id, cancellationToken: Cancel));
        said.IsClosed = true;
        return "a rejection";
    }

    private async Task<string> ReviewAsync(int version, bool isReviewed)
    {
        if (isReviewed && _reviewed.Add(version))
            await Registry.SetVersionTagAsync(Model, version, "reviewed", "yes", Cancel);
        else if (!isReviewed && _reviewed.Remove(version))
            await Registry.DeleteVersionTagAsync(Model, version, "reviewed", Cancel);
        return "a review";
    }

    private async Task<string> SetPolicyAsync(int approvals)
    {
        await GuardAsync(new PromotionPolicy
        {
            Name = "p", Approvals = approvals, RequiredEvidence = ["drift"], RequiredTags = new Dictionary<string, string?> { ["reviewed"] = "yes" }, ProposalLifetime = s_lifetime,
        });
        _approvals = approvals;
        return "another policy";
    }

    private async Task<string> RollBackAsync()
    {
        if (await SucceedsAsync(_before.Count > 0, () => Registry.RollbackAsync(Model, "champion", cancellationToken: Cancel)) is not null)
        {
            _champion = _before[^1];
            _before.RemoveAt(_before.Count - 1);
        }

        return "a rollback";
    }

    private string Wait(int hours)
    {
        Clock.Advance(TimeSpan.FromHours(hours));
        return "a wait";
    }

    /// <summary>Does something that must succeed, or must be refused.</summary>
    private static async Task<T?> SucceedsAsync<T>(bool isLegal, Func<Task<T>> act)
        where T : class
    {
        if (isLegal)
            return await act();
        Assert.IsAssignableFrom<MLOpsException>(await Record.ExceptionAsync(act));
        return null;
    }

    private bool IsAlive(Said said) => !said.IsClosed && Clock.GetUtcNow() < said.Until && said.Policy == _approvals && said.Champion == _champion;

    private static bool IsMet(Said said, Evidence? evidence) => evidence is { Passed: true } && said.Approvals.Count(approval => approval.Evidence == evidence) >= said.Policy;

    private void ApplyIfMet(Said said)
    {
        if (!IsMet(said, said.Evidence))
            return;
        if (_champion != 0)
            _before.Add(_champion);
        if (_before.Count > 100)
            _before.RemoveAt(0);
        _champion = said.Version;
        said.IsClosed = true;
        Applied++;
    }

    /// <summary>A promotion as a bystander remembers it: a policy is told by how many must approve.</summary>
    private sealed class Said(Promotion read, string proposer, int version, int champion, int policy, DateTimeOffset until)
    {
        public Promotion Read { get; } = read;

        public string Proposer { get; } = proposer;

        public int Version { get; } = version;

        public int Champion { get; } = champion;

        public int Policy { get; } = policy;

        public DateTimeOffset Until { get; } = until;

        public Evidence? Evidence { get; set; }

        public Evidence? EvidenceRead { get; } = read.Evidence.Count == 0 ? null : read.Evidence[0];

        public HashSet<(string Actor, Evidence? Evidence)> Approvals { get; } = [];

        public bool IsClosed { get; set; }
    }
}
