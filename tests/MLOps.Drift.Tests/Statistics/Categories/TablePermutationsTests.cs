namespace MLOps.Drift.Tests.Statistics;

public sealed class TablePermutationsTests
{
    [Theory]
    [InlineData(5, 20, 9)]
    [InlineData(18, 20, 9)]
    [InlineData(60, 1_000_000, 400_000)]
    [InlineData(999_900, 1_000_000, 400_000)]
    [InlineData(400, 2_000, 300)]
    [InlineData(1_700, 2_000, 1_500)]
    [InlineData(150, 1_000_000_000, 300_000_000)]
    [InlineData(30_000_000, 1_000_000_000, 20_000)]
    public void Draws_follow_the_hypergeometric_law(long marked, long total, long draws)
    {
        const int trials = 20_000;
        long low = Math.Max(0, marked + draws - total), high = Math.Min(marked, draws);
        Random random = new(1);
        Dictionary<long, long> drawn = [];
        for (int trial = 0; trial < trials; trial++)
        {
            long hits = TablePermutations.Draw(random, marked, total, draws);
            Assert.InRange(hits, low, high);
            drawn[hits] = drawn.GetValueOrDefault(hits) + 1;
        }

        // The law's own counts, scaled to whole numbers, stand for the reference; the tails, under a thousandth each, are one cell.
        Hypergeometric law = new(low, marked - low, draws - low, total - marked - draws + low);
        List<long> expected = [0], counted = [0];
        const double scale = 1e15;
        for (long hits = Math.Max(low, drawn.Keys.Min() - 5); hits <= Math.Min(high, drawn.Keys.Max() + 5); hits++)
        {
            double probability = Math.Exp(law.Log(hits - low));
            if (probability < 0.001)
            {
                expected[0] += (long)(probability * scale);
                counted[0] += drawn.GetValueOrDefault(hits);
            }
            else
            {
                expected.Add((long)(probability * scale));
                counted.Add(drawn.GetValueOrDefault(hits));
            }
        }

        Assert.InRange(expected.Sum() / scale, 0.999, 1.000001);
        Assert.InRange(ChiSquared.GoodnessOfFit(Tables.Of([.. expected], [.. counted])).PValue, 1e-4, 1);
    }
}
