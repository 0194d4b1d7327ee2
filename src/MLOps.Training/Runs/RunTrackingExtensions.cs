using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>One line that tracks a training.</summary>
public static class RunTrackingExtensions
{
    /// <summary>Logs a training to a run: see <see cref="RunTracking"/>.</summary>
    /// <typeparam name="TBatch">What the data source gives.</typeparam>
    /// <param name="trainer">The trainer.</param>
    /// <param name="run">The run. It must not have ended when training begins.</param>
    /// <param name="options">What to log; null logs what the defaults say.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">An option is not legal, or the trainer tracks a run already.</exception>
    /// <exception cref="InvalidOperationException">The training runs.</exception>
    /// <example><code>trainer.Track(run, new() { Registry = registry, RegisterAs = "digits", Example = input });</code></example>
    public static Trainer<TBatch> Track<TBatch>(this Trainer<TBatch> trainer, Run run, RunTrackingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        return trainer.Use(new RunTracking(run, options));
    }
}
