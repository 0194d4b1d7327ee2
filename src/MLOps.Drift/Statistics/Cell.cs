namespace MLOps.Drift.Statistics;

/// <summary>A bin or a category as a method saw it.</summary>
/// <param name="Name">The category's name, or the bin as an interval: <c>[0.5, 1.25)</c>.</param>
/// <param name="Reference">How many values of the reference lie in it.</param>
/// <param name="Current">How many values of the current sample lie in it.</param>
/// <param name="Contribution">What it adds to the method's statistic, in the statistic's unit; the method's documentation says how the contributions make the statistic.</param>
public readonly record struct Cell(string Name, long Reference, long Current, double Contribution);
