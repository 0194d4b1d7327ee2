namespace MLOps.Tracking.Contract;

/// <summary>How long randomised tests run: short by default, the full counts with MLOPS_TEST_LENGTH=full (<c>./test.sh --full</c>).</summary>
public static class TestLength
{
    /// <summary>Whether the full counts were asked for.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("MLOPS_TEST_LENGTH") == "full";

    /// <summary>Chooses a count.</summary>
    /// <param name="shortCount">The count of a short run.</param>
    /// <param name="fullCount">The count of a full run.</param>
    /// <returns>The count to use.</returns>
    public static int Of(int shortCount, int fullCount) => IsFull ? fullCount : shortCount;
}
