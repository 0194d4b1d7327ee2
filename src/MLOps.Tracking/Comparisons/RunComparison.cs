namespace MLOps.Tracking;

/// <summary>Runs side by side. <see cref="ToString"/> is a table for a terminal; the other forms are for reports, spreadsheets and programs.</summary>
/// <remarks>Rows are in ordinal order of their keys. Runs are read one after the other, so runs that still log may be seen at slightly different moments.</remarks>
public sealed record RunComparison
{
    /// <summary>The runs, in the order that was asked for.</summary>
    public required IReadOnlyList<RunDetails> Runs { get; init; }

    /// <summary>Id, experiment, status, start and duration; a run that has not ended has no duration. Names are in <see cref="Runs"/>.</summary>
    public required IReadOnlyList<ComparisonRow> Overview { get; init; }

    /// <summary>All metrics that a run has, by their latest values.</summary>
    public required IReadOnlyList<ComparisonRow> Metrics { get; init; }

    /// <summary>All params that a run has, or those that differ: see <see cref="CompareOptions.OnlyDifferentParams"/>.</summary>
    public required IReadOnlyList<ComparisonRow> Params { get; init; }

    /// <summary>The tags that differ.</summary>
    public required IReadOnlyList<ComparisonRow> Tags { get; init; }

    /// <summary>The datasets that differ, by name: each use as its digest and, in parentheses, its role.</summary>
    public required IReadOnlyList<ComparisonRow> Datasets { get; init; }

    /// <summary>
    /// The artifacts that differ, by path: their SHA-256, or where no hash is known their size and the word <c>unverified</c>. Two files differ when their hashes do, or their sizes; those of one size of which a hash is missing
    /// are taken for the same. Null when artifacts were not compared.
    /// </summary>
    public required IReadOnlyList<ComparisonRow>? Artifacts { get; init; }

    /// <summary>The parts of the table in their order, with the word for each; artifacts only when they were compared.</summary>
    internal IEnumerable<(string Name, IReadOnlyList<ComparisonRow> Rows)> Sections
    {
        get
        {
            yield return ("metrics", Metrics);
            yield return ("params", Params);
            yield return ("tags", Tags);
            yield return ("datasets", Datasets);
            if (Artifacts is not null)
                yield return ("artifacts", Artifacts);
        }
    }

    /// <summary>A table for a terminal, a column for each run. Best values carry <c>*</c>, what a run lacks is <c>—</c>; line breaks and other control characters are written as <c>\n</c> or <c>\u001B</c>; values of more than 40 columns and hashes are cut, with <c>…</c>.</summary>
    /// <returns>Lines that end in <c>\n</c>.</returns>
    public override string ToString() => ComparisonText.Write(this);

    /// <summary>The table in GitHub's Markdown. Best values are bold, what a run lacks is <c>—</c>; values of more than 40 columns and hashes are cut, with <c>…</c>. Nothing in a value is taken for markup.</summary>
    /// <returns>Lines that end in <c>\n</c>.</returns>
    public string ToMarkdown() => ComparisonMarkdown.Write(this);

    /// <summary>
    /// The table as comma-separated values (RFC 4180), whole: columns <c>section</c>, <c>key</c>, one for each run headed by its id, and <c>best</c>, which lists the ids of the best runs with spaces between.
    /// A field without quotes and characters is something that a run lacks; <c>""</c> is an empty value.
    /// </summary>
    /// <returns>Records that end in <c>\r\n</c>.</returns>
    /// <remarks>Values are as they were logged. A spreadsheet may take one that begins with <c>=</c>, <c>+</c>, <c>-</c> or <c>@</c> for a formula: import as text what others have logged.</remarks>
    public string ToCsv() => ComparisonCsv.Write(this);

    /// <summary>The comparison as JSON, whole.</summary>
    /// <returns>An object:
    /// <c>runs</c>, an array of objects with <c>id</c>, <c>name</c>, <c>experiment</c>, <c>status</c>, <c>started</c> (ISO 8601), <c>duration_seconds</c> (null while it runs);
    /// <c>metrics</c>, <c>params</c>, <c>tags</c>, <c>datasets</c> and <c>artifacts</c> (null when they were not compared), arrays of objects with <c>key</c>, <c>differs</c>, <c>values</c>
    /// with one value for each run or null, and for metrics <c>best</c>, one truth value for each run. The value of a metric is a number, or <c>"NaN"</c>, <c>"Infinity"</c>, <c>"-Infinity"</c>; of an artifact an object
    /// with <c>sha256</c> (null when unknown) and <c>bytes</c>; of all else text.
    /// </returns>
    public string ToJson() => ComparisonJson.Write(this);
}
