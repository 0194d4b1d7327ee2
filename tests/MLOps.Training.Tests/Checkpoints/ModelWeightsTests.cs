using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Checkpoints;

[Collection("torch")]
public sealed class ModelWeightsTests
{
    [Fact]
    public void A_module_goes_through_safetensors_to_the_last_bit()
    {
        using TemporaryFolder folder = new();
        using nn.Module<Tensor, Tensor> written = Network(1), read = Network(2);

        ModelWeights.SaveSafetensors(written, folder["model.safetensors"], new Dictionary<string, string> { ["format"] = "pt" });
        LoadReport report = ModelWeights.LoadSafetensors(read, folder["model.safetensors"]);

        Assert.True(report.IsComplete);
        Assert.Equal(9, report.Loaded.Count);
        RandomTensors.AssertSame(written.state_dict(), read.state_dict());
        Assert.Equal("pt", Assert.Single(ModelWeights.ReadSafetensorsMetadata(folder["model.safetensors"])).Value);
        Assert.Equal(["model.safetensors"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Files_of_TorchSharp_are_read_and_written()
    {
        using TemporaryFolder folder = new();
        using nn.Module<Tensor, Tensor> theirs = Network(1), ours = Network(2), back = Network(3);

        theirs.save(folder["theirs.dat"]);
        Assert.True(ModelWeights.LoadTorchSharp(ours, folder["theirs.dat"]).IsComplete);
        RandomTensors.AssertSame(theirs.state_dict(), ours.state_dict());

        ModelWeights.SaveTorchSharp(ours, folder["ours.dat"]);
        Assert.Equal(File.ReadAllBytes(folder["theirs.dat"]), File.ReadAllBytes(folder["ours.dat"]));
        back.load(folder["ours.dat"]);
        RandomTensors.AssertSame(theirs.state_dict(), back.state_dict());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_changed_model_takes_what_fits_and_says_what_does_not(bool safetensors)
    {
        using TemporaryFolder folder = new();
        string file = folder["model"];
        using nn.Module<Tensor, Tensor> written = Network(1);
        using nn.Module<Tensor, Tensor> changed = nn.Sequential(("first", nn.Linear(4, 6)), ("norm", nn.BatchNorm1d(6)), ("second", nn.Linear(6, 2)), ("third", nn.Linear(2, 1, hasBias: false)));
        Dictionary<string, byte[]> before = changed.state_dict().ToDictionary(entry => entry.Key, entry => RandomTensors.BitsOf(entry.Value));
        if (safetensors)
            ModelWeights.SaveSafetensors(written, file);
        else
            ModelWeights.SaveTorchSharp(written, file);

        CheckpointMismatchException refused = Assert.Throws<CheckpointMismatchException>(() => Load(strict: true));
        Assert.Equal("model", refused.Part);
        Assert.All(changed.state_dict(), entry => Assert.Equal(before[entry.Key], RandomTensors.BitsOf(entry.Value)));

        LoadReport report = Load(strict: false);
        Assert.Equal(["third.weight"], report.Missing);
        Assert.Empty(report.Unexpected);
        Assert.Contains("norm.running_mean", report.Loaded);
        Assert.Equal(["second.bias", "second.weight"], report.Mismatched.Select(line => line.Split(':')[0]).Order());
        Assert.Contains("Float32 [1, 6] in the file, Float32 [2, 6] in the model", report.Mismatched.Single(line => line.StartsWith("second.weight", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(RandomTensors.BitsOf(written.state_dict()["first.weight"]), RandomTensors.BitsOf(changed.state_dict()["first.weight"]));
        Assert.Equal(before["third.weight"], RandomTensors.BitsOf(changed.state_dict()["third.weight"]));

        LoadReport Load(bool strict) => safetensors ? ModelWeights.LoadSafetensors(changed, file, strict) : ModelWeights.LoadTorchSharp(changed, file, strict);
    }

    [Fact]
    public void A_model_in_flat_buffers_stays_in_them_when_it_is_loaded()
    {
        using TemporaryFolder folder = new();
        using nn.Module<Tensor, Tensor> written = Network(1), read = Network(2);
        using FlatModel flat = new(read);
        ModelWeights.SaveSafetensors(written, folder["model.safetensors"]);

        ModelWeights.LoadSafetensors(read, folder["model.safetensors"]);

        flat.Verify();
        RandomTensors.AssertSame(written.state_dict(), read.state_dict());
        ModelWeights.SaveSafetensors(read, folder["again.safetensors"]);
        Assert.Equal(File.ReadAllBytes(folder["model.safetensors"]), File.ReadAllBytes(folder["again.safetensors"]));
    }

    [Fact]
    public void Writing_that_fails_leaves_the_file_that_was_there()
    {
        using TemporaryFolder folder = new();
        using nn.Module<Tensor, Tensor> module = Network(1);
        ModelWeights.SaveSafetensors(module, folder["model.safetensors"]);
        byte[] before = File.ReadAllBytes(folder["model.safetensors"]);
        using Tensor good = zeros(100), complex = zeros(1, ScalarType.ComplexFloat64);

        Assert.Throws<ArgumentException>(() => ModelWeights.SaveSafetensors(new Dictionary<string, Tensor> { ["a"] = good, ["b"] = complex }, folder["model.safetensors"]));

        Assert.Equal(before, File.ReadAllBytes(folder["model.safetensors"]));
        Assert.Equal(["model.safetensors"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Every_cut_and_many_changes_of_a_file_of_TorchSharp_are_refused_or_load_what_they_say()
    {
        using TemporaryFolder folder = new();
        using nn.Module<Tensor, Tensor> module = nn.Linear(2, 3);
        module.save(folder["model.dat"]);
        byte[] bytes = File.ReadAllBytes(folder["model.dat"]);
        for (int length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(folder["cut.dat"], bytes[..length]);
            Assert.Throws<ModelFileException>(() => ModelWeights.LoadTorchSharp(module, folder["cut.dat"]));
        }

        File.WriteAllBytes(folder["long.dat"], [.. bytes, 0]);
        Assert.Contains("goes on for 1 bytes", Assert.Throws<ModelFileException>(() => ModelWeights.LoadTorchSharp(module, folder["long.dat"])).Message, StringComparison.Ordinal);
        Random random = new(7);
        for (int i = 0; i < TestLength.Of(300, 20_000); i++)
        {
            byte[] changed = [.. bytes];
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder["changed.dat"], changed);
            try
            {
                ModelWeights.LoadTorchSharp(module, folder["changed.dat"], strict: false);
            }
            catch (ModelFileException refused)
            {
                Assert.Equal(folder["changed.dat"], refused.File);
            }
        }
    }

    private static nn.Module<Tensor, Tensor> Network(int seed)
    {
        manual_seed(seed);
        return nn.Sequential(("first", nn.Linear(4, 6)), ("norm", nn.BatchNorm1d(6)), ("second", nn.Linear(6, 1)));
    }
}
