namespace MLOps.Drift.Statistics;

/// <summary>Where chance begins when a caller gives no <see cref="Random"/>: results repeat.</summary>
internal static class Seed
{
    public const int Default = 1;
}
