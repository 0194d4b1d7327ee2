using System.Globalization;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.LoggedModels;

/// <summary>Which logged models to find, and in which order.</summary>
public sealed record LoggedModelQuery
{
    /// <summary>The experiments to look in; at least one.</summary>
    public required IReadOnlyList<ExperimentId> Experiments { get; init; }

    /// <summary>Conditions that must all hold. Default: none.</summary>
    public SearchFilter Filter { get; init; } = SearchFilter.Everything;

    /// <summary>Conditions on metrics hold only where the metric was measured on one of these datasets; none means whatever it was measured on. A digest that is null stands for any.</summary>
    public IReadOnlyList<(string Name, string? Digest)> Datasets { get; init; } = [];

    /// <summary>The order, most important key first, no field twice; what lacks a value comes last. Equal models are ordered by when they were made, the newest first, then by id.</summary>
    public IReadOnlyList<LoggedModelOrder> OrderBy { get; init; } = [];

    /// <summary>Which models to show by lifecycle; null shows both. Default: those in use.</summary>
    public Lifecycle? Lifecycle { get; init; } = MLOps.Tracking.Lifecycle.Active;

    /// <summary>The question in one text, the same for the same question: what a page token is bound to.</summary>
    public string Canonical => string.Create(
        CultureInfo.InvariantCulture,
        $"logged models|{string.Join(',', Experiments)}|{Lifecycle}|{Filter}|{string.Join(',', Datasets)}|{string.Join(',', OrderBy)}");
}
