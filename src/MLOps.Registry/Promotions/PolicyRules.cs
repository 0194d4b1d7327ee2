using System.Globalization;
using MLOps.Registry.Signatures;

namespace MLOps.Registry.Promotions;

/// <summary>What a policy asks for, and whether a version has it. Knows no store.</summary>
internal static class PolicyRules
{
    /// <summary>Checks that a policy can be met and means what it says.</summary>
    public static void Check(PromotionPolicy policy, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(policy, parameterName);
        string? error = NameError(policy.Name, "A policy's name")
            ?? (policy.Approvals is < 0 or > 100 ? $"A policy asks for 0 to 100 approvals, not {policy.Approvals}." : null)
            ?? (policy.ProposalLifetime < TimeSpan.FromMinutes(1) || policy.ProposalLifetime > TimeSpan.FromDays(365) ? $"A proposal lives 1 minute to 365 days, not {policy.ProposalLifetime}." : null)
            ?? policy.Metrics.Select(MetricError).FirstOrDefault(problem => problem is not null)
            ?? policy.RequiredTags.Keys.Select(Limits.KeyError).FirstOrDefault(problem => problem is not null)
            ?? policy.RequiredEvidence.Select(name => NameError(name, "A name of evidence")).FirstOrDefault(problem => problem is not null)
            ?? (policy.RequiredEvidence.Distinct(StringComparer.Ordinal).Count() < policy.RequiredEvidence.Count ? "A policy names the same evidence twice." : null);
        if (error is not null)
            throw new ArgumentException(error, parameterName);
    }

    /// <summary>Checks evidence.</summary>
    public static void Check(Evidence evidence, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(evidence, parameterName);
        if ((NameError(evidence.Name, "The name of evidence") ?? NameError(evidence.Digest, "The digest of evidence")) is { } error)
            throw new ArgumentException(error, parameterName);
    }

    /// <summary>What a version breaks of the rules that time alone does not mend: metrics, signature and tags. A sentence each.</summary>
    public static IReadOnlyList<string> Failures(PromotionPolicy policy, ModelVersion version, ModelVersion? champion)
    {
        List<string> failures = [.. policy.Metrics.Select(rule => Failure(rule, version, champion)).OfType<string>()];
        if (policy.RequireCompatibleSignature && champion is not null)
        {
            if (version.Facts.Signature is not { } after)
                failures.Add("It has no signature, so that nobody knows whether callers can call it.");
            else if (champion.Facts.Signature is { } before && SignatureCompatibility.Check(before, after) is { IsCompatible: false } result)
                failures.AddRange(result.Problems.Select(problem => $"Its signature is not compatible with that of version {champion.Number}: {problem}"));
        }

        foreach ((string key, string? value) in policy.RequiredTags)
        {
            if (!version.Tags.TryGetValue(key, out string? actual))
                failures.Add($"It lacks the tag '{key}'.");
            else if (value is not null && actual != value)
                failures.Add($"Its tag '{key}' is '{actual}', not '{value}'.");
        }

        return failures;
    }

    /// <summary>The evidence that is missing or has failed.</summary>
    public static IEnumerable<string> MissingEvidence(Promotion promotion) =>
        promotion.Policy.RequiredEvidence.Where(name => !promotion.Evidence.Any(evidence => evidence.Name == name && evidence.Passed));

    /// <summary>Whether nothing is missing but the rules of <see cref="Failures"/>.</summary>
    public static bool IsComplete(Promotion promotion) => !MissingEvidence(promotion).Any() && promotion.ValidApprovers.Count >= promotion.Policy.Approvals;

    private static string? Failure(MetricRule rule, ModelVersion version, ModelVersion? champion)
    {
        if (!version.Facts.Metrics.TryGetValue(rule.Metric, out double value))
            return $"It lacks the metric '{rule.Metric}'.";
        if (double.IsNaN(value))
            return $"Its metric '{rule.Metric}' is NaN.";
        if (rule.AtLeast is { } least && value < least)
            return string.Create(CultureInfo.InvariantCulture, $"Its metric '{rule.Metric}' is {value}, less than {least}.");
        if (rule.AtMost is { } most && value > most)
            return string.Create(CultureInfo.InvariantCulture, $"Its metric '{rule.Metric}' is {value}, more than {most}.");
        if (!rule.NotWorseThanChampion || champion is null || !champion.Facts.Metrics.TryGetValue(rule.Metric, out double before) || double.IsNaN(before))
            return null;
        bool isWorse = rule.HigherIsBetter ? value < before - rule.Tolerance : value > before + rule.Tolerance;
        return isWorse ? string.Create(CultureInfo.InvariantCulture, $"Its metric '{rule.Metric}' is {value}, worse than {before} of version {champion.Number} by more than {rule.Tolerance}.") : null;
    }

    private static string? MetricError(MetricRule rule)
    {
        if (rule?.Metric is null)
            return "A rule on a metric names it.";
        if (Limits.KeyError(rule.Metric) is { } error)
            return error;
        if (rule is { AtLeast: null, AtMost: null, NotWorseThanChampion: false })
            return $"The rule on metric '{rule.Metric}' asks for nothing. Set AtLeast, AtMost or NotWorseThanChampion.";
        if (!double.IsFinite(rule.AtLeast ?? 0) || !double.IsFinite(rule.AtMost ?? 0) || !double.IsFinite(rule.Tolerance) || rule.Tolerance < 0)
            return $"The numbers of the rule on metric '{rule.Metric}' are finite, and its tolerance is not negative.";
        return rule.AtLeast > rule.AtMost ? $"No value of metric '{rule.Metric}' is at least {rule.AtLeast} and at most {rule.AtMost}." : null;
    }

    private static string? NameError(string? name, string what) =>
        name is { Length: > 0 and <= Limits.KeyLength } && !string.IsNullOrWhiteSpace(name) ? null : $"{what} has 1 to {Limits.KeyLength} characters; this one has {name?.Length ?? 0}.";
}
