namespace MLOps.Runtime.Tests.Spot;

/// <summary>A service of one's own, as anybody may write it.</summary>
internal sealed class ScriptedMetadata(Func<DateTimeOffset, CancellationToken, ValueTask<InterruptionNotice?>> answer) : ISpotMetadata
{
    public ScriptedMetadata(Func<DateTimeOffset, InterruptionNotice?> answer)
        : this((now, _) => new ValueTask<InterruptionNotice?>(answer(now)))
    {
    }

    public string Name => "scripted";

    public ValueTask<InterruptionNotice?> FindNoticeAsync(DateTimeOffset now, CancellationToken cancellationToken) => answer(now, cancellationToken);
}
