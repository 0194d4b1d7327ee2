using System.Globalization;
using MLOps.TrainingVictim;

// A program of its own for the tests: one mode, one type.
switch (args)
{
    case ["check", .. var rest]:
        return CheckMode.Run(rest);
    case ["train", var folder, var steps, var every]:
        return await TrainMode.RunAsync(folder, long.Parse(steps, CultureInfo.InvariantCulture), long.Parse(every, CultureInfo.InvariantCulture));
    default:
        Console.Error.WriteLine("usage: check [LIBRARY] | train FOLDER STEPS EVERY");
        return 2;
}
