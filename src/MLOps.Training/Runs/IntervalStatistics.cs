using MLOps.Tracking;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>What the steps of an interval took on average, how fast they went, and what memory the process has at its end.</summary>
internal sealed class IntervalStatistics(Run run, TimeProvider time, TimeSpan interval)
{
    private const double Mebibyte = 1 << 20;

    private readonly Metric _data = run.Metric("training/data_ms");
    private readonly Metric _forward = run.Metric("training/forward_ms");
    private readonly Metric _backward = run.Metric("training/backward_ms");
    private readonly Metric _optimizer = run.Metric("training/optimizer_ms");
    private readonly Metric _speed = run.Metric("training/steps_per_second");
    private readonly Metric _memory = run.Metric("training/working_set_mib");
    private readonly Metric _tensors = run.Metric("training/live_tensors");
    private PhaseTimes _sum;
    private long _steps;
    private long _begin = time.GetTimestamp();

    /// <summary>Counts a step, and logs when the interval is over.</summary>
    public void Add(PhaseTimes times, long step)
    {
        _sum = new(_sum.Data + times.Data, _sum.Forward + times.Forward, _sum.Backward + times.Backward, _sum.Optimizer + times.Optimizer);
        _steps++;
        if (time.GetElapsedTime(_begin) >= interval)
            Log(step);
    }

    /// <summary>Logs what has been counted since the last time, if anything, and begins anew.</summary>
    public void Log(long step)
    {
        long now = time.GetTimestamp();
        double seconds = time.GetElapsedTime(_begin, now).TotalSeconds;
        if (_steps > 0)
        {
            _data.Log(_sum.Data.TotalMilliseconds / _steps, step);
            _forward.Log(_sum.Forward.TotalMilliseconds / _steps, step);
            _backward.Log(_sum.Backward.TotalMilliseconds / _steps, step);
            _optimizer.Log(_sum.Optimizer.TotalMilliseconds / _steps, step);
            if (seconds > 0)
                _speed.Log(_steps / seconds, step);
            _memory.Log(Environment.WorkingSet / Mebibyte, step);
            _tensors.Log(Tensor.TotalCount, step);
        }

        (_sum, _steps, _begin) = (default, 0, now);
    }
}
