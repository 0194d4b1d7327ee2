namespace MLOps.Tracking;
internal sealed class RunCapture(TrackingOptions options, TimeProvider clock)
{
    public void Begin(Run run, TimeSpan? systemMetrics, Uri root) { _ = options; _ = clock; _ = run; _ = systemMetrics; _ = root; }
}
