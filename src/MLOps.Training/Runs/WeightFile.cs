using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>The weights of a module in a file.</summary>
internal static class WeightFile
{
    public static void Save(nn.Module module, string file) => module.save(file);

    public static void Load(nn.Module module, string file) => module.load(file, strict: true);
}
