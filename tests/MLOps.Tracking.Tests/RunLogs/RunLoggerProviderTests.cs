using System.Text;
using FsCheck.Xunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.RunLogs;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.RunLogs;

public sealed partial class RunLoggerProviderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTrackingStore _store = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 24, 10, 15, 30, 123, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_logged_within_a_run_is_its_artifact_when_it_has_ended()
    {
        await using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        ILogger logger = factory.CreateLogger("App.Trainer");
        logger.LogInformation("before the run: nowhere");
        RunInfo run = await RunAsync(tracker, () =>
        {
            logger.LogInformation(new EventId(7, "Epoch"), "epoch {Epoch} has loss {Loss}", 1, 0.25);
            _clock.Advance(TimeSpan.FromMilliseconds(1877));
            logger.LogWarning(Thrown(), "a row was left out");
        });
        logger.LogInformation("after the run: nowhere");

        Assert.Equal(
            """
            2026-11-24T10:15:30.123Z info  App.Trainer[7] epoch 1 has loss 0.25
            2026-11-24T10:15:32.000Z warn  App.Trainer[0] a row was left out
                System.IO.InvalidDataException: row 7\u001B[2J is odd
                second line
                   at
            """,
            (await LogOf(tracker, run)).ReplaceLineEndings("\n")[..((await LogOf(tracker, run)).IndexOf("   at ", StringComparison.Ordinal) + 5)]);
        Assert.Equal(["logs/run.log"], await PathsOf(tracker, run));
        Assert.Equal(0, tracker.Health.Staged);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Staged(tracker)));

        static InvalidDataException Thrown()
        {
            try
            {
                throw new InvalidDataException("row 7\e[2J is odd\r\nsecond line");
            }
            catch (InvalidDataException exception)
            {
                return exception;
            }
        }
    }

    [Fact]
    public async Task A_run_that_logged_nothing_has_no_log()
    {
        await using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        Assert.Empty(await PathsOf(tracker, await RunAsync(tracker, () => { })));
    }

    [Fact]
    public async Task A_line_goes_to_the_innermost_run_of_its_flow_of_control()
    {
        await using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        ILogger logger = factory.CreateLogger("C");
        RunInfo inner = null!;
        RunInfo outer = await RunAsync(tracker, async () =>
        {
            logger.LogInformation("outer 1");
            inner = await RunAsync(tracker, () => logger.LogInformation("inner"));
            logger.LogInformation("outer 2");
        });
        Assert.Equal(["outer 1", "outer 2"], await MessagesOf(tracker, outer));
        Assert.Equal(["inner"], await MessagesOf(tracker, inner));
        Assert.False(logger.IsEnabled(LogLevel.Critical));
    }

    [Fact]
    public async Task Runs_at_the_same_time_keep_their_lines_apart()
    {
        await using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        ILogger logger = factory.CreateLogger("C");
        RunInfo[] runs = await Task.WhenAll(Enumerable.Range(0, 10).Select(r => Task.Run(() => RunAsync(tracker, async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(t => Task.Run(() =>
            {
                for (int i = 0; i < 100; i++)
                    logger.LogInformation("{Run} {Thread} {I}", r, t, i);
            })));
        }))));
        for (int r = 0; r < runs.Length; r++)
        {
            string[] expected = [.. from t in Enumerable.Range(0, 4) from i in Enumerable.Range(0, 100) select $"{r} {t} {i}"];
            Assert.Equal(expected.Order(StringComparer.Ordinal), (await MessagesOf(tracker, runs[r])).Order(StringComparer.Ordinal));
        }
    }

    [Property(MaxTest = 15)]
    public void A_message_is_one_line_whatever_it_holds(string[] messages, string category)
    {
        using var folder = new TemporaryFolder();
        using var tracker = Tracker.Open(t => Use(t, folder.Path));
        using LoggerFactory factory = Factory();
        string[] forgeries = [.. messages.Append("x").Select(message => message + "\n2026-11-24T10:15:30.123Z crit  Forged[0] \u2028\u0085\v\f\r" + message)];
        string[] lines = LinesWith(tracker, factory.CreateLogger(category ?? ""), forgeries);
        Assert.Equal(forgeries.Length, lines.Length);
        Assert.All(lines, line =>
        {
            Assert.StartsWith("2026-11-24T10:15:30.123Z info  ", line, StringComparison.Ordinal);
            Assert.DoesNotContain(line, c => (char.IsControl(c) && c != '\t') || c is '\u2028' or '\u2029');
        });
    }

    [Theory]
    [InlineData("a\nb\rc\td", "a\\nb\\rc\td")]
    [InlineData("\0\u001B[31mred\u007F\u0085", "\\u0000\\u001B[31mred\\u007F\\u0085")]
    [InlineData("x\u2028y\u2029z", "x\\u2028y\\u2029z")]
    [InlineData("abc\u202Edef\u2066\u2069", "abc\\u202Edef\\u2066\\u2069")]
    [InlineData("naïve 東京 🚀 \\n", "naïve 東京 🚀 \\n")]
    public void What_would_begin_a_line_or_act_on_a_terminal_is_escaped(string message, string expected)
    {
        using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        Assert.Equal([$"2026-11-24T10:15:30.123Z info  C[0] {expected}"], LinesWith(tracker, factory.CreateLogger("C"), message));
    }

    [Fact]
    public async Task Every_level_has_its_name_and_the_least_one_is_kept_as_well()
    {
        await using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        Assert.Equal(
            ["trace", "debug", "info ", "warn ", "error", "crit "],
            (await LinesOf(tracker, await RunAsync(tracker, () => LogAllLevels(factory)))).Select(line => line.Substring(25, 5)));

        using LoggerFactory errors = Factory(new RunLogOptions { MinimumLevel = LogLevel.Error });
        Assert.Equal(["Error", "Critical"], await MessagesOf(tracker, await RunAsync(tracker, () => LogAllLevels(errors))));

        using LoggerFactory none = Factory(new RunLogOptions { MinimumLevel = LogLevel.None });
        Assert.Empty(await PathsOf(tracker, await RunAsync(tracker, () => LogAllLevels(none))));

        static void LogAllLevels(LoggerFactory factory)
        {
            ILogger logger = factory.CreateLogger("C");
            for (LogLevel level = LogLevel.Trace; level <= LogLevel.Critical; level++)
                logger.Log(level, "{Level}", level);
        }
    }

    [Fact]
    public async Task Scopes_stand_in_the_line_where_they_are_asked_for()
    {
        await using Tracker tracker = Open();
        foreach ((bool include, string expected) in ((bool, string)[])[(true, "C[0] => fold 3 => Password: *** request"), (false, "C[0] request")])
        {
            using LoggerFactory factory = Factory(new RunLogOptions { IncludeScopes = include });
            ILogger logger = factory.CreateLogger("C");
            RunInfo run = await RunAsync(tracker, () =>
            {
                using (logger.BeginScope("fold {Fold}", 3))
                using (logger.BeginScope("Password: {Word}", "hunter2"))
                    logger.LogInformation("request");
            });
            Assert.Equal([$"2026-11-24T10:15:30.123Z info  {expected}"], await LinesOf(tracker, run));
        }
    }

    [Fact]
    public async Task Secrets_are_masked_unless_that_is_switched_off()
    {
        await using Tracker tracker = Open();
        foreach (bool mask in (bool[])[true, false])
        {
            using LoggerFactory factory = Factory(new RunLogOptions { MaskSecrets = mask });
            RunInfo run = await RunAsync(tracker, () => factory.CreateLogger("C").LogError(
                new InvalidOperationException("cannot open Server=db;Password=hunter2"), "GET https://bob:hunter2@host/x with api_key=hunter2"));
            Assert.Equal(mask, !(await LogOf(tracker, run)).Contains("hunter2", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task An_event_that_is_too_long_is_cut_between_words_so_that_no_secret_is_cut_in_two()
    {
        await using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        string key = "ghp_" + new string('a', 36);
        RunInfo run = await RunAsync(tracker, () => factory.CreateLogger("C").LogInformation("{Text}", string.Concat(Enumerable.Repeat(key + " ", 5000))));
        string text = await LogOf(tracker, run);
        Assert.InRange(Encoding.UTF8.GetByteCount(text), 5000, 64 << 10);
        Assert.EndsWith("*** … (cut)\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ghp_", text, StringComparison.Ordinal);

        run = await RunAsync(tracker, () => factory.CreateLogger("C").LogInformation("{Text}", string.Concat(Enumerable.Repeat("東", 50_000))));
        text = await LogOf(tracker, run);
        Assert.InRange(Encoding.UTF8.GetByteCount(text), (64 << 10) - 512, 64 << 10);
        Assert.EndsWith("東 … (cut)\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', text);
    }

    [Fact]
    public async Task Nothing_that_fails_while_a_line_is_made_reaches_the_program()
    {
        await using Tracker tracker = Open();
        using var provider = new RunLoggerProvider();
        ILogger logger = provider.CreateLogger("C");
        RunInfo run = await RunAsync(tracker, () =>
        {
            logger.Log(LogLevel.Information, 0, 1, null, (_, _) => throw new FormatException("bad"));
            logger.Log(LogLevel.Information, 0, 1, null, null!);
            logger.Log(LogLevel.Information, 0, 1, new Unspeakable(), (_, _) => "fine");
            logger.LogInformation("the next one");
        });
        Assert.Equal(
            [
                "2026-11-24T10:15:30.123Z info  C[0] (could not be formatted: System.FormatException)",
                "2026-11-24T10:15:30.123Z info  C[0] (could not be formatted: System.NullReferenceException)",
                "2026-11-24T10:15:30.123Z info  C[0] fine",
                "    (could not be formatted: System.NotSupportedException)",
                "2026-11-24T10:15:30.123Z info  C[0] the next one",
            ],
            await LinesOf(tracker, run));
    }

    [Fact]
    public async Task A_message_that_logs_while_it_is_formatted_and_the_trackers_own_events_end_in_no_loop()
    {
        using LoggerFactory factory = Factory();
        var artifacts = new FlakyArtifactStore { Away = true };
        await using Tracker tracker = Open(t => t.UseLogging(factory).AddArtifactStore(artifacts).Configure(o => (o.ArtifactRoot, o.ArtifactAttempts) = ("flaky://bucket/root", 1)));
        ILogger logger = factory.CreateLogger("C");
        RunInfo run = await RunAsync(tracker, async () =>
        {
            logger.Log(LogLevel.Information, 0, 1, null, (_, _) =>
            {
                logger.LogInformation("inside");
                return "outside";
            });
            // The tracker says through the same factory that it staged this.
            await Run.Current!.LogTextAsync("a.txt", "x", Cancellation);
        });
        artifacts.Away = false;
        await tracker.FlushAsync(Durability.Store, Cancellation);
        string[] lines = await LinesOf(tracker, run);
        Assert.Equal(["inside", "outside"], lines[..2].Select(MessageIn));
        Assert.Contains(lines, line => line.Contains("MLOps.Tracking.Tracker[1006] Artifact a.txt", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_part_of_a_run_has_a_log_of_its_own()
    {
        await using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        ILogger logger = factory.CreateLogger("C");
        RunInfo run = await RunAsync(tracker, () => logger.LogInformation("first"));
        foreach (ResumeMode mode in (ResumeMode[])[ResumeMode.Exclusive, ResumeMode.Share, ResumeMode.Exclusive])
        {
            await using Run part = await tracker.ResumeRunAsync(run.Id, mode, Cancellation);
            logger.LogInformation("part {Mode}", mode);
            await part.EndAsync(cancellationToken: Cancellation);
        }

        // Other processes may be given the same id, so that its first log is not surely this one.
        await using (await tracker.StartRunAsync("e", new RunOptions { Id = new RunId(new string('a', 32)), IsRoot = true }, Cancellation))
            logger.LogInformation("named");

        string[] paths = await PathsOf(tracker, run);
        Assert.Equal(4, paths.Length);
        Assert.Contains("logs/run.log", paths);
        Assert.Equal(3, paths.Count(path => LaterPart().IsMatch(path)));
        string[] texts = await Task.WhenAll(paths.Select(path => TextOf(tracker, run, path)));
        Assert.Equal(["first", "part Exclusive", "part Exclusive", "part Share"], texts.Select(text => MessageIn(text.TrimEnd('\n'))).Order(StringComparer.Ordinal));
        Assert.Single(await PathsOf(tracker, (await tracker.GetRunAsync(new RunId(new string('a', 32)), Cancellation)).Info), path => LaterPart().IsMatch(path));
    }

    [Fact]
    public async Task A_log_whose_store_is_away_is_staged_and_arrives_later()
    {
        var artifacts = new FlakyArtifactStore { Away = true };
        await using Tracker tracker = Open(t => t.AddArtifactStore(artifacts).Configure(o => o.ArtifactRoot = "flaky://bucket/root"));
        using LoggerFactory factory = Factory();
        RunInfo run = await RunAsync(tracker, () => factory.CreateLogger("C").LogInformation("kept"));
        Assert.Equal(1, tracker.Health.Staged);
        Assert.Empty(artifacts.Objects);

        artifacts.Away = false;
        await tracker.FlushAsync(Durability.Store, Cancellation);
        Assert.Equal(0, tracker.Health.Staged);
        Assert.Equal(["kept"], await MessagesOf(tracker, run));
    }

    [Fact]
    public async Task A_log_that_no_store_takes_does_not_fail_its_run()
    {
        await using Tracker tracker = Open(t => t.AddArtifactStore(new BrokenArtifactStore()).Configure(o => o.ArtifactRoot = "broken://bucket"));
        using LoggerFactory factory = Factory();
        RunInfo run = await RunAsync(tracker, () => factory.CreateLogger("C").LogInformation("kept"));
        Assert.Equal(RunStatus.Finished, (await tracker.GetRunAsync(run.Id, Cancellation)).Info.Status);
        Assert.Equal(1, tracker.Health.Staged);
    }

    [Fact]
    public async Task The_log_of_a_run_that_its_tracker_ends_is_kept_and_later_lines_go_nowhere()
    {
        using LoggerFactory factory = Factory();
        ILogger logger = factory.CreateLogger("C");
        RunInfo run;
        await using (Tracker tracker = Open())
        {
            Run open = await tracker.StartRunAsync("e", cancellationToken: Cancellation);
            run = (await tracker.GetRunAsync(open.Id, Cancellation)).Info;
            logger.LogInformation("kept");
            await tracker.DisposeAsync();
            logger.LogInformation("late");
        }

        await using Tracker next = Open();
        Assert.Equal(["kept"], await MessagesOf(next, run));
        Assert.Single(Directory.EnumerateDirectories(_folder["mlops.journal"]));
    }

    [Fact]
    public async Task A_run_may_end_while_others_log_to_it()
    {
        await using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        ILogger logger = factory.CreateLogger("C");
        for (int trial = 0; trial < TestLength.Of(20, 200); trial++)
        {
            Run run = await tracker.StartRunAsync("e", new RunOptions { IsRoot = true }, Cancellation);
            int logged = 0;
            Task[] loggers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
            {
                // Not without end: on a busy machine they could fill the log before the run is ended, and of a full log the middle goes.
                while (!run.HasEnded && Volatile.Read(ref logged) < 50_000)
                {
                    logger.LogInformation("line");
                    Interlocked.Increment(ref logged);
                }
            }))];
            while (Volatile.Read(ref logged) < 10)
                await Task.Yield();
            int returned = Volatile.Read(ref logged);
            await run.EndAsync(cancellationToken: Cancellation);
            await Task.WhenAll(loggers);
            string[] messages = await MessagesOf(tracker, (await tracker.GetRunAsync(run.Id, Cancellation)).Info);
            Assert.InRange(messages.Length, returned, logged);
            Assert.All(messages, message => Assert.Equal("line", message));
        }
    }

    [Fact]
    public async Task What_a_killed_process_left_is_uploaded_by_the_one_that_adopts_its_journal()
    {
        RunId id = RunId.New();
        using (Journal killed = Journal.Create(JournalRoot.Open(_folder["mlops.journal"]), new JournalOptions(), TimeProvider.System))
        {
            string location = LocalArtifactStore.LocationOf(_folder["a"]).AbsoluteUri;
            killed.Append(new TrackingRecord.RunStarted(id, 1000) { ExperimentName = "e", ArtifactLocation = location });
            var log = new RunLog(
                Path.Combine(killed.Folder, "staged"), _ => new StagedArtifact(id.Value, new Uri(location), RunLog.FirstPath, 0, "", IsLog: true), TimeProvider.System, new RunCounters());
            for (int i = 0; i < 100; i++)
                log.Append(RunLogTests.Padded($"line {i}"), 1 << 20);
            // A description that a power loss emptied stands in nobody's way, and its content is kept.
            File.WriteAllText(Path.Combine(killed.Folder, "staged", "0.open"), "");
            File.WriteAllText(Path.Combine(killed.Folder, "staged", "0.bin"), "whose?");
        }

        await using Tracker tracker = Open();
        RunDetails details = await tracker.GetRunAsync(id, Cancellation);
        Assert.Equal(RunStatus.Killed, details.Info.Status);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"line {i}"), (await LogOf(tracker, details.Info)).TrimEnd('\n').Split('\n'));
        Assert.Single(Directory.EnumerateFiles(_folder["mlops.journal"], "0.bin", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_log_survives_a_power_loss_once_it_is_flushed_and_flushing_disturbs_nothing()
    {
        await using Tracker tracker = Open();
        using LoggerFactory factory = Factory();
        ILogger logger = factory.CreateLogger("C");
        await tracker.FlushAsync(Durability.Disk, Cancellation);
        RunInfo run = await RunAsync(tracker, async () =>
        {
            logger.LogInformation("1");
            await tracker.FlushAsync(Durability.Disk, Cancellation);
            logger.LogInformation("2");
            await tracker.FlushAsync(Durability.Store, Cancellation);
            logger.LogInformation("3");
        });
        Assert.Equal(["1", "2", "3"], await MessagesOf(tracker, run));
    }

    [Fact]
    public async Task A_host_keeps_the_logs_of_its_runs_by_one_line_and_by_its_own_filters()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration["Logging:RunLog:LogLevel:Noisy"] = "Error";
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddRunLog(o => o.MinimumLevel = LogLevel.Information).AddRunLog(o => o.IncludeScopes = true);
        builder.Services.AddMLOpsTracking(t => Use(t, _folder.Path));
        using IHost host = builder.Build();
        await host.StartAsync(Cancellation);
        Tracker tracker = host.Services.GetRequiredService<Tracker>();
        Assert.Single(host.Services.GetServices<ILoggerProvider>().OfType<RunLoggerProvider>());
        RunInfo run = await RunAsync(tracker, () =>
        {
            host.Services.GetRequiredService<ILogger<RunLoggerProviderTests>>().LogInformation("hosted");
            host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Noisy").LogInformation("filtered");
        });
        Assert.Equal(["hosted"], await MessagesOf(tracker, run));
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public void Options_out_of_their_range_are_refused()
    {
        Assert.Contains("MaxBytes", Assert.Throws<OptionsValidationException>(() => new RunLoggerProvider(new RunLogOptions { MaxBytes = 1000 })).Message, StringComparison.Ordinal);
        Assert.Contains("MinimumLevel", Assert.Throws<OptionsValidationException>(() => new RunLoggerProvider(new RunLogOptions { MinimumLevel = (LogLevel)9 })).Message, StringComparison.Ordinal);
        using var least = new RunLoggerProvider(new RunLogOptions { MaxBytes = 64 << 10 });
        using var most = new RunLoggerProvider(new RunLogOptions { MaxBytes = 1 << 30 });
    }

    public void Dispose() => _folder.Dispose();

    private static LoggerFactory Factory(RunLogOptions? options = null) =>
        new([new RunLoggerProvider(options)], new LoggerFilterOptions { MinLevel = LogLevel.Trace });

    private static async Task<RunInfo> RunAsync(Tracker tracker, Func<Task> work)
    {
        RunId id = await tracker.RunAsync(
            "e",
            async run =>
            {
                await work();
                return run.Id;
            },
            cancellationToken: Cancellation);
        return (await tracker.GetRunAsync(id, Cancellation)).Info;
    }

    private static Task<RunInfo> RunAsync(Tracker tracker, Action work) => RunAsync(tracker, () =>
    {
        work();
        return Task.CompletedTask;
    });

    private static string[] LinesWith(Tracker tracker, ILogger logger, params string[] messages)
    {
        RunInfo run = RunAsync(tracker, () =>
        {
            foreach (string message in messages)
                logger.Log(LogLevel.Information, 0, message, null, (text, _) => text);
        }).GetAwaiter().GetResult();
        return LinesOf(tracker, run).GetAwaiter().GetResult();
    }

    private static async Task<string[]> PathsOf(Tracker tracker, RunInfo run) =>
        [.. (await tracker.OpenArtifacts(run).ListAsync(Cancellation)).Where(file => file.Path.Value.StartsWith("logs/", StringComparison.Ordinal)).Select(file => file.Path.Value)];

    private static async Task<string> TextOf(Tracker tracker, RunInfo run, string path)
    {
        using var reader = new StreamReader(await tracker.OpenArtifacts(run).OpenReadAsync(path, Cancellation), Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancellation);
    }

    private static Task<string> LogOf(Tracker tracker, RunInfo run) => TextOf(tracker, run, "logs/run.log");

    private static async Task<string[]> LinesOf(Tracker tracker, RunInfo run) => (await LogOf(tracker, run)).TrimEnd('\n').Split('\n');

    private static async Task<string[]> MessagesOf(Tracker tracker, RunInfo run) => [.. (await LinesOf(tracker, run)).Select(MessageIn)];

    private static string MessageIn(string line) => line[(line.IndexOf("] ", StringComparison.Ordinal) + 2)..];

    private static string Staged(Tracker tracker) => Path.Combine(tracker.Journal.Folder, "staged");

    private Tracker Open(Action<TrackingBuilder>? more = null) => Tracker.Open(t =>
    {
        Use(t, _folder.Path, _store);
        more?.Invoke(t);
    });

    private TrackingBuilder Use(TrackingBuilder tracking, string folder, InMemoryTrackingStore? store = null) =>
        tracking.UseInMemory(folder, store).UseTimeProvider(_clock).Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false));

    [System.Text.RegularExpressions.GeneratedRegex(@"^logs/run-20261124T101530\.123Z-[0-9a-f]{8}\.log$")]
    private static partial System.Text.RegularExpressions.Regex LaterPart();

    private sealed class Unspeakable : Exception
    {
        public override string ToString() => throw new NotSupportedException();
    }

    private sealed class BrokenArtifactStore : IArtifactStore
    {
        public bool Serves(Uri location) => location.Scheme == "broken";

        public ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken) => throw new InvalidOperationException("a bug");

        public ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken) => throw new InvalidOperationException("a bug");

        public ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken) => throw new InvalidOperationException("a bug");

        public IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, CancellationToken cancellationToken) => throw new InvalidOperationException("a bug");

        public ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken) => throw new InvalidOperationException("a bug");
    }
}
