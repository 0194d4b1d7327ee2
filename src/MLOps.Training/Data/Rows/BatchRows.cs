namespace MLOps.Training;

/// <summary>The rows of one batch, before they are collated.</summary>
/// <param name="epoch">The epoch.</param>
/// <param name="batch">The place of the batch in it.</param>
/// <param name="rows">The places of the rows in the data source, in the order of the batch.</param>
/// <param name="items">The rows themselves, or room for them.</param>
/// <param name="source">Where the rows are to be read from; null when they are here.</param>
internal sealed class BatchRows<TItem>(int epoch, long batch, long[] rows, TItem[] items, IReadOnlyList<TItem>? source)
{
    /// <exception cref="BatchFailedException">The source or <paramref name="collate"/> threw.</exception>
    public TBatch Collate<TBatch>(Func<IReadOnlyList<TItem>, TBatch> collate)
    {
        int reading = -1;
        try
        {
            if (source is not null)
            {
                for (reading = 0; reading < items.Length; reading++)
                    items[reading] = source[checked((int)rows[reading])];
                reading = -1;
            }

            return collate(items) ?? throw new InvalidOperationException("It returned null.");
        }
        catch (Exception error) when (reading >= 0)
        {
            throw new BatchFailedException(epoch, batch, null, $"Reading row {rows[reading]} of the data source threw", error) { Rows = [rows[reading]] };
        }
        catch (Exception error)
        {
            throw new BatchFailedException(epoch, batch, null, $"The collate function threw for {Describe()}", error) { Rows = rows };
        }
    }

    private string Describe()
    {
        const int Shown = 64;
        string list = string.Join(", ", rows.Take(Shown));
        return rows.Length == 1 ? $"row {list}" : rows.Length <= Shown ? $"rows {list}" : $"rows {list} and {rows.Length - Shown} others";
    }
}
