using MLOps.TrainingVictim;

// A program of its own for the tests: one mode, one type.
switch (args)
{
    case ["check", .. var rest]:
        return CheckMode.Run(rest);
    default:
        Console.Error.WriteLine("usage: check [LIBRARY]");
        return 2;
}
