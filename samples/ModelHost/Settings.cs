using System.Globalization;

namespace ModelHost;

/// <summary>What the command line asks for.</summary>
internal sealed record Settings
{
    public const string Usage = "[--serve] [--url http://127.0.0.1:5080] [--database mlops.db] [--cache FOLDER] [--models N]";

    /// <summary>Whether to serve until a signal; otherwise the sample sends itself requests and ends.</summary>
    public bool IsServing { get; private init; }

    public string Url { get; private init; } = "http://127.0.0.1:0";

    public string Database { get; private init; } = "mlops.db";

    /// <summary>The folder of the download cache; the user's when null.</summary>
    public string? Cache { get; private init; }

    /// <summary>How many versions are made when the registry has none.</summary>
    public int Models { get; private init; } = 2;

    public static Settings? Parse(ReadOnlySpan<string> args) => args switch
    {
        [] => new Settings(),
        ["--serve", .. var rest] => Parse(rest) is { } settings ? settings with { IsServing = true } : null,
        ["--url", var url, .. var rest] when Uri.TryCreate(url, UriKind.Absolute, out _) => Parse(rest) is { } settings ? settings with { Url = url } : null,
        ["--database", var database, .. var rest] => Parse(rest) is { } settings ? settings with { Database = database } : null,
        ["--cache", var cache, .. var rest] => Parse(rest) is { } settings ? settings with { Cache = cache } : null,
        ["--models", var models, .. var rest] when int.TryParse(models, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0 =>
            Parse(rest) is { } settings ? settings with { Models = count } : null,
        _ => null,
    };
}
