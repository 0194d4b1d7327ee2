namespace MLOps.Training;

internal static class RowOrder
{
    /// <summary>
    /// The rows 0 … <paramref name="count"/> − 1 in the order of an epoch, every order as likely as the others as far as 64 bits of state allow. Takes 4 bytes a row.
    /// Fisher and Yates from the end: for i = count − 1 … 1 the rows at i and at a random place of [0, i] change places. A part of what a checkpoint promises, as <see cref="ShuffleGenerator"/>.
    /// </summary>
    public static int[] Shuffled(int count, long seed, int epoch)
    {
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
            order[i] = i;
        ShuffleGenerator generator = new(seed, epoch);
        for (int i = count - 1; i > 0; i--)
        {
            int j = (int)generator.Next((ulong)i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }
}
