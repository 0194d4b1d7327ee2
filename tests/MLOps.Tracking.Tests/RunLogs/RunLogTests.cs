using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.RunLogs;

namespace MLOps.Tracking.Tests.RunLogs;

/// <summary>The files of a log: what is kept of a long one, what a killed process leaves, what a disk that refuses costs.</summary>
public sealed class RunLogTests : IDisposable
{
    private const long MaxBytes = 64 << 10;
    private readonly TemporaryFolder _folder = new();
    private readonly RunCounters _counters = new();

    [Property(MaxTest = 40)]
    public Property A_long_log_keeps_its_first_and_its_newest_part_and_says_what_lay_between() => Prop.ForAll(
        Arb.From(Gen.Choose(1, 1200).SelectMany(count => Gen.Choose(0, 900).ArrayOf(count))),
        lengths =>
        {
            string[] lines = [.. lengths.Select((length, i) => $"{i} {new string('é', length / 2)}")];
            using var folder = new TemporaryFolder();
            string text = Written(folder.Path, lines);

            Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, MaxBytes);
            string[] kept = text.TrimEnd('\n').Split('\n');
            int gap = Array.FindIndex(kept, line => line.StartsWith("---", StringComparison.Ordinal));
            if (gap < 0)
            {
                Assert.Equal(lines, kept);
                return;
            }

            string[] first = kept[..gap], newest = kept[(gap + 1)..], between = lines[first.Length..^newest.Length];
            Assert.Equal(lines[..first.Length], first);
            Assert.Equal(lines[^newest.Length..], newest);
            Assert.Equal($"--- {between.Length} lines ({Size(between)} bytes) were left out here: a log keeps its first and its newest part ---", kept[gap]);
            // No more is left out than the bound asks for: a line has at most 907 bytes.
            Assert.InRange(Size(first), (MaxBytes / 2) - 256 - 907, MaxBytes / 2);
            Assert.InRange(Size(newest), (MaxBytes / 4) - 128 - 907, MaxBytes / 2);
        });

    [Fact]
    public void A_log_that_fits_lies_in_one_file_and_is_kept_whole()
    {
        string[] lines = [.. Enumerable.Range(0, 1000).Select(i => $"line {i}")];
        Assert.Equal(string.Concat(lines.Select(line => line + "\n")), Written(_folder.Path, lines));
        Assert.Single(Directory.GetFiles(_folder.Path, "*.bin"));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.turn"));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(3000)]
    public void What_a_killed_process_left_is_read_without_what_stands_behind_its_last_line(int count)
    {
        string[] lines = [.. Enumerable.Range(0, count).Select(i => $"line {i} {new string('x', 50)}")];
        RunLog killed = Make(_folder.Path);
        foreach (string line in lines)
            killed.Append(Padded(line), MaxBytes);

        // Nobody ends it. The last thing that it did was half a line.
        string last = Directory.GetFiles(_folder.Path, "*.turn").Order(StringComparer.Ordinal).LastOrDefault() ?? Directory.GetFiles(_folder.Path, "*.bin").Single();
        byte[] bytes = File.ReadAllBytes(last);
        int end = Array.FindLastIndex(bytes, b => b != 0) + 1;
        File.WriteAllBytes(last, [.. bytes[..end], .. "half a li"u8]);

        string[] read = Read(_folder.Path).Split('\n');
        Assert.Equal(["half a li", ""], read[^2..]);
        Assert.Equal(lines[^5..], read[^7..^2]);
        Assert.Equal(lines[0], read[0]);
    }

    [Fact]
    public void Lines_before_there_is_a_file_are_counted_and_noted_once_there_is_one()
    {
        string obstacle = _folder.Write("staged", "");
        RunLog log = Make(obstacle);
        log.Append(Padded("lost"), MaxBytes);
        log.Append(Padded("lost, too"), MaxBytes);
        Assert.Equal(2, _counters.LogLinesMissing);

        File.Delete(obstacle);
        Until(() =>
        {
            log.Append(Padded("kept"), MaxBytes);
            return Directory.Exists(obstacle);
        });
        Assert.NotNull(log.End());
        long missing = _counters.LogLinesMissing;
        Assert.Equal($"--- {missing} lines ({5 + 10 + ((missing - 2) * 5)} bytes) are missing here: the disk was full or refused ---\nkept\n", Read(obstacle));
    }

    [Fact]
    public void A_log_without_lines_leaves_nothing_and_takes_nothing_after_its_end()
    {
        RunLog log = Make(_folder["staged"]);
        Assert.Null(log.End());
        log.Append(Padded("late"), MaxBytes);
        Assert.Null(log.End());
        Assert.False(Directory.Exists(_folder["staged"]));
        Assert.Equal(0, _counters.LogLinesMissing);
    }

    [Fact]
    public void Threads_that_log_at_once_lose_no_line_and_tear_none()
    {
        const int threads = 8, each = 2000;
        RunLog log = Make(_folder.Path);
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            for (int i = 0; i < each; i++)
                log.Append(Padded($"{thread}/{i}"), 1 << 20);
        });
        Assert.NotNull(log.End());
        var byThread = Read(_folder.Path).TrimEnd('\n').Split('\n').Select(line => line.Split('/')).ToLookup(parts => parts[0], parts => int.Parse(parts[1], CultureInfo.InvariantCulture));
        for (int thread = 0; thread < threads; thread++)
            Assert.Equal(Enumerable.Range(0, each), byThread[$"{thread}"]);
    }

    public void Dispose() => _folder.Dispose();

    internal static byte[] Padded(string line) => [.. Encoding.UTF8.GetBytes(line + "\n"), .. new byte[RunLogFile.NoteRoom]];

    internal static string Read(string folder)
    {
        string name = Path.ChangeExtension(Directory.GetFiles(folder, "*.bin").Single(), null);
        using RunLogContent content = RunLogContent.Open(name);
        using var reader = new StreamReader(content, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static long Size(string[] lines) => lines.Sum(line => Encoding.UTF8.GetByteCount(line) + 1);

    private static void Until(Func<bool> done)
    {
        while (!done())
            Thread.Yield();
    }

    private string Written(string folder, string[] lines)
    {
        RunLog log = Make(folder);
        foreach (string line in lines)
            log.Append(Padded(line), MaxBytes);
        Assert.NotNull(log.End());
        return Read(folder);
    }

    private RunLog Make(string folder) =>
        new(folder, _ => new StagedArtifact(RunId.New().Value, new Uri("file:///a"), RunLog.FirstPath, 0, "", IsLog: true), TimeProvider.System, _counters);
}
