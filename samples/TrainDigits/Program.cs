// Trains a small net on hand-written digits: with checkpoints, tracked, registered. Then shows that a training which is killed and resumed ends with the very same weights,
// and scores what the net has not seen with the version that the registry gives.
using System.Globalization;
using MLOps.Registry;
using MLOps.Tracking;
using MLOps.Training;
using TorchSharp;
using TrainDigits;
using static TorchSharp.torch;

if (args is not ([] or ["train", _]))
{
    Console.Error.WriteLine("usage: TrainDigits [train <folder>]");
    Console.Error.WriteLine("  without arguments: trains, kills a second training and resumes it, compares the two, registers the model and scores with it");
    Console.Error.WriteLine("  train <folder>: trains with checkpoints in the folder, or goes on from the last one there");
    return 2;
}

TorchRuntimeReport runtime = TorchRuntime.Check();
Console.WriteLine(runtime.Summary);
if (!runtime.IsUsable)
    return 1;

const double Needed = 0.97;
string database = Path.GetFullPath("mlops.db");
using Digits digits = Digits.Load();
await using var tracker = Tracker.Open(t => t.UseSqlite(database).Configure(o => o.SystemMetricsInterval = TimeSpan.FromSeconds(2)));
if (args is [_, var own])
    return (await Training.RunAsync(digits, Path.GetFullPath(own), tracker)).ExitCode;

await using var registry = ModelRegistry.Open(r => r.UseSqlite(database).UseTracker(tracker));
string whole = Path.GetFullPath(Path.Combine("mlops.checkpoints", "never-stopped")), killed = Path.GetFullPath(Path.Combine("mlops.checkpoints", "killed"));
foreach (string folder in (string[])[whole, killed])
{
    if (Directory.Exists(folder))
        Directory.Delete(folder, recursive: true);
}

if (await Training.RunAsync(digits, whole, tracker, registry) is not TrainingOutcome.Completed and var ended)
    return ended.ExitCode;

RegisteredModel model = await registry.GetModelAsync("digits");
await registry.MoveAliasAsync("digits", "champion", model.LastNumber, reason: "the last one trained");
Console.WriteLine($"registry   version {model.LastNumber} of digits is the champion; runs and versions are in {database}");

bool equal = await KillAndResume.ShowAsync(whole, killed, tracker);

await using ModelSource<DigitsNet> models = await registry.OpenModelAsync("digits@champion", (files, _) => ValueTask.FromResult(TorchModel.Load(files, new DigitsNet())));
using ModelLease<DigitsNet> champion = models.Acquire();
using Tensor logits = champion.Model.call(digits.Test.Images), right = logits.argmax(1).eq(digits.Test.Labels);
double accuracy = right.sum().item<long>() / (double)right.numel();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"champion   version {champion.Version!.Number} reads {accuracy:P2} of {right.numel()} digits that it has not seen rightly"));
// Which bits a GPU comes to is not promised: there it is shown, not demanded.
return (equal || runtime.CudaAvailable) && accuracy >= Needed ? 0 : 1;
