namespace MLOps.Drift.Tests.Statistics;

public sealed class HypergeometricTests
{
    [Theory]
    [InlineData(3, 4, 5)]
    [InlineData(40, 30, 25)]
    [InlineData(30, 40, 60)]
    [InlineData(60, 20, 50)]
    [InlineData(20, 500, 300)]
    [InlineData(500, 20, 510)]
    [InlineData(1000, 3, 500)]
    public void Draws_are_as_frequent_as_their_probability(long marked, long unmarked, long drawn)
    {
        const int draws = 40_000;
        Random random = new(31);
        int[] seen = new int[marked + 1];
        for (int i = 0; i < draws; i++)
            seen[Hypergeometric.Draw(random, marked, unmarked, drawn)]++;
        double all = (double)TotalVariationTests.Choose(marked + unmarked, drawn), chiSquared = 0;
        int degrees = -1;
        double restExpected = 0, restSeen = 0;
        for (int k = 0; k <= marked; k++)
        {
            double expected = drawn - k < 0 || drawn - k > unmarked ? 0 : draws * (double)(TotalVariationTests.Choose(marked, k) * TotalVariationTests.Choose(unmarked, drawn - k)) / all;
            Assert.True(expected > 0 || seen[k] == 0, $"{k} cannot be drawn");
            restExpected += expected;
            restSeen += seen[k];
            if (restExpected < 10)
                continue;
            chiSquared += (restSeen - restExpected) * (restSeen - restExpected) / restExpected;
            (restExpected, restSeen) = (0, 0);
            degrees++;
        }

        // Five standard deviations of χ².
        Assert.InRange(chiSquared, 0, degrees + (5 * Math.Sqrt(2.0 * degrees)));
    }

    [Fact]
    public void Draws_of_a_thousand_million_have_their_mean_and_variance()
    {
        const int draws = 20_000;
        const double marked = 700_000_000, unmarked = 1_300_000_000, drawn = 900_000_000, all = marked + unmarked;
        Random random = new(37);
        double mean = drawn * marked / all, variance = drawn * (marked / all) * (unmarked / all) * (all - drawn) / (all - 1), sum = 0, squares = 0;
        for (int i = 0; i < draws; i++)
        {
            double z = (Hypergeometric.Draw(random, (long)marked, (long)unmarked, (long)drawn) - mean) / Math.Sqrt(variance);
            sum += z;
            squares += z * z;
        }

        Assert.InRange(sum / draws, -4 / Math.Sqrt(draws), 4 / Math.Sqrt(draws));
        Assert.InRange((squares / draws) - 1, -4 * Math.Sqrt(2.0 / draws), 4 * Math.Sqrt(2.0 / draws));
    }

    [Fact]
    public void What_leaves_no_choice_is_drawn_without_chance()
    {
        Random random = new(1);
        Assert.Equal(0, Hypergeometric.Draw(random, 0, 5, 3));
        Assert.Equal(3, Hypergeometric.Draw(random, 5, 0, 3));
        Assert.Equal(0, Hypergeometric.Draw(random, 5, 5, 0));
        Assert.Equal(5, Hypergeometric.Draw(random, 5, 7, 12));
        Assert.Equal(0, Hypergeometric.Draw(random, 0, 0, 0));
    }
}
