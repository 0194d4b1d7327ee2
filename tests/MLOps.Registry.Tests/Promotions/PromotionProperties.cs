using System.Security.Cryptography;
using FsCheck.Xunit;

namespace MLOps.Registry.Tests.Promotions;

/// <summary>Whatever a few actors do in whatever order: a call succeeds, and the alias moves, exactly when the policy, said again in plain words, holds.</summary>
public sealed class PromotionProperties
{
    [Property(MaxTest = 100, EndSize = 150)]
    public async Task The_alias_moves_exactly_when_the_policy_holds(PromotionStep[] steps)
    {
        await using PromotionWorld world = new();
        await world.PrepareAsync();
        foreach (PromotionStep step in steps)
            await world.TakeAsync(step);
        await world.CheckAsync();
    }

    [Fact]
    public async Task The_alias_moves_exactly_when_the_policy_holds_over_a_long_time()
    {
        int seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using PromotionWorld world = new();
        await world.PrepareAsync();
        byte[] step = new byte[4];
        int steps = TestLength.Of(2_000, 20_000);
        for (int i = 0; i < steps; i++)
        {
            random.NextBytes(step);
            await world.TakeAsync(new PromotionStep(step[0], step[1], step[2], step[3]));
        }

        await world.CheckAsync();
        Assert.True(world.Applied > steps / 200, $"seed {seed}: only {world.Applied} promotions were applied.");
    }
}
