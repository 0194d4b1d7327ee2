using System.Diagnostics;
using System.Globalization;
using MLOps.Registry;
using MLOps.Registry.Audit;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Many writers in two processes move one alias by compare-and-set. Every outcome is accounted for against the audit log.</summary>
internal static class RegistryRaceScenario
{
    private const string Name = "registry-race", Model = "fraud", Alias = "champion";
    private const int Processes = 2, WritersInAProcess = 8, Versions = 16;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int moves = options.Trials ?? (options.Quick ? 100 : 1_000);
        using ScratchFolder folder = options.NewFolder();
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(folder.Database));
        for (int version = 1; version <= Versions; version++)
            await registry.RegisterAsync(Model, ModelContent.FromUri($"s3://models/fraud/{version}"));
        await registry.MoveAliasAsync(Model, Alias, 1, expected: 0);
        long before = (await registry.Store.GetAuditHeadAsync(CancellationToken.None)).Count;

        // All are ready before one begins.
        Process[] children = [.. Enumerable.Range(0, Processes).Select(child => ChildProcess.StartSelf("child", Name, folder.Database, moves.ToString(CultureInfo.InvariantCulture), (options.Seed + child).ToString(CultureInfo.InvariantCulture)))];
        foreach (Process child in children)
            await child.ReadLineAsync();
        long start = Stopwatch.GetTimestamp();
        foreach (Process child in children)
            await child.StandardInput.WriteLineAsync("go");
        string[] reports = await Task.WhenAll(children.Select(child => child.StandardOutput.ReadToEndAsync()));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (Process child in children)
        {
            await child.WaitForExitAsync();
            child.Dispose();
        }

        // moved <from> <to> | conflicts <n> | failed <what>
        string[][] lines = [.. reports.SelectMany(report => report.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(line => line.Split(' '))];
        (int From, int To)[] reported = [.. lines.Where(line => line[0] == "moved").Select(line => (Number(line[1]), Number(line[2])))];
        int conflicts = lines.Where(line => line[0] == "conflicts").Sum(line => Number(line[1]));
        AliasChange[] logged = [.. (await registry.GetAliasHistoryAsync(Model, Alias)).Where(change => change.Sequence > before)];

        // A lost update: a move that its writer was told of and the log lacks, or one that did not begin where the one before it ended.
        int missing = reported.GroupBy(move => move).Sum(move => Math.Max(0, move.Count() - logged.Count(change => (change.From, change.To) == (move.Key.From, move.Key.To))));
        int broken = logged.Zip(logged.Skip(1)).Count(pair => pair.First.To != pair.Second.From) + (logged is [{ From: not 1 }, ..] ? 1 : 0);
        AuditVerification verification = await registry.VerifyAuditAsync();
        if (!verification.IsIntact)
            throw new InvalidOperationException(verification.Problem);
        Figure.Print(Name, "attempts", Processes * WritersInAProcess * moves, "moves");
        Figure.Print(Name, "moved", reported.Length, "moves");
        Figure.Print(Name, "conflicts", conflicts, "moves");
        Figure.Print(Name, "lost_updates", missing + broken, "moves");
        Figure.Print(Name, "unaccounted_outcomes", Math.Abs((Processes * WritersInAProcess * moves) - reported.Length - conflicts) + Math.Abs(logged.Length - reported.Length), "moves");
        Figure.Print(Name, "moves_per_s", reported.Length / seconds, "moves/s");
        Figure.Print(Name, "attempts_per_s", (reported.Length + conflicts) / seconds, "moves/s");
    }

    public static async Task<int> RunChildAsync(string database, string moves, string seed)
    {
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(database));
        await registry.GetModelAsync(Model);
        Console.WriteLine("ready");
        Console.ReadLine();
        List<string>[] outcomes = await Task.WhenAll(Enumerable.Range(0, WritersInAProcess).Select(writer => Task.Run(() => MoveAsync(registry, Number(moves), new Random((Number(seed) * WritersInAProcess) + writer)))));
        foreach (string line in outcomes.SelectMany(lines => lines))
            Console.WriteLine(line);
        return 0;
    }

    private static async Task<List<string>> MoveAsync(ModelRegistry registry, int moves, Random random)
    {
        List<string> outcomes = [];
        int conflicts = 0;
        for (int i = 0; i < moves; i++)
        {
            try
            {
                int from = (await registry.GetVersionAsync(Model, Alias)).Number, to = 1 + ((from - 1 + random.Next(1, Versions)) % Versions);
                await registry.MoveAliasAsync(Model, Alias, to, expected: from);
                outcomes.Add(string.Create(CultureInfo.InvariantCulture, $"moved {from} {to}"));
            }
            catch (AliasConflictException)
            {
                conflicts++;
            }
        }

        outcomes.Add(string.Create(CultureInfo.InvariantCulture, $"conflicts {conflicts}"));
        return outcomes;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
