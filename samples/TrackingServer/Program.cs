// A tracking and registry server of one's own, guarded by API keys and a rate limit, that MLflow's clients take for theirs.
// Without arguments it shows that itself: it calls itself with a key and without one.
using TrackingServer;

if (args.Length == 0)
    return await Demonstration.RunAsync() ? 0 : 1;
if (Settings.Parse(args) is not { } settings)
{
    Console.Error.WriteLine($"usage: TrackingServer {Settings.Usage}");
    return 2;
}

await using WebApplication app = Server.Create(settings);
await app.RunAsync();
return 0;
