using System.Text;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Writes <c>docs/mlflow-compatibility.md</c> from the conformance tests.</summary>
internal static class CompatibilityPage
{
    /// <summary>How to write it anew.</summary>
    public const string Advice = "MLOPS_ACCEPT=1 dotnet test --project tests/MLOps.Server.Tests writes docs/mlflow-compatibility.md anew. Read what changed before you commit it.";

    private const string Head = """
        # Compatibility with MLflow
        What `mlops server` serves of MLflow's REST protocol, and which of its rules tests hold it to. This page is made of the tests in `tests/MLOps.Server.Tests/Conformance`, each of which asks
        the real server over HTTP: an endpoint is served when a test shows it, and a sentence below a rule is the name of a test that passes.

        """;

    public static string Text()
    {
        StringBuilder page = new(Head.ReplaceLineEndings("\n"));
        WriteEndpoints(page);
        WriteRules(page);
        return page.ToString();
    }

    private static void WriteEndpoints(StringBuilder page)
    {
        ContractEndpoint[] served = [.. ContractEndpoint.All.Where(endpoint => endpoint.IsServed)];
        page.Append("\n## Endpoints\n");
        page.Append($"{served.Length} of {ContractEndpoint.All.Count} endpoints are served. The others answer 404, those below `/api` and `/ajax-api` with `ENDPOINT_NOT_FOUND` in MLflow's form, by which its clients know to do\n");
        page.Append("without. Every path below `/api` exists below `/ajax-api` as well. \"Since\" is the version of MLflow that brought the endpoint; `-` is one that MLflow 2 had; a method of `*` is any.\n");
        foreach (IGrouping<string, ContractEndpoint> family in ContractEndpoint.All.GroupBy(endpoint => endpoint.Family))
        {
            page.Append($"\n### {family.Key}\n| endpoint | since | |\n| --- | --- | --- |\n");
            foreach (ContractEndpoint endpoint in family)
                page.Append($"| `{endpoint.Method} {endpoint.Base}{endpoint.Path}` | {endpoint.Since} | {(endpoint.IsServed ? "served" : "not served")} |\n");
        }
    }

    private static void WriteRules(StringBuilder page)
    {
        page.Append("\n## Rules\nThe numbers are those of the contract that the tests are written against.\n");
        foreach (ContractRule rule in ContractRule.All)
        {
            page.Append($"\n### {rule.Number} {rule.Title}\n");
            if (rule.Reason.Length > 0)
                page.Append($"{char.ToUpperInvariant(rule.Reason[0])}{rule.Reason[1..]}.\n");
            foreach (string sentence in rule.Sentences)
                page.Append($"- {sentence}\n");
        }
    }
}
