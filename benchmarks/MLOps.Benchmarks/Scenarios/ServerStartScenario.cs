namespace MLOps.Benchmarks.Scenarios;

/// <summary>The tool, and a host of a user's own as a native program, from the start of the process to the first answer, and their resident sets once they are idle.</summary>
internal static class ServerStartScenario
{
    private const string Name = "server-start";

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int trials = options.Trials ?? (options.Quick ? 5 : 21);
        using ScratchFolder published = options.NewFolder();
        string native = await NativeProgram.PublishAsync("samples/TrackingServer", published.Path);
        (string Kind, string Program, Func<string, string[]> Arguments)[] kinds =
        [
            ("", MlflowServer.Tool, port => ["server", "--port", port]),
            ("aot_", native, port => ["--urls", $"http://127.0.0.1:{port}", "--database", "mlops.db"]),
        ];
        Dictionary<string, (List<double> Ready, List<double> Resident)> times = kinds.ToDictionary(kind => kind.Kind, _ => (new List<double>(), new List<double>()));
        // The first round fills the page cache and is not counted.
        for (int trial = -1; trial < trials; trial++)
        {
            foreach ((string kind, string program, Func<string, string[]> arguments) in kinds)
            {
                using ScratchFolder folder = options.NewFolder();
                (MlflowServer server, double ready) = await MlflowServer.StartAsync(program, folder.Path, arguments);
                await using (server)
                {
                    await Task.Delay(TimeSpan.FromSeconds(2));
                    if (trial < 0)
                        continue;
                    times[kind].Ready.Add(ready);
                    times[kind].Resident.Add(server.MebibytesOf("VmRSS"));
                }
            }
        }

        Figure.Print(Name, "trials", trials, "trials");
        foreach ((string kind, (List<double> ready, List<double> resident)) in times)
        {
            Figure.Print(Name, $"{kind}ready_ms", ready.Order().ElementAt(ready.Count / 2), "ms");
            Figure.Print(Name, $"{kind}idle_rss_mib", resident.Order().ElementAt(resident.Count / 2), "MiB");
        }
    }
}
