using System.CommandLine;
using System.Text;

namespace MLOps.Cli.CommandLine;

/// <summary>What a command was called with. Flags are written as MLflow's are: <c>--port 5000</c>, <c>--port=5000</c>, <c>-p 5000</c>, <c>-p5000</c>; the last of several counts.</summary>
internal sealed class GivenFlags
{
    // An argument that begins with @ is what it says, not the name of a file of arguments.
    private static readonly ParserConfiguration s_parsing = new() { ResponseFileTokenReplacer = null };

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
        Argument<string[]> rest = new("ARGUMENTS") { Arity = ArgumentArity.ZeroOrMore };
        Command syntax = new(command) { rest };
        Dictionary<Flag, Option<string[]>> valued = [];
        Dictionary<Flag, (Option<bool> On, Option<bool>? Off)> switches = [];
        foreach (Flag flag in flags)
        {
            if (flag.Value is not null)
                syntax.Add(valued[flag] = new Option<string[]>(flag.Name, flag.Letter is { } letter ? [$"-{letter}"] : []) { Arity = ArgumentArity.OneOrMore });
            else
                AddSwitch(syntax, switches, flag);
        }

        Option<bool> help = new("--help", flags.Any(flag => flag.Letter == 'h') ? ["-?"] : ["-?", "-h"]);
        syntax.Add(help);
        ParseResult parsed = syntax.Parse(args, s_parsing);
        given.AsksForHelp = parsed.GetValue(help);
        if (given.AsksForHelp)
            return given;
        given.TakeArguments(command, parsed.GetValue(rest) ?? []);
        foreach ((Flag flag, Option<string[]> option) in valued)
            given.Take(flag, parsed, option);
        foreach ((Flag flag, (Option<bool> on, Option<bool>? off)) in switches)
            given.Take(flag, parsed, on, off, args);
        if (parsed.Errors is [var error, ..])
            throw new UsageException(error.Message);
        given.TakeEnvironment(flags, environment);
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

    private static void AddSwitch(Command syntax, Dictionary<Flag, (Option<bool> On, Option<bool>? Off)> switches, Flag flag)
    {
        Option<bool> on = new(flag.Name) { Arity = ArgumentArity.Zero };
        Option<bool>? off = flag.Opposite is { } opposite ? new Option<bool>(opposite) { Arity = ArgumentArity.Zero } : null;
        syntax.Add(on);
        if (off is not null)
            syntax.Add(off);
        switches.Add(flag, (on, off));
    }

    // What the parser does not know is an argument to it.
    private void TakeArguments(string command, string[] arguments)
    {
        if (Array.Find(arguments, argument => argument.Length > 1 && argument[0] == '-') is { } unknown)
            throw new UsageException($"There is no flag {unknown.Split('=')[0]}. `mlops {command} --help` lists the flags.");
        _arguments.AddRange(arguments);
    }

    private void Take(Flag flag, ParseResult parsed, Option<string[]> option)
    {
        if (parsed.GetResult(option) is not { } result)
            return;
        if (result.Tokens is not [.., var last])
            throw new UsageException($"{flag.Name} needs a value: {flag.Name} {flag.Value}.");
        _values[flag] = last.Value;
    }

    // Of a switch and its opposite the later one counts.
    private void Take(Flag flag, ParseResult parsed, Option<bool> on, Option<bool>? off, IReadOnlyList<string> args)
    {
        bool isOn = parsed.GetResult(on) is { Implicit: false }, isOff = off is not null && parsed.GetResult(off) is { Implicit: false };
        if (isOn || isOff)
            _values[flag] = (isOn && (!isOff || args.Last(arg => arg == flag.Name || arg == flag.Opposite) == flag.Name)).ToString();
    }

    private void TakeEnvironment(IReadOnlyList<Flag> flags, Func<string, string?> environment)
    {
        foreach (Flag flag in flags)
        {
            if (flag.Variable is { } variable && !_values.ContainsKey(flag) && environment(variable) is { Length: > 0 } value)
                _values.Add(flag, flag.Value is null ? SwitchOf(variable, value) : value);
        }
    }

    private static string SwitchOf(string variable, string value) => value.ToUpperInvariant() switch
    {
        "1" or "TRUE" or "T" or "YES" or "Y" or "ON" => bool.TrueString,
        "0" or "FALSE" or "F" or "NO" or "N" or "OFF" => bool.FalseString,
        _ => throw new UsageException($"The environment variable {variable} must be true or false, not '{value}'."),
    };
}
