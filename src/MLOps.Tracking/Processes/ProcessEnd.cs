using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace MLOps.Tracking.Processes;

/// <summary>Tells open trackers that the process is about to end: by a signal, which they note, or by its exit, at which they close.</summary>
/// <remarks>The signals keep their own effect: nothing is cancelled, so a host's shutdown and the default end of a process stay as they are. ProcessExit does not run on SIGTERM.</remarks>
internal static class ProcessEnd
{
    private static readonly ConcurrentDictionary<Tracker, byte> Open = new();
    private static readonly Lock Gate = new();
    private static readonly List<PosixSignalRegistration> Registrations = [];

    public static void Watch(Tracker tracker)
    {
        Open.TryAdd(tracker, 0);
        lock (Gate)
        {
            if (Registrations.Count > 0)
                return;
            AppDomain.CurrentDomain.ProcessExit += (_, _) => OnExit();
            foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
                Registrations.Add(PosixSignalRegistration.Create(signal, context => OnSignal(context.Signal)));
        }
    }

    public static void Forget(Tracker tracker) => Open.TryRemove(tracker, out _);

    private static void OnSignal(PosixSignal signal)
    {
        foreach (Tracker tracker in Open.Keys)
            tracker.NoteInterruption(signal.ToString());
    }

    private static void OnExit()
    {
        foreach (Tracker tracker in Open.Keys)
            tracker.CloseAtExit();
    }
}
