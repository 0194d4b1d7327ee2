using System.Globalization;
using System.Text;
using MLOps.Registry.Promotions;
using MLOps.Registry.Signatures;

namespace MLOps.Registry;

/// <summary>A card as GitHub's Markdown.</summary>
internal sealed class ModelCardMarkdown
{
    private readonly StringBuilder _text = new();

    private ModelCardMarkdown()
    {
    }

    public static string Write(ModelCard card)
    {
        ModelCardMarkdown markdown = new();
        markdown.WriteHead(card);
        markdown.WriteNotes(card);
        markdown.WriteFacts(card.Version.Facts);
        markdown.WriteLineage(card.Version.Facts);
        markdown.WritePromotions(card.Promotions);
        markdown.WriteUse(card.Version);
        return markdown._text.ToString();
    }

    private void WriteHead(ModelCard card)
    {
        ModelVersion version = card.Version;
        Line(string.Create(CultureInfo.InvariantCulture, $"# {MarkdownText.Escape(version.Model)}, version {version.Number}\n"));
        Table(
            ["", ""],
            [
                ["status", version.Status + (version.IsVerified ? ", files verified" : ", files not verified yet")],
                ["aliases", string.Join(", ", version.Aliases.Select(MarkdownText.Code))],
                ["stage", version.Stage == ModelStage.None ? "" : version.Stage.ToString()],
                ["registered", $"{Time(version.CreatedAt)} by {MarkdownText.Escape(version.User)}"],
                ["flavors", string.Join(", ", version.Facts.Flavors.Select(flavor => MarkdownText.Code(flavor.Name)))],
                ["tags", string.Join(", ", version.Tags.Where(tag => !tag.Key.StartsWith("mlops.card.", StringComparison.Ordinal)).Select(tag => $"{MarkdownText.Escape(tag.Key)} = {MarkdownText.Escape(tag.Value)}"))],
            ]);
    }

    private void WriteNotes(ModelCard card)
    {
        Quote("The model", card.ModelDescription);
        Quote("This version", card.Version.Description);
        Quote("Intended use", card.IntendedUse);
        Quote("Limits", card.Limits);
        Quote("Ethical notes", card.EthicalNotes);
        Quote("Contact", card.Contact);
    }

    private void WriteFacts(VersionFacts facts)
    {
        Section("Metrics", ["metric", "value"], facts.Metrics.Select(metric => new[] { MarkdownText.Escape(metric.Key), metric.Value.ToString("R", CultureInfo.InvariantCulture) }));
        Section("Params", ["param", "value"], facts.Params.Select(param => new[] { MarkdownText.Escape(param.Key), MarkdownText.Escape(param.Value) }));
        WriteSide("Inputs", facts.Signature?.Inputs);
        WriteSide("Outputs", facts.Signature?.Outputs);
        Section("Call params", ["param", "type", "default"], (facts.Signature?.Params ?? []).Select(param => new[] { MarkdownText.Escape(param.Name), ColumnTypes.NameOf(param.Type), MarkdownText.Escape(param.Default ?? "") }));
        Heading("Files");
        if (facts.Manifest is not { } manifest)
        {
            Line($"Not read yet: {MarkdownText.Code(facts.Location)}");
            return;
        }

        Table(["path", "bytes", "SHA-256"], manifest.Files.Select(file => new[] { MarkdownText.Code(file.Path), Number(file.SizeBytes), MarkdownText.Code(file.Sha256) }));
        Line($"\n{Number(manifest.SizeBytes)} bytes in all. Digest of the content: {MarkdownText.Code(manifest.Digest)}");
    }

    private void WriteSide(string title, SignatureSchema? side)
    {
        if (side?.IsTensors == true)
            Section(title, ["tensor", "dtype", "shape"], side.Tensors.Select(tensor => new[] { MarkdownText.Escape(tensor.Name ?? ""), MarkdownText.Code(tensor.Dtype), $"({string.Join(", ", tensor.Shape.Select(size => size == -1 ? "any" : size.ToString(CultureInfo.InvariantCulture)))})" }));
        else
            Section(title, ["column", "type", "nullable", "categories"], (side?.Columns ?? []).Select(column => new[] { MarkdownText.Escape(column.Name), ColumnTypes.NameOf(column.Type), column.IsNullable ? "yes" : "no", string.Join(", ", (column.Categories ?? []).Select(MarkdownText.Escape)) }));
    }

