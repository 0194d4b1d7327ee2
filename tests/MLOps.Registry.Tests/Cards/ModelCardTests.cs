using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using MLOps.Registry.Promotions;
using MLOps.Registry.Signatures;
using MLOps.Registry.Storage;
using MLOps.Registry.Tests.Lineage;

namespace MLOps.Registry.Tests.Cards;

public sealed class ModelCardTests : IAsyncLifetime
{
    private static readonly DateTimeOffset s_day = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private readonly TemporaryFolder _folder = new();
    private readonly ModelRegistry _registry;

    public ModelCardTests() => _registry = ModelRegistry.Open(r => r.UseInMemory(_folder.Path).UseTimeProvider(new FakeTimeProvider(s_day)));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_card_says_all_that_is_known()
    {
        await StoreFullAsync();

        ModelCard card = await _registry.CreateCardAsync("fraud", 1, new ModelCardOptions { IntendedUse = "Scores card payments.\n\nFor the risk team.", Limits = "Payments in euro." }, Cancel);

        Assert.Equal(Golden.Markdown, card.ToMarkdown());
        Assert.Equal(Golden.Json, card.ToJson().Replace(card.Version.ModelKey.ToString(), "<model key>", StringComparison.Ordinal).Replace(card.Promotions[0].Digest, "<digest>", StringComparison.Ordinal));
        Assert.Equal(card.ToMarkdown(), (await _registry.CreateCardAsync("fraud", 1, new ModelCardOptions { IntendedUse = card.IntendedUse, Limits = card.Limits }, Cancel)).ToMarkdown());
    }

