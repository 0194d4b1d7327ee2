using System.Text;

namespace MLOps.Cli.CommandLine;

/// <summary>What a command was called with. Flags are written as MLflow's are: <c>--port 5000</c>, <c>--port=5000</c>, <c>-p 5000</c>, <c>-p5000</c>; the last of several counts.</summary>
internal sealed class GivenFlags
{
    private readonly Dictionary<Flag, string> _values = [];
    private readonly List<string> _arguments = [];

    private GivenFlags()
    {
    }

    /// <summary>What is no flag, in order.</summary>
    public IReadOnlyList<string> Arguments => _arguments;

    /// <summary>Whether the help was asked for.</summary>
    public bool AsksForHelp { get; private set; }

    /// <summary>The value of a flag, from the command line or else the environment; null where neither has it.</summary>
    public string? this[Flag flag] => _values.GetValueOrDefault(flag);

    /// <summary>Whether a switch is on.</summary>
    public bool IsOn(Flag flag, bool otherwise = false) => this[flag] is { } value ? value == bool.TrueString : otherwise;

    /// <summary>Reads a command line, and the environment for what it lacks.</summary>
    /// <exception cref="UsageException">A flag is not known, lacks its value, or cannot be had.</exception>
    public static GivenFlags Parse(string command, IReadOnlyList<Flag> flags, IReadOnlyList<string> args, Func<string, string?> environment)
    {
        GivenFlags given = new();
        for (int i = 0; i < args.Count; i++)
            i = given.Take(command, flags, args, i);
        foreach (Flag flag in flags)
        {
            if (flag.Variable is { } variable && !given._values.ContainsKey(flag) && environment(variable) is { Length: > 0 } value)
                given._values.Add(flag, flag.Value is null ? SwitchOf(variable, value) : value);
        }

        foreach (Flag flag in given._values.Keys.Where(flag => flag.Refused is not null && (flag.Value is not null || given.IsOn(flag))))
            throw new UsageException($"{flag.Name} cannot be had: {flag.Refused}");
        return given;
    }

    /// <summary>Sentences about what was given and has no effect.</summary>
    public IEnumerable<string> Notes => _values.Keys.Where(flag => flag.Ignored is not null).Select(flag => $"{flag.Name} has no effect: {flag.Ignored}");

    /// <summary>Describes flags, one in one line or more.</summary>
    public static string Describe(IEnumerable<Flag> flags)
    {
        StringBuilder text = new();
        foreach (Flag flag in flags.Where(flag => flag.Refused is null && flag.Ignored is null))
        {
            string letter = flag.Letter is { } known ? $"-{known}, " : "", opposite = flag.Opposite is { } off ? $" / {off}" : "", variable = flag.Variable is { } name ? $" [{name}]" : "";
            text.AppendLine($"  {letter}{flag.Name}{opposite}{(flag.Value is null ? "" : " ")}{flag.Value}").AppendLine($"      {flag.Help}{variable}");
        }

        return text.ToString().TrimEnd();
    }

    private int Take(string command, IReadOnlyList<Flag> flags, IReadOnlyList<string> args, int i)
    {
        string arg = args[i];
        if (arg is "-" || !arg.StartsWith('-'))
        {
            _arguments.Add(arg);
            return i;
        }

        int equals = arg.StartsWith("--", StringComparison.Ordinal) ? arg.IndexOf('=', StringComparison.Ordinal) : -1;
        string name = equals < 0 ? arg : arg[..equals];
        Flag? flag = flags.FirstOrDefault(flag => flag.Name == name || flag.Opposite == name || (flag.Letter == arg[1] && !name.StartsWith("--", StringComparison.Ordinal)));
        if (flag is null)
        {
            AsksForHelp = name is "--help" or "-?" or "-h" ? true : throw new UsageException($"There is no flag {name}. `mlops {command} --help` lists the flags.");
            return i;
        }

        bool isLetter = arg[1] != '-';
        string? value = equals >= 0 ? arg[(equals + 1)..] : isLetter && arg.Length > 2 ? arg[2..] : null;
        if (flag.Value is null)
        {
            _values[flag] = value is null ? (name != flag.Opposite).ToString() : throw new UsageException($"{name} has no value.");
            return i;
        }

        if (value is null && ++i == args.Count)
            throw new UsageException($"{flag.Name} needs a value: {flag.Name} {flag.Value}.");
        _values[flag] = value ?? args[i];
        return i;
    }

    private static string SwitchOf(string variable, string value) => value.ToUpperInvariant() switch
    {
        "1" or "TRUE" or "T" or "YES" or "Y" or "ON" => bool.TrueString,
        "0" or "FALSE" or "F" or "NO" or "N" or "OFF" => bool.FalseString,
        _ => throw new UsageException($"The environment variable {variable} must be true or false, not '{value}'."),
    };
}
