namespace MLOps.Drift.Statistics;

/// <summary>The check that an <see cref="Alternative"/> is one.</summary>
internal static class AlternativeGuard
{
    /// <exception cref="ArgumentOutOfRangeException">It is none.</exception>
    public static void Check(Alternative alternative)
    {
        if (alternative is < Alternative.TwoSided or > Alternative.Less)
            throw new ArgumentOutOfRangeException(nameof(alternative), alternative, "There is no such alternative.");
    }
}
