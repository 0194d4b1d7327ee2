using System.Text.Json;
using MLOps.Tracking.Capture;
using Xunit;

namespace MLOps.Tracking.Tests.Capture;

public sealed class RunCaptureTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_capture_of_this_process_has_its_tags_and_its_environment()
    {
        RunCapture capture = await RunCapture.TakeAsync(new CaptureOptions(), TimeProvider.System, Cancel);
        Assert.Equal("LOCAL", capture.Tags["mlflow.source.type"]);
        Assert.Equal("MLOps.Tracking.Tests", capture.Tags["mlflow.source.name"]);

        using JsonDocument json = JsonDocument.Parse(capture.EnvironmentJson);
        JsonElement root = json.RootElement;
        Assert.Equal(1, root.GetProperty("version").GetInt32());
        Assert.Equal(Environment.ProcessorCount, root.GetProperty("machine").GetProperty("cpuCount").GetInt32());
        Assert.True(root.GetProperty("machine").GetProperty("memoryBytes").GetInt64() > 0);
        Assert.StartsWith(".NET 10", root.GetProperty("runtime").GetProperty("framework").GetString(), StringComparison.Ordinal);
        Assert.Contains("MLOps.Tracking.Tests", root.GetProperty("program").GetProperty("commandLine").GetString(), StringComparison.Ordinal);
        Assert.Contains(root.GetProperty("packages").EnumerateArray(), package => package.GetProperty("name").GetString() == "Microsoft.Extensions.Options");
    }

    [Fact]
    public async Task What_is_switched_off_is_not_captured()
    {
        RunCapture none = await RunCapture.TakeAsync(new CaptureOptions { Source = false, Environment = false }, TimeProvider.System, Cancel);
        Assert.Empty(none.Tags);
        Assert.Null(none.EnvironmentJson);

        RunCapture environment = await RunCapture.TakeAsync(new CaptureOptions { Source = false }, TimeProvider.System, Cancel);
        Assert.Empty(environment.Tags);
        using JsonDocument json = JsonDocument.Parse(environment.EnvironmentJson);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("git").ValueKind);

        RunCapture source = await RunCapture.TakeAsync(new CaptureOptions { Environment = false }, TimeProvider.System, Cancel);
        Assert.NotEmpty(source.Tags);
        Assert.Null(source.EnvironmentJson);
    }

    [Fact]
    public void What_is_known_has_its_tag_and_what_is_not_has_none()
    {
        SourceFacts facts = new("alice", "Fraud", "1.0", "/app", new("3f78", "main", "https://github.com/contoso/fraud", IsDirty: true));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["mlflow.user"] = "alice",
                ["mlflow.source.name"] = "Fraud",
                ["mlflow.source.type"] = "LOCAL",
                ["mlflow.source.git.commit"] = "3f78",
                ["mlflow.source.git.branch"] = "main",
                ["mlflow.source.git.repoURL"] = "https://github.com/contoso/fraud",
                ["mlops.git.dirty"] = "true",
            },
            SourceCapture.Tags(facts));
        Assert.Equal(["mlflow.source.name", "mlflow.source.type"], SourceCapture.Tags(new("", "Fraud", null, "", Git: null)).Keys.Order());
        Assert.Equal("false", SourceCapture.Tags(facts with { Git = facts.Git! with { IsDirty = false } })["mlops.git.dirty"]);
        Assert.False(SourceCapture.Tags(facts with { Git = facts.Git! with { IsDirty = null } }).ContainsKey("mlops.git.dirty"));
    }

    [Theory]
    [InlineData("1.2.3+3f786850e387550fdab836ed7e6dc881de23001b", "3f786850e387550fdab836ed7e6dc881de23001b")]
    [InlineData("1.2.3-preview.0.4+build.3f786850e387550fdab836ed7e6dc881de23001b", "3f786850e387550fdab836ed7e6dc881de23001b")]
    [InlineData("1.2.3+local", null)]
    [InlineData("1.2.3", null)]
    [InlineData(null, null)]
    public async Task Without_a_checkout_the_commit_is_the_one_that_the_build_wrote_down(string? version, string? commit) =>
        Assert.Equal(commit, (await SourceCapture.ReadGitAsync(checkout: null, version, TimeProvider.System, Cancel))?.Commit);

    [Fact]
    public void Packages_are_those_of_the_deps_file_and_none_where_it_is_absent_or_garbage()
    {
        const string Deps = """{"runtimeTarget":{"name":"x"},"libraries":{"App/1.0.0":{"type":"project"},"Zeta/2.0.0":{"type":"package"},"alpha/1.0.0-rc.1":{"type":"package"},"odd":{"type":"package"},"n/1":{"type":5},"m/1":null}}""";
        Assert.Equal([new("alpha", "1.0.0-rc.1"), new("Zeta", "2.0.0")], EnvironmentCapture.PackagesIn(Deps));
        Assert.All((string[])["", "garbage", "[]", "{}", """{"libraries":[]}"""], text => Assert.Empty(EnvironmentCapture.PackagesIn(text)));
    }

    [Fact]
    public void Only_the_named_variables_are_kept_and_secrets_among_them_masked()
    {
        Dictionary<string, string> environment = new() { ["STAGE"] = "test", ["MY_TOKEN"] = "hunter2", ["DB"] = "Server=x;Password=hunter2", ["OTHER"] = "x" };
        Assert.Equal(
            new Dictionary<string, string> { ["STAGE"] = "test", ["MY_TOKEN"] = "***", ["DB"] = "Server=x;Password=***" },
            EnvironmentCapture.Variables(["STAGE", "MY_TOKEN", "DB", "UNSET", "STAGE"], name => environment.GetValueOrDefault(name)));
    }

    [Fact]
    public void A_command_line_is_quoted_and_redacted() =>
        Assert.Equal("app --name \"a b\" --token *** \"\" --q \"say \\\"hi\\\"\"", EnvironmentCapture.CommandLine(["app", "--name", "a b", "--token", "hunter2", "", "--q", "say \"hi\""]));

    [Theory]
    [InlineData("processor\t: 0\nmodel name\t: AMD EPYC 7763\nmodel name\t: other\n", "AMD EPYC 7763")]
    [InlineData("processor\t: 0\nCPU implementer\t: 0x41\n", null)]
    [InlineData("", null)]
    public void The_processors_model_is_read_from_cpuinfo(string text, string? model) => Assert.Equal(model, EnvironmentCapture.CpuModelIn(text));
}
