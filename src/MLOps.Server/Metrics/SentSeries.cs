using System.Text;

namespace MLOps.Server.Metrics;

/// <summary>A series that points of a request belong to, and where they lie among those of the others.</summary>
internal sealed class SentSeries(SeriesName name)
{
    public SeriesName Name { get; } = name;

    public byte[] Utf8Key { get; } = Encoding.UTF8.GetBytes(name.Key);

    /// <summary>Whether it is of the run alone.</summary>
    public bool IsPlain { get; } = name is { Model: null, DatasetName: null, DatasetDigest: null };

    /// <summary>How many points it has.</summary>
    public int Count { get; set; }

    /// <summary>Where the next of its points goes.</summary>
    public int End { get; set; }
}
