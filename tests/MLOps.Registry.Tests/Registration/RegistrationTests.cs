using System.Security.Cryptography;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Tests.Registration;

public sealed class RegistrationTests : RegistrationTestBase
{
    [Fact]
    public async Task A_folder_becomes_a_verified_version_with_the_hashes_of_what_lies_in_the_store()
    {
        ModelVersion version = await Registry.RegisterAsync("fraud", ModelContent.FromFolder(WriteModel()), new RegisterOptions { Description = "first", Tags = new Dictionary<string, string> { ["team"] = "risk" } }, cancellationToken: Cancellation);

        Assert.Equal(("fraud", 1, ModelVersionStatus.Ready, true, "first", "risk"), (version.Model, version.Number, version.Status, version.IsVerified, version.Description, version.Tags["team"]));
        Assert.Equal(["MLmodel", "deep/labels.txt", "weights.bin"], version.Facts.Manifest!.Files.Select(file => file.Path));
        Assert.All(version.Facts.Manifest.Files, file =>
        {
            byte[] stored = File.ReadAllBytes(LocalPath(version, file.Path));
            Assert.Equal((stored.Length, Convert.ToHexStringLower(SHA256.HashData(stored))), ((int)file.SizeBytes, file.Sha256));
        });
        Assert.Equal(version.Facts.Location, version.Facts.Source);
        Assert.StartsWith(new Uri(Root).AbsoluteUri + $"/{version.ModelKey:N}/", version.Facts.Location, StringComparison.Ordinal);
        Assert.Equal(["model.created", "version.created"], (await Store.ReadAuditAsync(0, 10, Cancellation)).Select(NameOf));

        static string NameOf(AuditRecord record) => record.Read().Change switch { RegistryEvent.ModelCreated => "model.created", RegistryEvent.VersionCreated => "version.created", var other => other.GetType().Name };
    }

    [Fact]
    public async Task A_file_and_a_stream_become_versions_of_one_model()
    {
        string file = Folder.Write("weights.bin", "weights");
        ModelVersion first = await Registry.RegisterAsync("fraud", ModelContent.FromFile(file), cancellationToken: Cancellation);
        ModelVersion second = await RegisterBytesAsync("weights"u8.ToArray(), "deep/weights.bin");

        Assert.Equal((1, 2), (first.Number, second.Number));
        Assert.Equal(first.ModelKey, second.ModelKey);
        Assert.Equal(["MLmodel", "weights.bin"], first.Facts.Manifest!.Files.Select(found => found.Path));
        Assert.Equal(["MLmodel", "deep/weights.bin"], second.Facts.Manifest!.Files.Select(found => found.Path));
        Assert.Equal(first.Facts.Manifest.Files[1].Sha256, second.Facts.Manifest.Files[1].Sha256);
        Assert.NotEqual(first.Facts.Location, second.Facts.Location);
    }

    [Fact]
    public async Task A_link_that_is_named_is_followed_and_links_in_a_folder_are_left_out()
    {
        string file = Folder.Write("real/weights.bin", "weights");
        File.CreateSymbolicLink(Folder["link.bin"], file);
        ModelVersion named = await Registry.RegisterAsync("fraud", ModelContent.FromFile(Folder["link.bin"]), cancellationToken: Cancellation);
        File.CreateSymbolicLink(Folder["real/out.bin"], Folder.Write("secret.txt", "secret"));
        ModelVersion folder = await Registry.RegisterAsync("fraud", ModelContent.FromFolder(Folder["real"]), cancellationToken: Cancellation);

        Assert.Equal(7, named.Facts.Manifest!.Files.Single(found => found.Path == "link.bin").SizeBytes);
        Assert.Equal(["MLmodel", "weights.bin"], folder.Facts.Manifest!.Files.Select(found => found.Path));
    }

    [Fact]
    public async Task Names_of_any_alphabet_are_kept()
    {
        Folder.Write("m/模型/größe %41 ü.bin", "1");
        Folder.Write("m/😀.bin", "2");

        ModelVersion version = await Registry.RegisterAsync("Betrug ß 模型 😀", ModelContent.FromFolder(Folder["m"]), cancellationToken: Cancellation);

        Assert.Equal(new[] { "MLmodel", "模型/größe %41 ü.bin", "😀.bin" }.Order(StringComparer.Ordinal), version.Facts.Manifest!.Files.Select(file => file.Path));
        await Registry.VerifyVersionAsync("Betrug ß 模型 😀", 1, Cancellation);
    }

    [Fact]
    public async Task Two_thousand_files_are_one_version_and_progress_ends_with_all_of_them()
    {
        for (int i = 0; i < 2_000; i++)
            Folder.Write($"many/{i % 20}/{i}.bin", $"content {i}");
        List<ArtifactProgress> told = [];

        ModelVersion version = await Registry.RegisterAsync("fraud", ModelContent.FromFolder(Folder["many"]), progress: new Told(told), cancellationToken: Cancellation);

        Assert.Equal(2_001, version.Facts.Manifest!.Files.Count);
        Assert.Equal(version.Facts.Manifest.Files.Select(file => file.Path).Order(StringComparer.Ordinal), version.Facts.Manifest.Files.Select(file => file.Path));
        Assert.Equal((2_000, 2_000), (told[^1].Files, told[^1].TotalFiles));
        Assert.Equal(told[^1].TotalBytes, told[^1].Bytes);
        await Registry.VerifyVersionAsync("fraud", 1, Cancellation);
    }

