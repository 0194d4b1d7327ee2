using System.Collections.ObjectModel;
using MLOps.Tracking.Search;

namespace MLOps.Tracking;

/// <summary>Which runs are kept, and which are deleted and later purged.</summary>
/// <remarks>
/// Of the runs that the policy applies to, one goes when every rule that is set lets it go: it has ended longer ago than <see cref="MaxAge"/>, it is not among the <see cref="KeepNewest"/> of its
/// experiment, and it has none of the <see cref="KeepTags"/> and no version of a registered model (<see cref="WellKnownTags.RegisteredModels"/>). A run that has not ended never goes, nor does one that is open in this process. A parent goes only when all its children that are in use go,
/// whatever keeps them and whichever experiment they are in; a child goes without its parent.
/// </remarks>
/// <example><code>new RetentionPolicy { MaxAge = TimeSpan.FromDays(90), KeepNewest = 20, KeepTags = new Dictionary&lt;string, string?&gt; { ["keep"] = null } }</code></example>
public sealed record RetentionPolicy
{
    /// <summary>How long a run stays after its end. Null, the default: age decides nothing, and <see cref="KeepNewest"/> must be set. Not negative.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>How many runs of each experiment stay whatever their age: those that started last, of the runs that the policy applies to, running ones included. Null, the default: number protects nothing, and <see cref="MaxAge"/> must be set. At least 1.</summary>
    public int? KeepNewest { get; init; }

    /// <summary>Runs with one of these tags stay: with this value, or with any where it is null. They also stay when they are softly deleted already. Default: none.</summary>
    public IReadOnlyDictionary<string, string?> KeepTags { get; init; } = ReadOnlyDictionary<string, string?>.Empty;

    /// <summary>The experiments that the policy applies to, by name. Null, the default: all.</summary>
    public IReadOnlyList<string>? ExperimentNames { get; init; }

    /// <summary>The runs that the policy applies to, for example <c>SearchFilter.Parse("tags.stage = 'sweep'", SearchVocabulary.Runs)</c>. Default: all.</summary>
    public SearchFilter Filter { get; init; } = SearchFilter.Everything;

    /// <summary>How long after their deletion, by whomever, runs that the policy applies to are purged for good, and with them deleted experiments that have no runs left. Null: never. Default: 30 days; not negative.</summary>
    public TimeSpan? PurgeAfter { get; init; } = TimeSpan.FromDays(30);

    internal void Check(string parameterName)
    {
        if (MaxAge is null && KeepNewest is null)
            throw new ArgumentException("A policy without MaxAge and KeepNewest would delete every run that has ended. Set one of them.", parameterName);
        if (MaxAge < TimeSpan.Zero || PurgeAfter < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(parameterName, "MaxAge and PurgeAfter are not negative.");
        if (KeepNewest < 1)
            throw new ArgumentOutOfRangeException(parameterName, KeepNewest, "KeepNewest is at least 1. Leave it out to let age alone decide.");
        ArgumentNullException.ThrowIfNull(KeepTags, parameterName);
        SearchVocabulary.Runs.Check(Filter, []);
    }
}
