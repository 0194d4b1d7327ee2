namespace MLOps.Tracking.Capture;

/// <summary>What a run writes down of where it comes from.</summary>
/// <param name="Tags">The tags to set; empty when the source is not to be captured.</param>
/// <param name="EnvironmentJson">The content of <see cref="EnvironmentFile"/>; null when the environment is not to be captured.</param>
internal sealed record RunCapture(IReadOnlyDictionary<string, string> Tags, byte[]? EnvironmentJson)
{
    public const string EnvironmentFile = "environment.json";
    private static readonly Dictionary<string, string> s_noTags = [];

    /// <summary>Captures on the thread pool, so that whoever starts a run does not wait. What cannot be found out is left out; only cancellation throws.</summary>
    public static Task<RunCapture> TakeAsync(CaptureOptions options, TimeProvider time, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            if (!options.Source && !options.Environment)
                return new RunCapture(s_noTags, EnvironmentJson: null);
            SourceFacts source = await SourceCapture.ReadAsync(time, cancellationToken).ConfigureAwait(false);
            return new RunCapture(
                options.Source ? SourceCapture.Tags(source) : s_noTags,
                options.Environment ? EnvironmentCapture.ToJson(EnvironmentCapture.Read(options.Source ? source : source with { Git = null }, options.EnvironmentVariables)) : null);
        },
        cancellationToken);
}