    [Fact]
    public async Task A_card_of_little_is_short()
    {
        await _registry.StoreAsync("bare", StoredVersions.From(), Cancel, at: s_day, isVerified: false);

        Assert.Equal(
            """
            # bare, version 1

            |  |  |
            |---|---|
            | status | Ready, files not verified yet |
            | registered | 2026-01-02 03:04:05.678 UTC by ada |

            ## Files
            Not read yet: `file:///m`

            ## Lineage
            |  |  |
            |---|---|
            | source | `file:///m` |

            ## How to use
            - `models:/bare/1`

            `ModelRegistry.ResolveAsync` turns a URI into verified local files; `AddModel` keeps a service on what an alias points to.

            """.ReplaceLineEndings("\n"),
            (await _registry.CreateCardAsync("bare", 1, cancellationToken: Cancel)).ToMarkdown());
        await Assert.ThrowsAsync<ModelVersionNotFoundException>(() => _registry.CreateCardAsync("bare", 2, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => _registry.CreateCardAsync("none", 1, cancellationToken: Cancel));
    }

    [Fact]
    public async Task Notes_come_from_the_options_then_the_version_then_the_model()
    {
        await _registry.CreateModelAsync("m", tags: new Dictionary<string, string> { ["mlops.card.limits"] = "model", ["mlops.card.contact"] = "model", ["mlops.card.intended_use"] = "model" }, cancellationToken: Cancel);
        await _registry.StoreAsync("m", StoredVersions.From(), Cancel, tags: new Dictionary<string, string> { ["mlops.card.limits"] = "version", ["mlops.card.contact"] = "version" });

        ModelCard card = await _registry.CreateCardAsync("m", 1, new ModelCardOptions { Contact = "options" }, Cancel);

        Assert.Equal(("model", "version", "options", null), (card.IntendedUse, card.Limits, card.Contact, card.EthicalNotes));
    }

    [Theory]
    [InlineData("| a | b |")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("&lt;img src=x>")]
    [InlineData("`code` ```fence```")]
    [InlineData("[link](javascript:alert(1)) ![image](http://x)")]
    [InlineData("# heading")]
    [InlineData("---")]
    [InlineData("===")]
    [InlineData("1. item")]
    [InlineData("- item")]
    [InlineData("**bold** ~~gone~~ $x$ <!-- comment")]
    [InlineData("two\nlines\r\n## Approvals\n| x | y |\n|---|---|")]
    [InlineData("\\| \\<")]
    [InlineData("\u202Etxet")]
    public async Task Text_of_others_is_no_markup(string text)
    {
        VersionFacts facts = StoredVersions.From() with
        {
            Params = new Dictionary<string, string> { ["p"] = text },
            Source = text,
            Signature = new() { Inputs = new() { Columns = [new(text, ColumnType.String) { Categories = [text] }] } },
            Manifest = new() { Files = [new(text, 1, new string('a', 64))] },
            Datasets = [new() { Name = text, Digest = "d", Role = text }],
            Code = new CodeState(text, text, text, true, text),
            Flavors = [new(text)],
        };
        await _registry.StoreAsync("m", facts, Cancel, description: text, tags: new Dictionary<string, string> { ["t"] = text });
        string tame = (await CardAsync("x", text: null)).ToMarkdown();

        string markdown = (await _registry.CreateCardAsync("m", 1, new ModelCardOptions { Limits = text, Contact = text }, Cancel)).ToMarkdown();

        // Whatever stands in the fields, the card has the same headings and tables; nothing is left that could open markup.
        Assert.Equal(Structure(tame), Structure(markdown));
        string unescaped = System.Text.RegularExpressions.Regex.Replace(markdown, @"\\[!-/:-@\[-`{-~]", "E");
        Assert.DoesNotContain("<", unescaped.Replace("<br>", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("```", unescaped, StringComparison.Ordinal);
        Assert.DoesNotContain("](", unescaped, StringComparison.Ordinal);
        Assert.DoesNotContain("**", unescaped, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", unescaped, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202E", markdown, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?m)^> ?([#=+-]|\d+[.)])", unescaped);
    }

    [Fact]
    public async Task The_json_of_a_card_carries_what_numbers_it_has()
    {
        await _registry.StoreAsync("m", StoredVersions.From() with { Metrics = new Dictionary<string, double> { ["loss"] = double.NaN, ["auc"] = 0.1 } }, Cancel);

        using var json = JsonDocument.Parse((await _registry.CreateCardAsync("m", 1, cancellationToken: Cancel)).ToJson());

        JsonElement metrics = json.RootElement.GetProperty("version").GetProperty("facts").GetProperty("metrics");
        Assert.Equal(["auc", "loss"], metrics.EnumerateObject().Select(metric => metric.Name));
        Assert.Equal("NaN", metrics.GetProperty("loss").GetString());
        Assert.Equal(0.1, metrics.GetProperty("auc").GetDouble());
    }

    /// <summary>The lines that begin something: headings, and the number of cells of each row of a table.</summary>
    private static IEnumerable<string> Structure(string markdown) => markdown.Split('\n')
        .Where(line => line.StartsWith('#') || line.StartsWith('|'))
        .Select(line => line.StartsWith("# ", StringComparison.Ordinal) ? "#" : line.StartsWith('#') ? line : System.Text.RegularExpressions.Regex.Replace(line, @"\\.", "").Count(c => c == '|').ToString(System.Globalization.CultureInfo.InvariantCulture));

    private async Task<ModelCard> CardAsync(string model, string? text)
    {
        VersionFacts facts = StoredVersions.From() with
        {
            Params = new Dictionary<string, string> { ["p"] = text ?? "x" },
            Signature = new() { Inputs = new() { Columns = [new("x", ColumnType.String) { Categories = ["x"] }] } },
            Manifest = new() { Files = [new("x", 1, new string('a', 64))] },
            Datasets = [new() { Name = "x", Digest = "d", Role = "x" }],
            Code = new CodeState("x", "x", "x", true, "x"),
            Flavors = [new("x")],
        };
        await _registry.StoreAsync(model, facts, Cancel, description: "x", tags: new Dictionary<string, string> { ["t"] = "x" });
        return await _registry.CreateCardAsync(model, 1, new ModelCardOptions { Limits = "x", Contact = "x" }, Cancel);
    }

    private async Task StoreFullAsync()
    {
        await _registry.CreateModelAsync("fraud", "Finds fraud.", new Dictionary<string, string> { ["mlops.card.contact"] = "risk@example.org" }, Cancel);
        VersionFacts facts = new()
        {
            Source = "runs:/01a20bafc421726b8c8e51137a2f4c82/model",
            Location = "file:///models/1",
            Manifest = new() { Files = [new("MLmodel", 512, new string('a', 64)), new("model.onnx", 1_234_567, new string('b', 64))] },
            Flavors = [new("onnx") { Properties = new Dictionary<string, string> { ["data"] = "model.onnx" } }],
            Signature = new()
            {
                Inputs = new() { Columns = [new("amount", ColumnType.Double), new("country", ColumnType.String) { IsNullable = true, Categories = ["DE", "FR"] }] },
                Outputs = new() { Tensors = [new("score", "float32", [-1, 1024])] },
                Params = [new("threshold", ColumnType.Double, "0.5")],
            },
            RunId = new RunId("01a20bafc421726b8c8e51137a2f4c82"),
            Metrics = new Dictionary<string, double> { ["val/loss"] = 0.25, ["roc_auc"] = 0.875 },
            Params = new Dictionary<string, string> { ["learning_rate"] = "0.01" },
            Datasets = [new() { Name = "payments", Digest = "9f2c", Role = "training", Profile = "{\"rows\": 1000000}" }],
            Code = new CodeState("4f0a91c", "https://example.org/fraud.git", "main", true, "trainer 1.2"),
            Parents = [new("base", 4)],
        };
        await _registry.StoreAsync("fraud", facts, Cancel, "Trained on *March*.\n# Not a heading", new Dictionary<string, string> { ["reviewed"] = "yes|no", ["mlops.card.ethical_notes"] = "Checked for bias." }, s_day);
        RegisteredModel model = await _registry.GetModelAsync("fraud", Cancel);
        Promotion promotion = new()
        {
            Id = Guid.Parse("01900000-0000-7000-8000-000000000001"), ModelKey = model.Key, Version = 1, Target = PromotionTarget.Alias("champion"), ContentDigest = facts.Manifest.Digest,
            Policy = new() { Name = "production", Approvals = 1, RequiredEvidence = ["bias"] }, Reason = "Better on March.", ProposedBy = "ada", ProposedAt = s_day, ExpiresAt = s_day.AddDays(7),
            Evidence = [new("bias", true, "77aa")],
        };
        await _registry.CommitAsync(model, s_day, "ada", [new RegistryEvent.PromotionProposed(promotion)], Cancel);
        await _registry.CommitAsync(
            await _registry.GetModelAsync("fraud", Cancel), s_day.AddHours(1), "bob",
            [new RegistryEvent.PromotionApproved(promotion.Id, promotion.Digest, "Looks good."), new RegistryEvent.PromotionApplied(promotion.Id), new RegistryEvent.AliasMoved("champion", null, 1, AliasCause.Promotion, null, promotion.Id)],
            Cancel);
    }
}