    private void WriteLineage(VersionFacts facts)
    {
        List<string[]> rows = [["source", MarkdownText.Code(facts.Source)]];
        if (facts.RunId is { } run)
            rows.Add(["run", MarkdownText.Code(run.Value)]);
        if (facts.RunLink is { } link)
            rows.Add(["run elsewhere", MarkdownText.Escape(link)]);
        rows.AddRange(facts.Datasets.Select(dataset => new[] { "dataset", $"{MarkdownText.Escape(dataset.Name)}, digest {MarkdownText.Code(dataset.Digest)}{(dataset.Role is { } role ? $", for {MarkdownText.Escape(role)}" : "")}" }));
        if (facts.Code is { } code)
        {
            string?[] parts = [code.Commit is { } commit ? MarkdownText.Code(commit) : null, code.IsDirty == true ? "with changes" : null, code.Branch is { } branch ? $"branch {MarkdownText.Escape(branch)}" : null, code.Repository is { } repository ? MarkdownText.Code(repository) : null, code.Program is { } program ? MarkdownText.Escape(program) : null];
            rows.Add(["code", string.Join(", ", parts.Where(part => part is not null))]);
        }

        rows.AddRange(facts.Parents.Select(parent => new[] { "made from", MarkdownText.Code(parent.ToString()) }));
        Section("Lineage", ["", ""], rows);
    }

    private void WritePromotions(IReadOnlyList<Promotion> promotions)
    {
        if (promotions.Count == 0)
            return;
        Heading("Promotions");
        foreach (Promotion promotion in promotions)
        {
            List<string[]> rows = [["proposed", MarkdownText.Escape(promotion.ProposedBy), Time(promotion.ProposedAt), MarkdownText.Escape(promotion.Reason ?? "")]];
            rows.AddRange(promotion.Evidence.Select(evidence => new[] { evidence.Passed ? "evidence, passed" : "evidence, failed", "", "", $"{MarkdownText.Escape(evidence.Name)}, digest {MarkdownText.Code(evidence.Digest)}" }));
            string digest = promotion.Digest;
            rows.AddRange(promotion.Approvals.Select(approval => new[] { approval.Digest == digest ? "approved" : "approved, with other evidence", MarkdownText.Escape(approval.Actor), Time(approval.At), MarkdownText.Escape(approval.Comment ?? "") }));
            if (promotion is { ClosedBy: { } by, ClosedAt: { } at })
                rows.Add([promotion.Status == PromotionStatus.Applied ? "applied" : "rejected", MarkdownText.Escape(by), Time(at), MarkdownText.Escape(promotion.CloseReason ?? "")]);
            Line($"To {MarkdownText.Code(promotion.Target.ToString())} under the policy {MarkdownText.Escape(promotion.Policy.Name)}: {promotion.Status.ToString().ToLowerInvariant()}");
            _text.Append('\n');
            Table(["", "who", "when", ""], rows);
            _text.Append('\n');
        }

        _text.Length--;
    }

    private void WriteUse(ModelVersion version)
    {
        Heading("How to use");
        IEnumerable<ModelUri> uris = version.Aliases.Where(alias => RegistryLimits.AliasError(alias) is null).Select(alias => ModelUri.OfAlias(version.Model, alias)).Prepend(ModelUri.OfVersion(version.Model, version.Number));
        foreach (ModelUri uri in uris)
            Line($"- {MarkdownText.Code(uri.ToString())}");
        _text.Append('\n');
        Line("`ModelRegistry.ResolveAsync` turns a URI into verified local files; `AddModel` keeps a service on what an alias points to.");
    }

    private void Section(string title, string[] header, IEnumerable<string[]> rows)
    {
        List<string[]> all = [.. rows];
        if (all.Count == 0)
            return;
        Heading(title);
        Table(header, all);
    }

    private void Quote(string title, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return;
        Heading(title);
        string[] lines = text.Trim().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.TrimEntries);
        for (int i = 0; i < lines.Length; i++)
        {
            // A backslash at its end keeps a line apart from the next one.
            bool goesOn = i + 1 < lines.Length && lines[i].Length > 0 && lines[i + 1].Length > 0;
            Line(lines[i].Length == 0 ? ">" : $"> {MarkdownText.EscapeLine(lines[i])}{(goesOn ? "\\" : "")}");
        }
    }

    private void Heading(string title) => _text.Append("\n## ").Append(title).Append('\n');

    private void Table(string[] header, IEnumerable<string[]> rows)
    {
        _text.Append("| ").AppendJoin(" | ", header).Append(" |\n|").AppendJoin("|", header.Select(_ => "---")).Append("|\n");
        foreach (string[] row in rows.Where(row => row.Skip(1).Any(cell => cell.Length > 0)))
            _text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
    }

    private void Line(string line) => _text.Append(line).Append('\n');

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture);
}
