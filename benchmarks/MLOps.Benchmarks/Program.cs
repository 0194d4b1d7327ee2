using MLOps.Benchmarks;
using MLOps.Benchmarks.Scenarios;

Scenario[] scenarios =
[
    new("log-metric", "what one LogMetric call costs the thread that makes it", LogMetricScenario.RunAsync),
    new("ingest", "points a second from the call until a query shows them", IngestScenario.RunAsync),
    new("store-size", "bytes that a point takes in the store", StoreSizeScenario.RunAsync),
    new("search", "milliseconds to find the best 50 runs by three conditions and an order", SearchScenario.RunAsync),
    new("series", "milliseconds to read a series whole, and to reduce a long one", SeriesScenario.RunAsync),
    new("startup", "from the start of a process until its first point is safe", StartupScenario.RunAsync),
    new("crash", "points that were acknowledged before SIGKILL and are missing after it", CrashScenario.RunAsync),
    new("purge", "runs a second that are removed for good, and the file before and after", PurgeScenario.RunAsync),
    new("artifacts", "artifacts up and down beside the bare client of their store, large and small, and the memory that takes", ArtifactsScenario.RunAsync),
    new("registry", "microseconds to resolve an alias to verified files among many versions; events of the audit log verified a second", RegistryScenario.RunAsync),
    new("registry-swap", "requests that fail, and what they wait longer, while a service swaps its model", RegistrySwapScenario.RunAsync),
    new("registry-race", "moves of one alias by 16 writers in two processes, each accounted for", RegistryRaceScenario.RunAsync),
    new("server-log-metric", "log-metric requests a second on 8 connections, beside empty ones to bare Kestrel", ServerMetricScenario.RunAsync),
    new("server-log-batch", "metrics a second in batches of 1,000", ServerBatchScenario.RunAsync),
    new("server-search", "milliseconds to find the best 100 of 10,000 runs over HTTP", ServerSearchScenario.RunAsync),
    new("server-history", "milliseconds to read 100,000 points whole over HTTP", ServerHistoryScenario.RunAsync),
    new("server-artifact", "MB a second of a large artifact through the server, and the memory that takes", ServerArtifactScenario.RunAsync),
    new("server-start", "milliseconds from the start of a server to its first answer, and its memory", ServerStartScenario.RunAsync),
    new("drift-ks", "milliseconds of a Kolmogorov-Smirnov test, a million rows a side", DriftKsScenario.RunAsync),
    new("drift-wasserstein", "milliseconds of a Wasserstein distance, a million rows a side", DriftWassersteinScenario.RunAsync),
    new("drift-psi", "milliseconds for PSI of a million current values against a prepared reference", DriftPsiScenario.RunAsync),
    new("drift-chi2", "milliseconds to count two columns of texts and compare them by χ²", DriftChiSquaredScenario.RunAsync),
    new("drift-streams", "rows a second through each streaming drift detector", DriftStreamsScenario.RunAsync),
    new("drift-calibration", "how often drift methods alarm, with and without a change", DriftCalibrationScenario.RunAsync),
    new("train-checkpoint", "what a checkpoint costs the step path, beside one copy of as many bytes, and how fast it is written", TrainCheckpointScenario.RunAsync),
    new("train-loader", "how long a step of 5 ms waits for shuffled, normalised batches of images", TrainLoaderScenario.RunAsync),
    new("train-optimizer", "a step of AdamW, TorchSharp's own over ours on flat buffers", TrainOptimizerScenario.RunAsync),
    new("train-autocast", "forward and backward pass in float32 beside bfloat16", TrainAutocastScenario.RunAsync),
    new("train-overhead", "CPU of a training step by the trainer, tracking on, above a loop by hand", TrainOverheadScenario.RunAsync),
    new("train-leak", "tensors and memory that 10,000 training steps leave behind", TrainLeakScenario.RunAsync),
];

switch (args)
{
    case ["list"]:
        foreach (Scenario scenario in scenarios)
            Console.WriteLine($"{scenario.Name,-18} {scenario.Measures}");
        return 0;
    case ["child", "ingest", var database, var points]:
        return await IngestScenario.RunChildAsync(database, points);
    case ["child", "crash", var database, var board, var points]:
        return await CrashScenario.RunChildAsync(database, board, points);
    case ["child", ArtifactsScenario.Name, var file, var copy, .. var place]:
        return await ArtifactsPeak.RunChildAsync(file, copy, place);
    case ["child", "empty-server"]:
        return await EmptyServer.RunChildAsync();
    case ["child", "registry-race", var database, var moves, var seed]:
        return await RegistryRaceScenario.RunChildAsync(database, moves, seed);
    case [var name, .. var rest] when scenarios.FirstOrDefault(scenario => scenario.Name == name) is { } scenario:
        BenchmarkOptions options;
        try
        {
            options = BenchmarkOptions.Parse(rest);
        }
        catch (ArgumentException misuse)
        {
            Console.Error.WriteLine(misuse.Message);
            return 2;
        }

        Machine.PrintFacts(options);
        Machine.PrintLimits(options);
        await scenario.RunAsync(options);
        return 0;

    default:
        Console.Error.WriteLine($"usage: <scenario> {BenchmarkOptions.Usage}\nscenarios: list, {string.Join(", ", scenarios.Select(s => s.Name))}");
        return 2;
}
