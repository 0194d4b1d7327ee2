namespace MLOps.Training;

internal static class Blocking
{
    /// <summary>Waits on a thread that has nothing else to do: one of a trainer's or a loader's own, never one of the pool.</summary>
    public static T Await<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();
}
