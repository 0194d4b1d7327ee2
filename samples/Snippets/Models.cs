using MLOps.Registry;
using MLOps.Registry.Promotions;
using MLOps.Registry.Signatures;
using MLOps.Registry.Storage;
using MLOps.Tracking;

namespace Snippets;

/// <summary>The pages of the registry: registering, promotions, models in use, signatures, lineage and cards.</summary>
internal static class Models
{
    public static async Task RegisterAsync(Tracker tracker)
    {
        Directory.CreateDirectory("export");
        await File.WriteAllTextAsync("export/weights.json", "[0.1]");
        await using Run run = await tracker.StartRunAsync("fraud");
        await run.LogTextAsync("model/weights.json", "[0.2]");
        run.LogMetric("roc_auc", 0.93);
        using MemoryStream stream = new([1, 2, 3]);
        // <registry-register>
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite("mlops.db").UseTracker(tracker));

        ModelVersion version = await registry.RegisterAsync("fraud", ModelContent.FromFile("model.onnx"));
        await registry.RegisterAsync("fraud", ModelContent.FromFolder("export"), new RegisterOptions { Description = "more data", Parents = [version.Ref] });
        await registry.RegisterAsync("fraud", ModelContent.FromStream(stream, "model.zip"));
        await registry.RegisterAsync("fraud", ModelContent.FromRun(run.Id, "model"));
        await registry.RegisterAsync("fraud", ModelContent.FromUri("s3://bucket/models/fraud"));
        // </registry-register>
        await run.EndAsync(RunStatus.Finished);
        // <registry-purge>
        int removed = await registry.PurgeFilesAsync(olderThan: TimeSpan.FromDays(1));
        // </registry-purge>
        Console.WriteLine($"{removed} removed");
        await UseAsync();
        await PromoteAsync(version.Number);
        await DescribeAsync(version.Number, run.Id);
    }

    private static async Task UseAsync()
    {
        // <registry-readme>
        await using var registry = ModelRegistry.Open(r => r.UseSqlite("mlops.db"));
        ModelVersion version = await registry.RegisterAsync("fraud", ModelContent.FromFile("model.onnx"));
        await registry.MoveAliasAsync("fraud", "champion", version.Number, reason: "the first one");

        await using ModelSource<Scorer> models = await registry.OpenModelAsync("fraud@champion", (files, _) => ValueTask.FromResult(new Scorer(files.GetPath("model.onnx"))));
        using ModelLease<Scorer> model = models.Acquire();
        // </registry-readme>
        Console.WriteLine(model.Model.Score());
        // <registry-resolve>
        using ModelFiles files = await registry.ResolveAsync("fraud@champion");
        string path = files.GetPath("model.onnx");
        // </registry-resolve>
        Console.WriteLine(path);
    }

    private static async Task PromoteAsync(int earlier)
    {
        Person person = new();
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite("mlops.db").UseActors(person));
        ModelSignature signature = new() { Inputs = new() { Columns = [new("amount", ColumnType.Double)] }, Outputs = new() { Columns = [new("score", ColumnType.Double)] } };
        RegisterOptions options = new() { Signature = signature, Metrics = new Dictionary<string, double> { ["roc_auc"] = 0.93 }, Tags = new Dictionary<string, string> { ["reviewed"] = "yes" } };
        ModelVersion before = await registry.RegisterAsync("payments", ModelContent.FromFile("model.onnx"), options);
        await registry.MoveAliasAsync("payments", "champion", before.Number);
        ModelVersion version = await registry.RegisterAsync("payments", ModelContent.FromFile("model.onnx"), options);
        string reportSha256 = version.Facts.Manifest!.Digest;
        // <registry-promote>
        PromotionTarget champion = PromotionTarget.Alias("champion");
        await registry.SetPolicyAsync("payments", champion, new PromotionPolicy
        {
            Name = "production",
            Metrics = [new MetricRule("roc_auc") { AtLeast = 0.9, NotWorseThanChampion = true, Tolerance = 0.005 }],
            RequireCompatibleSignature = true,
            RequiredTags = new Dictionary<string, string?> { ["reviewed"] = "yes" },
            RequiredEvidence = ["drift"],
            Approvals = 2,
        });

        Promotion promotion = await registry.ProposeAsync("payments", version.Number, champion, reason: "retrained on May");
        promotion = await registry.GiveEvidenceAsync(promotion.Id, new Evidence("drift", Passed: true, Digest: reportSha256));
        // </registry-promote>
        foreach (string approver in new[] { "bob", "cem" })
        {
            person.Name = approver;
            // <registry-approve>
            promotion = await registry.ApproveAsync(await registry.GetPromotionAsync(promotion.Id), "looked at the report");
            // </registry-approve>
        }

        Console.WriteLine($"{promotion.Status}, before it {earlier}");
        // <registry-rollback>
        await registry.RollbackAsync("payments", "champion", expected: version.Number, reason: "errors in the north");
        // </registry-rollback>
    }

    private static async Task DescribeAsync(int number, RunId run)
    {
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite("mlops.db"));
        Dictionary<string, object?>[] rows = [new() { ["amount"] = 12.5, ["country"] = "fr" }, new() { ["amount"] = 3.0, ["country"] = null }];
        double[] scores = [0.1, 0.7];
        // <registry-signature>
        ModelSignature signature = new()
        {
            Inputs = SignatureInference.FromRows(rows, mostCategories: 50),
            Outputs = new() { Columns = [SignatureInference.Column("score", scores)] },
            Params = [new("threshold", ColumnType.Double, "0.5")],
        };
        await registry.RegisterAsync("fraud", ModelContent.FromFile("model.onnx"), new RegisterOptions { Signature = signature });
        // </registry-signature>
        ModelVersion champion = await registry.GetVersionAsync("fraud", "latest"), challenger = champion;
        // <registry-compatible>
        SignatureCompatibility result = SignatureCompatibility.Check(champion.Facts.Signature, challenger.Facts.Signature);
        foreach (string problem in result.Problems)
            Console.WriteLine(problem);   // input column 'age' is new and required
        // </registry-compatible>
        // <registry-lineage>
        LineageGraph graph = await registry.GetLineageAsync("fraud", number, depth: 5);
        foreach (LineageNode node in graph.GetAncestors())
            Console.WriteLine(node switch
            {
                LineageNode.Version { IsMissing: true } version => $"{version.Ref}, deleted",
                LineageNode.Version version => $"{version.Ref}",
                LineageNode.Run made => $"run {made.Id}",
                LineageNode.Dataset dataset => $"dataset {dataset.Name} {dataset.Digest}",
                LineageNode.Code code => $"code {code.State.Commit}",
                _ => "",
            });
        // </registry-lineage>
        string digest = "e3b0c44298fc1c149afbf4c8996fb924";
        // <registry-links>
        await registry.FindVersionsAsync(new LineageLink { DatasetDigest = digest });   // trained on this data
        await registry.FindVersionsAsync(new LineageLink { RunId = run });              // made by this run
        await registry.FindVersionsAsync(new LineageLink { Commit = "4f0a91c" });       // from this commit
        await registry.FindVersionsAsync(new LineageLink { Parent = champion.Ref });    // made from this version
        // </registry-links>
        // <registry-card>
        ModelCard card = await registry.CreateCardAsync("fraud", number, new ModelCardOptions { Limits = "Payments in euro." });
        await File.WriteAllTextAsync("CARD.md", card.ToMarkdown());
        await File.WriteAllTextAsync("card.json", card.ToJson());
        // </registry-card>
    }

    private sealed class Scorer(string file)
    {
        public long Score() => new FileInfo(file).Length;
    }

    private sealed class Person : IActorProvider
    {
        public string Name { get; set; } = "ann";

        public string GetActor() => Name;
    }
}
