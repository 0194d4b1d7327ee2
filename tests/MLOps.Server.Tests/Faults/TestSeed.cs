using System.Globalization;

namespace MLOps.Server.Tests.Faults;

/// <summary>From which number a randomised test draws: MLOPS_TEST_SEED, or a new one each time, which the test prints.</summary>
internal static class TestSeed
{
    public static int Value { get; } = Environment.GetEnvironmentVariable("MLOPS_TEST_SEED") is { Length: > 0 } seed ? int.Parse(seed, CultureInfo.InvariantCulture) : Random.Shared.Next();
}
