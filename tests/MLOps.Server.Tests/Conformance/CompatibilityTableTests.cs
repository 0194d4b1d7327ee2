using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>The page that says what is served is what the tests say, and no rule is forgotten.</summary>
public sealed class CompatibilityTableTests(ConformanceServer server)
{
    public static TheoryData<string, string> Unserved { get; } = [.. ContractEndpoint.All.Where(endpoint => !endpoint.IsServed).SelectMany(Attempts)];

    [Fact]
    public async Task The_page_tells_what_the_tests_show()
    {
        string file = Path.Join(Repository(), "docs", "mlflow-compatibility.md"), page = CompatibilityPage.Text();
        if (Environment.GetEnvironmentVariable("MLOPS_ACCEPT") == "1")
            await File.WriteAllTextAsync(file, page, TestContext.Current.CancellationToken);
        string kept = File.Exists(file) ? await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) : "";
        Assert.True(string.Equals(page, kept.ReplaceLineEndings("\n"), StringComparison.Ordinal), $"docs/mlflow-compatibility.md is stale. {CompatibilityPage.Advice}");
    }

    [Fact]
    public void What_a_test_shows_is_an_endpoint_of_the_contract()
    {
        HashSet<string> known = [.. ContractEndpoint.All.Select(endpoint => endpoint.Name)];
        Assert.Equal([], ContractEndpoint.Shown.Where(shown => !known.Contains(shown.Endpoint)).Select(shown => $"{shown.Test} shows '{shown.Endpoint}', which endpoints.csv does not have"));
    }

    [Fact]
    public void A_rule_that_a_test_names_is_a_rule_of_the_contract() =>
        Assert.Equal([], ContractRule.TestNames.Where(name => ContractRule.Of(name) is null));

    [Fact]
    public void Every_rule_that_applies_has_a_test() =>
        Assert.Equal([], ContractRule.All.Where(rule => rule.Reason.Length == 0 && rule.Sentences.Count == 0).Select(rule => $"{rule.Number} {rule.Title}"));

    [Fact]
    public void A_rule_that_has_a_test_needs_no_reason_why_it_has_none() =>
        Assert.Equal([], ContractRule.All.Where(rule => rule.Reason.Length > 0 && rule.Sentences.Count > 0).Select(rule => $"{rule.Number} {rule.Title}"));

    [Fact]
    public void A_tests_name_speaks_of_the_longest_number_that_fits()
    {
        Assert.Equal("5.1", ContractRule.Of("Rule_5_1_it_exists")?.Number);
        Assert.Equal("5.12", ContractRule.Of("Rule_5_12_it_grows")?.Number);
        Assert.Equal("4", ContractRule.Of("Rule_4_250_is_the_limit")?.Number);
        Assert.Null(ContractRule.Of("Rule_11_1_there_is_none"));
    }

    [Theory]
    [MemberData(nameof(Unserved))]
    public async Task What_no_test_shows_is_a_clean_404(string method, string address)
    {
        using HttpContent? body = method == "GET" ? null : MlflowClient.Json(new JsonObject());
        MlflowClient.Answer answer = await server.Client.SendAsync(new HttpMethod(method), address, body);
        if (address.StartsWith("/api/", StringComparison.Ordinal) || address.StartsWith("/ajax-api/", StringComparison.Ordinal))
            answer.IsError(404, "ENDPOINT_NOT_FOUND");
        else
            Assert.Equal(404, (int)answer.Status);
    }

    private static IEnumerable<TheoryDataRow<string, string>> Attempts(ContractEndpoint endpoint) =>
        (endpoint.Method == "*" ? ["GET", "POST", "PATCH", "DELETE"] : (string[])[endpoint.Method]).Select(method => new TheoryDataRow<string, string>(method, endpoint.Address));

    private static string Repository()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Join(folder, "MLOps.Sdk.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside the repository, whose docs/ they read.");
        return folder;
    }
}
