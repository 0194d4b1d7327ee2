using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using MLOps.Registry.Registration;
using YamlDotNet.RepresentationModel;

namespace MLOps.Registry.Tests.Registration;

public sealed class MLmodelFileTests : RegistrationTestBase
{
    private static readonly byte[] s_onnx = [0x08, 0x08, 0x12, 0x07, .. "pytorch"u8];

    [Fact]
    public async Task A_registered_file_gets_a_description_that_is_yaml_for_mlflow()
    {
        RunId run = await Tracker.RunAsync("fraud", run => Task.FromResult(run.Id), cancellationToken: Cancellation);
        const string Example = """{"inputs": [[1, 2]]}""";
        ModelVersion version = await RegisterBytesAsync(s_onnx, "model.onnx", new RegisterOptions { RunId = run, InputExample = Example });

        YamlMappingNode root = Parse(await File.ReadAllTextAsync(LocalPath(version, "MLmodel"), Cancellation));
        Assert.Equal(version.Facts.Location, Text(root, "artifact_path"));
        Assert.Equal(run.Value, Text(root, "run_id"));
        Assert.Equal(32, Text(root, "model_uuid").Length);
        Assert.Equal("2026-01-01 00:00:00.000000", Text(root, "utc_time_created"));
        Assert.Equal((s_onnx.Length + Example.Length).ToString(CultureInfo.InvariantCulture), Text(root, "model_size_bytes"));
        YamlMappingNode flavors = (YamlMappingNode)root["flavors"];
        Assert.Equal(["onnx", "python_function"], flavors.Children.Keys.Select(key => ((YamlScalarNode)key).Value));
        Assert.Equal(("model.onnx", "mlflow.onnx"), (Text((YamlMappingNode)flavors["onnx"], "data"), Text((YamlMappingNode)flavors["python_function"], "loader_module")));
        Assert.Equal("input_example.json", Text((YamlMappingNode)root["saved_input_example_info"], "artifact_path"));
        Assert.Equal(Example, await File.ReadAllTextAsync(LocalPath(version, "input_example.json"), Cancellation));
        Assert.Equal(["MLmodel", "input_example.json", "model.onnx"], version.Facts.Manifest!.Files.Select(file => file.Path));
    }

