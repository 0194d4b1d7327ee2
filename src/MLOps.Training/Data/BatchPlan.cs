using System.Globalization;

namespace MLOps.Training;

/// <summary>What decides which rows make which batch: the part of <see cref="BatchLoaderOptions"/> that a resume must meet again.</summary>
internal sealed record BatchPlan(int BatchSize, bool Shuffle, long Seed, bool DropLast, int ShuffleBuffer)
{
    /// <summary>How many batches so many rows make.</summary>
    public long Count(long rows) => DropLast ? rows / BatchSize : (rows + BatchSize - 1) / BatchSize;

    /// <summary>The plan as a checkpoint keeps it: only what has a say, so that a seed that shuffles nothing stops no resume.</summary>
    /// <param name="rows">The number of rows; null for a sequence, which shuffles by its buffer.</param>
    public IReadOnlyDictionary<string, string> Describe(int? rows)
    {
        Dictionary<string, string> description = new(StringComparer.Ordinal)
        {
            ["batch-size"] = Text(BatchSize),
            ["drop-last"] = DropLast ? "yes" : "no",
            ["shuffle"] = !Shuffle ? "no" : rows is null ? "buffer" : "all",
        };
        if (rows is { } count)
            description["rows"] = Text(count);
        if (Shuffle)
            description["shuffle-seed"] = Text(Seed);
        if (Shuffle && rows is null)
            description["shuffle-buffer"] = Text(ShuffleBuffer);
        return description.AsReadOnly();

        static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
    }
}
