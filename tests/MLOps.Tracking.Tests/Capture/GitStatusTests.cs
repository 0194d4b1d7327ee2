using System.Diagnostics;
using MLOps.Tracking.Capture;
using Xunit;

namespace MLOps.Tracking.Tests.Capture;

public sealed class GitStatusTests
{
    [Theory]
    [InlineData("", false)]
    [InlineData(" M src/Program.cs\0", true)]
    [InlineData("D  data.csv\0", true)]
    [InlineData("?? mlops.db\0?? mlops.artifacts/x/model.bin\0", false)]
    [InlineData("?? results.csv\0?? src/New File.cs\0", true)]
    public void Changed_files_and_unknown_source_files_make_a_checkout_dirty(string porcelain, bool dirty) =>
        Assert.Equal(dirty, GitStatus.IsDirty(porcelain));

    [Fact]
    public void A_program_is_looked_for_in_absolute_folders_of_the_path_alone()
    {
        using TemporaryFolder folder = new();
        string program = folder.Write("bin/git", "");
        Assert.Equal(program, GitStatus.FindOnPath("git", string.Join(Path.PathSeparator, ".", "", folder["empty"], folder["bin"])));
        Assert.Null(GitStatus.FindOnPath("git", "." + Path.PathSeparator + "bin"));
        Assert.Null(GitStatus.FindOnPath("git", null));
    }

    [Fact]
    public async Task The_git_program_is_asked_where_there_is_one()
    {
        string? git = GitStatus.FindOnPath(OperatingSystem.IsWindows() ? "git.exe" : "git", Environment.GetEnvironmentVariable("PATH"));
        Assert.SkipWhen(git is null, "there is no git program");
        using TemporaryFolder folder = new();
        folder.Write("Program.cs", "first");
        Git("init", "-q", "-b", "main");
        Git("add", ".");
        Git("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "first");
        Git("remote", "add", "origin", "https://alice:hunter2@github.com/contoso/fraud.git");
        string commit = Git("rev-parse", "HEAD").Trim();

        Assert.Equal(new(commit, "main", "https://alice:***@github.com/contoso/fraud.git", IsDirty: false), await ReadAsync());
        folder.Write("mlops.db", "x");
        Assert.False((await ReadAsync())!.IsDirty);
        folder.Write("Program.cs", "second");
        Assert.True((await ReadAsync())!.IsDirty);
        Assert.Null(await GitStatus.IsDirtyAsync(Path.GetTempPath(), TimeProvider.System, TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => GitStatus.IsDirtyAsync(folder.Path, TimeProvider.System, new CancellationToken(canceled: true)));

        Task<EnvironmentReport.GitFacts?> ReadAsync() =>
            SourceCapture.ReadGitAsync(GitCheckout.Find(folder.Path), version: null, TimeProvider.System, TestContext.Current.CancellationToken);

        string Git(params string[] arguments)
        {
            using Process process = Process.Start(new ProcessStartInfo(git!, arguments) { WorkingDirectory = folder.Path, UseShellExecute = false, RedirectStandardOutput = true })!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return output;
        }
    }
}
