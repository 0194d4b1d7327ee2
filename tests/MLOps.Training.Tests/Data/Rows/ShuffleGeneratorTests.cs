namespace MLOps.Training.Tests.Data.Rows;

public sealed class ShuffleGeneratorTests
{
    [Fact]
    public void The_numbers_are_those_of_the_published_generator()
    {
        // The reference implementation (prng.di.unimi.it/splitmix64.c) from the state 1234567.
        ShuffleGenerator generator = new(1234567UL);

        Assert.Equal([6457827717110365317UL, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821], Enumerable.Range(0, 5).Select(_ => generator.Next()));
    }

    [Fact]
    public void Numbers_below_a_bound_are_equally_many()
    {
        // 3 · 2^62 does not divide 2^64: without rejection the lowest third would come twice as often as the others.
        const ulong Third = 1UL << 62;
        ShuffleGenerator generator = new(5, 0);
        int[] counts = new int[3];
        for (int i = 0; i < 30_000; i++)
            counts[generator.Next(3 * Third) / Third]++;

        double chi = counts.Sum(count => (count - 10_000.0) * (count - 10_000.0) / 10_000);
        Assert.True(chi < 13.8, $"χ² = {chi} of 2 degrees of freedom (13.8 in one of a thousand): {string.Join(", ", counts)}");
    }

    [Fact]
    public void A_bound_of_one_leaves_no_choice()
    {
        ShuffleGenerator generator = new(0, 0);

        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(0UL, generator.Next(1)));
    }
}