    [Fact]
    public async Task What_is_empty_is_refused_and_leaves_nothing()
    {
        Directory.CreateDirectory(Folder["empty/inside"]);
        await Assert.ThrowsAsync<ArgumentException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFolder(Folder["empty"]), cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFile(Folder.Write("empty.bin", "")), cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => RegisterBytesAsync([], "empty.bin"));
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFolder(Folder["none"]), cancellationToken: Cancellation));
        await Assert.ThrowsAsync<FileNotFoundException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFile(Folder["none.bin"]), cancellationToken: Cancellation));

        Assert.Null(await Registry.FindModelAsync("fraud", Cancellation));
        Assert.Empty(StoredFiles());
    }

    [Fact]
    public async Task A_file_whose_name_no_artifact_has_is_named()
    {
        Folder.Write("m/good.bin", "1");
        Folder.Write("m/a#b.bin", "2");

        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFolder(Folder["m"]), cancellationToken: Cancellation));

        Assert.Contains("a#b.bin", error.Message, StringComparison.Ordinal);
        Assert.Empty(StoredFiles());
    }

    [Fact]
    public async Task Illegal_options_are_refused_before_anything_is_stored()
    {
        string folder = WriteModel();
        foreach (RegisterOptions options in new RegisterOptions[]
        {
            new() { Description = new string('x', RegistryLimits.DescriptionLength + 1) },
            new() { Tags = new Dictionary<string, string> { ["a/../b"] = "x" } },
            new() { Metrics = new Dictionary<string, double> { [""] = 1 } },
            new() { InputExample = "{" },
            new() { Flavor = new ModelFlavor("") },
            new() { Parents = [default] },
        })
            await Assert.ThrowsAnyAsync<ArgumentException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFolder(folder), options, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ModelVersionNotFoundException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFolder(folder), new RegisterOptions { Parents = [new("base", 1)] }, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<RunNotFoundException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFolder(folder), new RegisterOptions { RunId = new("nobody") }, cancellationToken: Cancellation));
        Folder.Write("model/input_example.json", "{}");
        await Assert.ThrowsAsync<ArgumentException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFolder(folder), new RegisterOptions { InputExample = "[1]" }, cancellationToken: Cancellation));

        Assert.Null(await Registry.FindModelAsync("fraud", Cancellation));
        Assert.Empty(StoredFiles());
    }

    [Fact]
    public async Task Parents_are_kept_and_lead_back()
    {
        ModelVersion parent = await RegisterBytesAsync([1], "a.bin", model: "base");
        ModelVersion child = await RegisterBytesAsync([2], "a.bin", new RegisterOptions { Parents = [parent.Ref, parent.Ref] });

        Assert.Equal([parent.Ref], child.Facts.Parents);
        Assert.Equal([child.Ref], (await Store.FindVersionsAsync(new LineageLink { Parent = parent.Ref }, Cancellation)).Select(version => version.Ref));
    }

    [Fact]
    public async Task A_folder_that_changes_while_it_is_read_is_refused()
    {
        string folder = WriteModel();
        Told adding = new([], () => Folder.Write("model/late.bin", "late"));

        ArtifactChangedException error = await Assert.ThrowsAsync<ArtifactChangedException>(() => Registry.RegisterAsync("fraud", ModelContent.FromFolder(folder), progress: adding, cancellationToken: Cancellation));

        Assert.Equal("late.bin", error.Path);
        Assert.Null(await Registry.FindModelAsync("fraud", Cancellation));
        Assert.Empty(StoredFiles());
    }

    [Fact]
    public async Task Eight_who_register_the_first_version_at_once_get_the_numbers_one_to_eight()
    {
        string folder = WriteModel();
        using Barrier start = new(8);
        ModelVersion[] versions = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Factory.StartNew(
            async () =>
            {
                await using ModelRegistry registry = Open();
                start.SignalAndWait(Cancellation);
                return await registry.RegisterAsync("fraud", ModelContent.FromFolder(folder), cancellationToken: Cancellation);
            },
            Cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap()));

        Assert.Equal(Enumerable.Range(1, 8), versions.Select(version => version.Number).Order());
        Assert.Single(versions.Select(version => version.ModelKey).Distinct());
        foreach (ModelVersion version in versions)
            await Registry.VerifyVersionAsync("fraud", version.Number, Cancellation);
    }

    private sealed class Told(List<ArtifactProgress> told, Action? first = null) : IProgress<ArtifactProgress>
    {
        public void Report(ArtifactProgress value)
        {
            if (told.Count == 0)
                first?.Invoke();
            told.Add(value);
        }
    }
}
