using System.Globalization;

namespace MLOps.Tracking.Tests.Evaluation;

/// <summary>Equality of computed numbers.</summary>
internal static class Near
{
    /// <summary>Fails unless two numbers agree to a relative tolerance (an absolute one below 1), or both are NaN or the same infinity.</summary>
    public static void Equal(double expected, double actual, double tolerance = 1e-12) =>
        Assert.True(Are(expected, actual, tolerance), string.Create(CultureInfo.InvariantCulture, $"expected {expected:R}, got {actual:R}, apart by {Math.Abs(expected - actual):E2}"));

    public static void Equal(IReadOnlyList<double> expected, IReadOnlyList<double> actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
            Equal(expected[i], actual[i], tolerance);
    }

    private static bool Are(double expected, double actual, double tolerance) =>
        expected.Equals(actual) || Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected));
}
