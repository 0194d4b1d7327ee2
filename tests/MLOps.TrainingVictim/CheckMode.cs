using System.Runtime.InteropServices;
using MLOps.Training;
using TorchSharp;

namespace MLOps.TrainingVictim;

/// <summary>Prints what <see cref="TorchRuntime.Check"/> finds, and, given a native library, what it finds once the program has loaded that one itself.</summary>
internal static class CheckMode
{
    /// <returns>0 when TorchSharp can be used at the end, else 1.</returns>
    public static int Run(string[] libraries)
    {
        TorchRuntimeReport report = TorchRuntime.Check();
        Console.WriteLine(report.Summary);
        foreach (string library in libraries)
        {
            NativeLibrary.Load(library);
            report = TorchRuntime.Check();
            Console.WriteLine(report.Summary);
            Console.WriteLine(Sum());
        }

        return report.IsUsable ? 0 : 1;
    }

    // Apart, so that no type of TorchSharp is touched before it can be used.
    private static float Sum() => torch.ones(3).sum().item<float>();
}
