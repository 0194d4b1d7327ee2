using System.Globalization;

namespace MLOps.Registry.Signatures;

/// <summary>Whether callers of one version can call another: what a promotion policy asks with <see cref="Promotions.PromotionPolicy.RequireCompatibleSignature"/>. Immutable.</summary>
/// <remarks>
/// <para>A caller relies on two things: all that it sends is still accepted, and all that it reads is still there. So, from the version before to the version after:</para>
/// <list type="bullet">
/// <item>An input stays, and one that is new is nullable. Its type may widen without loss: integer to long, integer to double, float to double. Its values may become nullable, not the reverse. Its categories may grow, or go.</item>
/// <item>An output stays, and others may be added. Its type may narrow, by the same steps backwards. Its values may not become nullable. Its categories may shrink, or come.</item>
/// <item>A tensor keeps its dtype and its rank; a size of an input may become -1, a size of an output that is -1 may become fixed. No input tensor is added, for none can be left out.</item>
/// <item>A param stays, its type may widen, and what has a default keeps one, not necessarily the same; one that is new has a default.</item>
/// <item>A side that is unknown in either version is a problem: nobody can say.</item>
/// </list>
/// <para>Columns, tensors and params are matched by name, those of one name, or of none, by their places. The relation is transitive, and reflexive where both sides are known.</para>
/// </remarks>
public sealed record SignatureCompatibility
{
    private SignatureCompatibility(IReadOnlyList<string> problems) => Problems = problems;

    /// <summary>Whether there is no problem.</summary>
    public bool IsCompatible => Problems.Count == 0;

    /// <summary>What callers would run into, each a sentence without a full stop, for example <c>input column 'age' is new and required</c>; none when compatible.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Compares two signatures.</summary>
    /// <param name="before">The one that callers know; null when unknown.</param>
    /// <param name="after">The one that is to take its place; null when unknown.</param>
    /// <returns>The problems.</returns>
    public static SignatureCompatibility Check(ModelSignature? before, ModelSignature? after)
    {
        if (before is null || after is null)
            return new SignatureCompatibility([before is null ? "the signature before is unknown" : "the signature is unknown"]);
        List<string> problems = [];
        CheckSide(before.Inputs, after.Inputs, isInput: true, problems);
        CheckSide(before.Outputs, after.Outputs, isInput: false, problems);
        CheckParams(before.Params, after.Params, problems);
        return new SignatureCompatibility(problems);
    }

    /// <summary>The problems as one text.</summary>
    /// <returns><c>compatible</c>, or the problems with semicolons between them.</returns>
    public override string ToString() => IsCompatible ? "compatible" : string.Join("; ", Problems);

    private static void CheckSide(SignatureSchema? before, SignatureSchema? after, bool isInput, List<string> problems)
    {
        string side = isInput ? "input" : "output";
        if (before is null)
            problems.Add($"the {side}s before are unknown");
        else if (after is null)
            problems.Add($"the {side}s are unknown");
        else if (before.IsTensors != after.IsTensors)
            problems.Add(before.IsTensors ? $"the {side}s were tensors and are columns" : $"the {side}s were columns and are tensors");
        else if (before.IsTensors)
            CheckTensors(before.Tensors, after.Tensors, side, isInput, problems);
        else
            CheckColumns(before.Columns, after.Columns, side, isInput, problems);
    }

    private static void CheckColumns(IReadOnlyList<ColumnSpec> before, IReadOnlyList<ColumnSpec> after, string side, bool isInput, List<string> problems)
    {
        foreach ((string name, ColumnSpec? old, ColumnSpec? now) in Match(before, after, column => column.Name))
        {
            string what = $"{side} column {name}";
            if (now is null)
                problems.Add($"{what} is gone");
            else if (old is not null)
                CheckColumn(what, isInput ? old : now, isInput ? now : old, isInput, problems);
            else if (isInput && !now.IsNullable)
                problems.Add($"{what} is new and required");
        }
    }