    [Fact]
    public void Any_text_comes_back_from_yaml_and_from_our_own_reader()
    {
        int seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        string[] odd = ["", " ", "null", "~", "yes", "1", "- a", "a: b", "a #b", "'", "\"", "\\", "\\u0041", "a\nb", "\t", "\u0085\u00a0\u2028\ufeff", "😀", "größe", "{}", "[1]", "&a", "*a", "|", ">", "%", "@", "`", "\u0001\u007f"];
        for (int i = 0; i < TestLength.Of(200, 5_000); i++)
        {
            Dictionary<string, string> properties = new(StringComparer.Ordinal), signature = new(StringComparer.Ordinal);
            for (int property = 0; property < 3; property++)
                properties[$"k{property}{Any()}"] = Any();
            signature["inputs"] = Any();
            ModelFlavor flavor = new($"f{Any()}") { Properties = properties };

            string yaml = Encoding.UTF8.GetString(MLmodelFile.Write(new Uri("file:///a%20b"), Guid.NewGuid(), DateTimeOffset.UnixEpoch, null, [flavor], signature, hasExample: false, 1));

            YamlMappingNode root = Parse(yaml);
            YamlMappingNode parsed = (YamlMappingNode)((YamlMappingNode)root["flavors"])[new YamlScalarNode(flavor.Name)];
            Assert.Equal(properties, parsed.Children.ToDictionary(pair => ((YamlScalarNode)pair.Key).Value!, pair => ((YamlScalarNode)pair.Value).Value!));
            Assert.Equal(signature["inputs"], Text((YamlMappingNode)root["signature"], "inputs"));
            ModelFlavor read = Assert.Single(MLmodelFile.FlavorsIn(yaml));
            Assert.Equal(flavor.Name, read.Name);
            Assert.Equal(properties, read.Properties.ToDictionary());
        }

        string Any() => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => odd[random.Next(odd.Length)]));
    }

    [Fact]
    public async Task A_description_that_is_there_is_kept_and_names_the_flavors()
    {
        const string Mlflow = """
            artifact_path: model
            flavors:
              python_function:
                env:
                  conda: conda.yaml
                  virtualenv: python_env.yaml
                loader_module: mlflow.sklearn
                model_path: model.pkl
                predict_fn: predict
              sklearn:
                code: null
                pickled_model: model.pkl
                serialization_format: 'cloudpickle'
            mlflow_version: 2.20.0
            signature:
              inputs: '[{"type": "double", "name": "flavors:"}]'
            """;
        Folder.Write("sk/MLmodel", Mlflow.ReplaceLineEndings("\r\n"));
        Folder.Write("sk/model.pkl", "pickle");

        ModelVersion version = await Registry.RegisterAsync("fraud", ModelContent.FromFolder(Folder["sk"]), cancellationToken: Cancellation);

        Assert.Equal(["sklearn", "python_function"], version.Facts.Flavors.Select(flavor => flavor.Name));
        Assert.Equal("cloudpickle", version.Facts.Flavors[0].Properties["serialization_format"]);
        Assert.False(version.Facts.Flavors[0].Properties.ContainsKey("code"));
        Assert.Equal("mlflow.sklearn", version.Facts.Flavors[1].Properties["loader_module"]);
        Assert.Equal(Mlflow.ReplaceLineEndings("\r\n"), await File.ReadAllTextAsync(LocalPath(version, "MLmodel"), Cancellation));
        Assert.Equal(2, version.Facts.Manifest!.Files.Count);
    }

    [Fact]
    public async Task Flavors_are_told_by_the_bytes_and_not_by_the_name_alone()
    {
        Assert.Equal(["onnx", "python_function"], await FlavorsAsync(s_onnx, "deep/a.onnx"));
        Assert.Empty(await FlavorsAsync("<html>"u8.ToArray(), "a.onnx"));
        Assert.Equal(["torchsharp"], await FlavorsAsync([2, 10, .. "lin.weight"u8, 6, 1, 4, 0, 0, 0, 0], "a.dat"));
        Assert.Empty(await FlavorsAsync("a,b,c\n1,2,3\n"u8.ToArray(), "a.dat"));
        Assert.Equal(["torchsharp"], await FlavorsAsync(Zip("model/data.pkl", "model/data/0"), "a.pt"));
        Assert.Equal(["mlnet"], await FlavorsAsync(Zip("TrainingInfo/Version.txt", "TransformerChain/Model.key", "Schema"), "a.zip"));
        Assert.Equal(["mlnet"], await FlavorsAsync(Zip("TransformerChain\\Model.key"), "a.zip"));
        Assert.Empty(await FlavorsAsync(Zip("readme.txt"), "a.zip"));
        Assert.Empty(await FlavorsAsync("no zip at all"u8.ToArray(), "a.zip"));
        Assert.Equal("a.zip", (await RegisterBytesAsync(Zip("Schema"), "a.zip")).Facts.Flavors[0].Properties["data"]);
        Assert.Equal(["mine"], (await RegisterBytesAsync(s_onnx, "a.onnx", new RegisterOptions { Flavor = new ModelFlavor("mine") })).Facts.Flavors.Select(flavor => flavor.Name));

        async Task<string[]> FlavorsAsync(byte[] content, string path) => [.. (await RegisterBytesAsync(content, path)).Facts.Flavors.Select(flavor => flavor.Name)];
    }

    [Fact]
    public async Task Damaged_archives_have_no_flavor_and_break_nothing()
    {
        int seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        byte[] whole = Zip("TransformerChain/Model.key", "Schema");
        for (int i = 0; i < TestLength.Of(30, 500); i++)
        {
            byte[] damaged = whole[..random.Next(1, whole.Length)];
            damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
            Assert.Equal(1, (await RegisterBytesAsync(damaged, "a.zip", model: $"m{i}")).Number);
        }
    }

    private static byte[] Zip(params string[] entries)
    {
        using MemoryStream bytes = new();
        using (ZipArchive archive = new(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (string entry in entries)
            {
                using Stream content = archive.CreateEntry(entry).Open();
                content.Write("content"u8);
            }
        }

        return bytes.ToArray();
    }

    private static YamlMappingNode Parse(string yaml)
    {
        YamlStream stream = [];
        stream.Load(new StringReader(yaml));
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static string Text(YamlMappingNode node, string key) => ((YamlScalarNode)node[key]).Value!;
}
