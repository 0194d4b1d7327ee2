using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Xunit;

namespace MLOps.Training.Tests.Data.Rows;

public sealed class RowOrderTests
{
    /// <summary>Recomputed outside of .NET from the description. When this fails, checkpoints of earlier versions no longer resume exactly: the code is wrong, not the test.</summary>
    [Fact]
    public void The_order_of_an_epoch_never_changes()
    {
        Assert.Equal([6, 4, 1, 7, 5, 3, 2, 0, 8, 9], RowOrder.Shuffled(10, 0, 0));
        Assert.Equal([1, 7, 8, 0, 2, 4, 9, 5, 6, 3], RowOrder.Shuffled(10, 0, 1));
        Assert.Equal([0, 9, 6, 1, 4, 7, 5, 8, 2, 3], RowOrder.Shuffled(10, 1, 0));
        Assert.Equal([9, 1, 0, 2, 6, 8, 7, 10, 5, 11, 3, 4], RowOrder.Shuffled(12, -5, 7));
        Assert.Equal([9, 4, 0, 1, 3, 6, 11, 8, 7, 2, 10, 5], RowOrder.Shuffled(12, long.MaxValue, int.MaxValue));
        Assert.Equal(
            "D991669837782CB92A080D6163F4C001FA06B571E980B154126C3F3B82B841F2",
            Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<int>(RowOrder.Shuffled(100_000, 42, 3)))));
    }

    [Property]
    public void Every_row_comes_once(ushort count, long seed, NonNegativeInt epoch) =>
        Assert.Equal(Enumerable.Range(0, count), RowOrder.Shuffled(count, seed, epoch.Get).Order());

    [Fact]
    public void All_orders_are_equally_frequent()
    {
        const int Each = 1_000;
        Dictionary<string, int> counts = [];
        for (int epoch = 0; epoch < 24 * Each; epoch++)
        {
            string order = string.Concat(RowOrder.Shuffled(4, 11, epoch));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        double chi = counts.Values.Sum(count => Math.Pow(count - Each, 2) / Each);
        Assert.Equal(24, counts.Count);
        Assert.True(chi < 49.7, $"χ² = {chi} of 23 degrees of freedom (49.7 in one of a thousand)");
    }

    [Fact]
    public void Every_row_comes_to_every_place_equally_often()
    {
        const int Rows = 40, Epochs = 20_000;
        double expected = (double)Epochs / Rows;
        int[,] counts = new int[Rows, Rows];
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            int[] order = RowOrder.Shuffled(Rows, 3, epoch);
            for (int place = 0; place < Rows; place++)
                counts[place, order[place]]++;
        }

        double chi = counts.Cast<int>().Sum(count => (count - expected) * (count - expected) / expected);
        // 39² = 1,521 degrees of freedom: mean 1,521, standard deviation 55.
        Assert.InRange(chi, 1521 - 4 * 55, 1521 + 4 * 55);
    }
}