    /// <summary>Values flow from the caller into an input, and from an output to the caller: what takes them must take all that may come.</summary>
    private static void CheckColumn(string what, ColumnSpec from, ColumnSpec to, bool isInput, List<string> problems)
    {
        if (!ColumnTypes.Widens(from.Type, to.Type))
            problems.Add($"{what} was {ColumnTypes.NameOf((isInput ? from : to).Type)} and is {ColumnTypes.NameOf((isInput ? to : from).Type)}");
        if (from.IsNullable && !to.IsNullable)
            problems.Add(isInput ? $"{what} was nullable and is required" : $"{what} may be missing now");
        if (to.Categories is not { } known)
            return;
        if (from.Categories is null)
            problems.Add(isInput ? $"{what} took any value and takes certain values alone" : $"{what} had certain values and may have any");
        else if (from.Categories.Except(known, StringComparer.Ordinal).FirstOrDefault() is { } other)
            problems.Add(isInput ? $"{what} does not take '{other}' any more" : $"{what} may be '{other}' now");
    }

    private static void CheckTensors(IReadOnlyList<TensorSpec> before, IReadOnlyList<TensorSpec> after, string side, bool isInput, List<string> problems)
    {
        foreach ((string name, TensorSpec? old, TensorSpec? now) in Match(before, after, tensor => tensor.Name ?? ""))
        {
            string what = $"{side} tensor {name}";
            if (now is null)
                problems.Add($"{what} is gone");
            else if (old is null && isInput)
                problems.Add($"{what} is new and required");
            if (now is null || old is null)
                continue;
            if (old.Dtype != now.Dtype)
                problems.Add($"{what} was {old.Dtype} and is {now.Dtype}");
            if (!Fits(isInput ? old.Shape : now.Shape, isInput ? now.Shape : old.Shape))
                problems.Add($"{what} had the shape {Text(old.Shape)} and has {Text(now.Shape)}");
        }
    }

    private static void CheckParams(IReadOnlyList<ParamSpec> before, IReadOnlyList<ParamSpec> after, List<string> problems)
    {
        foreach ((string name, ParamSpec? old, ParamSpec? now) in Match(before, after, param => param.Name))
        {
            if (now is null)
                problems.Add($"param {name} is gone");
            else if (old is null && now.Default is null)
                problems.Add($"param {name} is new and has no default");
            else if (old is not null && !ColumnTypes.Widens(old.Type, now.Type))
                problems.Add($"param {name} was {ColumnTypes.NameOf(old.Type)} and is {ColumnTypes.NameOf(now.Type)}");
            else if (old?.Default is not null && now.Default is null)
                problems.Add($"param {name} had a default and has none");
        }
    }

    private static bool Fits(IReadOnlyList<long> from, IReadOnlyList<long> to) => from.Count == to.Count && from.Zip(to).All(sizes => sizes.Second == -1 || sizes.First == sizes.Second);

    private static string Text(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape.Select(size => size.ToString(CultureInfo.InvariantCulture)))}]";

    /// <summary>Pairs entries of one name, in order; those that were there before first.</summary>
    private static IEnumerable<(string Name, T? Before, T? After)> Match<T>(IReadOnlyList<T> before, IReadOnlyList<T> after, Func<T, string> nameOf)
        where T : class
    {
        Dictionary<(string, int), T> left = Keyed(after, nameOf);
        foreach (((string name, int place) key, T old) in Keyed(before, nameOf))
            yield return (Title(key), old, left.Remove(key, out T? now) ? now : null);
        foreach (((string name, int place) key, T now) in left)
            yield return (Title(key), null, now);
    }

    private static Dictionary<(string Name, int Place), T> Keyed<T>(IReadOnlyList<T> entries, Func<T, string> nameOf)
    {
        Dictionary<string, int> seen = new(StringComparer.Ordinal);
        Dictionary<(string, int), T> keyed = [];
        foreach (T entry in entries)
        {
            string name = nameOf(entry);
            int place = seen.GetValueOrDefault(name);
            seen[name] = place + 1;
            keyed.Add((name, place), entry);
        }

        return keyed;
    }

    private static string Title((string Name, int Place) key) => key.Name.Length == 0 ? string.Create(CultureInfo.InvariantCulture, $"{key.Place + 1}") : $"'{key.Name}'";
}
