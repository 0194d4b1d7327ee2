using System.Globalization;
using MLOps.Registry.Signatures;

namespace MLOps.Registry.Promotions;

/// <summary>What a version must be to be promoted, without evidence, approvals and files.</summary>
internal static class PromotionRules
{
    /// <summary>Says how a version breaks the rules.</summary>
    /// <param name="model">Its model.</param>
    /// <param name="candidate">The version.</param>
    /// <param name="target">Where it is to be promoted to.</param>
    /// <param name="policy">What guards that.</param>
    /// <param name="champion">The version that is there now; null when there is none.</param>
    /// <returns>Sentences; none when all rules hold.</returns>
    public static IReadOnlyList<string> Failures(RegisteredModel model, ModelVersion candidate, PromotionTarget target, PromotionPolicy policy, ModelVersion? champion)
    {
        if (champion?.Number == candidate.Number)
            return ["It is there already."];
        List<string> failures = [];
        if (candidate.Status != ModelVersionStatus.Ready)
            failures.Add($"Its status is {candidate.Status}; it must be {ModelVersionStatus.Ready}.");
        if (StageThatItWouldLeave(model, candidate, target) is { } guard)
            failures.Add($"It is in stage {candidate.Stage}, which policy '{guard.Name}' guards, and would leave it without a successor. Promote another version to that stage first.");
        failures.AddRange(policy.Metrics.SelectMany(rule => rule.Failures(candidate.Facts.Metrics, champion?.Facts.Metrics)));
        if (policy.RequireCompatibleSignature && champion is not null)
        {
            string number = champion.Number.ToString(CultureInfo.InvariantCulture);
            failures.AddRange(SignatureCompatibility.Check(champion.Facts.Signature, candidate.Facts.Signature).Problems.Select(problem => $"Callers of version {number} could not call it: {problem}."));
        }

        foreach ((string key, string? value) in policy.RequiredTags)
        {
            if (!candidate.Tags.TryGetValue(key, out string? actual))
                failures.Add(value is null ? $"Tag '{key}' is missing." : $"Tag '{key}' is missing; it must be '{value}'.");
            else if (value is not null && actual != value)
                failures.Add($"Tag '{key}' is '{actual}'; it must be '{value}'.");
        }

        return failures;
    }

    /// <summary>The policy of the stage that a version would leave; null where it may. From Staging to Production is the way that versions go.</summary>
    private static PromotionPolicy? StageThatItWouldLeave(RegisteredModel model, ModelVersion candidate, PromotionTarget target) =>
        target.AliasName is null && candidate.Stage != ModelStage.None && candidate.Stage != target.Stage && (candidate.Stage, target.Stage) != (ModelStage.Staging, ModelStage.Production)
            ? model.Policies.GetValueOrDefault(PromotionTarget.OfStage(candidate.Stage))
            : null;
}
