// A program for tests to kill, interrupt and abandon: <mode> <database> [<counter file> | <run id> | <seed>]. Says its run's id when it is ready.
using System.IO.MemoryMappedFiles;
using Microsoft.Extensions.Logging;
using MLOps.Tracking;

if (args is ["registry", var registry, var seed])
    return await RegistryVictim.RunAsync(registry, seed);

if (args is ["resolve", var models, var cacheAndSeed])
    return await CacheVictim.RunAsync(models, cacheAndSeed.Split('|')[0], cacheAndSeed.Split('|')[1]);

string mode = args[0], database = args[1];
Tracker tracker = Tracker.Open(t => t.UseSqlite(database));
Run run = mode == "hold" ? await tracker.ResumeRunAsync(new RunId(args[2])) : await tracker.StartRunAsync("victims", new RunOptions { Prices = mode == "exit" ? new PriceTable { PerHour = 1 } : null });
Metric loss = run.Metric("loss");
switch (mode)
{
    case "log":
        LogForEver(args[2]);
        return 1;
    case "write":
        WriteForEver(args[2]);
        return 1;
    case "wait" or "hold":
        for (int i = 0; i < 10; i++)
            loss.Log(i, i);
        await run.FlushAsync(Durability.Store);
        Console.WriteLine(run.Id);
        Thread.Sleep(Timeout.Infinite);
        return 1;
    case "exit":
        for (int i = 0; i < 10; i++)
            loss.Log(i, i);
        new RunLoggerProvider().CreateLogger("Victim").LogInformation("leaves without a word");
        Console.WriteLine(run.Id);
        return 0;
    case "purge":
        Console.WriteLine(run.Id);
        await tracker.PurgeAsync();
        Thread.Sleep(Timeout.Infinite);
        return 1;
    case "compact":
        Console.WriteLine(run.Id);
        while (true)
        {
            await tracker.CompactAsync();
            Console.WriteLine("compacted");
        }

    default:
        Console.Error.WriteLine($"unknown mode {mode}");
        return 2;
}

void LogForEver(string counterFile) => CountForEver(counterFile, i => loss.Log(i, i));

void WriteForEver(string counterFile)
{
    using var provider = new RunLoggerProvider(new RunLogOptions { MaxBytes = 1 << 30 });
    ILogger logger = provider.CreateLogger("Victim");
    CountForEver(counterFile, i => logger.LogInformation("line {I}", i));
}

// The counter lies in shared memory: like the journal it survives the process, and counts only calls that have returned.
void CountForEver(string counterFile, Action<long> log)
{
    using var file = MemoryMappedFile.CreateFromFile(counterFile, FileMode.Open, null, sizeof(long));
    using MemoryMappedViewAccessor counter = file.CreateViewAccessor();
    Console.WriteLine(run.Id);
    for (long i = 0; ; i++)
    {
        log(i);
        counter.Write(0, i + 1);
    }
}
