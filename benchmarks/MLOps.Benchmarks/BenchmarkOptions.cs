using System.Globalization;

namespace MLOps.Benchmarks;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchmarkOptions
{
    public const string Usage = "[--quick] [--trials N] [--seed N] [--runs N] [--folder PATH]";

    /// <summary>Fewer calls, points and trials: the scenario ends within a minute.</summary>
    public bool Quick { get; private init; }

    /// <summary>How many trials; the scenario's own number when null.</summary>
    public int? Trials { get; private init; }

    /// <summary>Where chance starts; printed, so that a run can be repeated.</summary>
    public int Seed { get; private init; } = 1;

    /// <summary>How many runs a store is filled with; the scenario's own number when null.</summary>
    public int? Runs { get; private init; }

    /// <summary>On which disk stores and journals are made. Default: the system's folder for temporary files.</summary>
    public string Folder { get; private init; } = Path.GetTempPath();

    public static BenchmarkOptions Parse(ReadOnlySpan<string> args) => args switch
    {
        [] => new BenchmarkOptions(),
        ["--quick", .. var rest] => Parse(rest) with { Quick = true },
        ["--trials", var trials, .. var rest] => Parse(rest) with { Trials = Number(trials, least: 1) },
        ["--seed", var seed, .. var rest] => Parse(rest) with { Seed = Number(seed, least: 0) },
        ["--runs", var runs, .. var rest] => Parse(rest) with { Runs = Number(runs, least: 1) },
        ["--folder", var folder, .. var rest] => Parse(rest) with { Folder = Path.GetFullPath(folder) },
        [var other, ..] => throw new ArgumentException($"'{other}' is no option, or lacks its value. Options: {Usage}"),
    };

    /// <summary>A new folder that is removed with everything in it.</summary>
    public ScratchFolder NewFolder() => new(Folder);

    private static int Number(string text, int least) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least
            ? number
            : throw new ArgumentException($"'{text}' is not a whole number of {least} or more.");
}
