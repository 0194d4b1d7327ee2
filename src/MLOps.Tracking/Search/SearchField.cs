namespace MLOps.Tracking.Search;

/// <summary>What a comparison or an order key looks at.</summary>
/// <param name="Entity">What the field belongs to.</param>
/// <param name="Key">The key of the metric, param or tag, or the canonical name of the attribute (<c>start_time</c>) or dataset property (<c>name</c>, <c>digest</c>, <c>context</c>). Case counts.</param>
public readonly record struct SearchField(SearchEntity Entity, string Key)
{
    /// <summary>The field as the grammar writes it, for example <c>metrics.accuracy</c> or <c>params.`learning rate`</c>.</summary>
    /// <returns>The text; a key that needs quotes has them.</returns>
    public override string ToString() => SearchPrinter.Print(this);
}
