namespace MLOps.Drift.Statistics;

/// <summary>The largest gap between two empirical distribution functions.</summary>
/// <param name="Size">The gap, 0 to 1.</param>
/// <param name="Location">The value at which the functions are that far apart; the smallest one, if several are.</param>
/// <param name="Sign">+1 where the reference's function is the upper one, so that its values tend to be smaller; −1 where the current sample's is.</param>
public readonly record struct EcdfGap(double Size, double Location, int Sign);
