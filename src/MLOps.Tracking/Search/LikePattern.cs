using System.Text;

namespace MLOps.Tracking.Search;

/// <summary>A pattern of <c>LIKE</c> or <c>ILIKE</c>: <c>%</c> stands for any characters or none, <c>_</c> for exactly one Unicode code point, everything else for itself; there is no escape.</summary>
/// <remarks>
/// Without regard to case two code points are alike when <see cref="Rune.ToUpperInvariant"/> makes the same of them, one by one: <c>É</c> is like <c>é</c>, but <c>ß</c> is not like <c>SS</c>, and no
/// normalisation takes place. Half of a surrogate pair counts as U+FFFD, which UTF-8 makes of it. Matching takes no memory and at most as many steps as the lengths of text and pattern multiplied.
/// Immutable. Stores that have no such pattern of their own, or another one, use this.
/// </remarks>
public sealed class LikePattern
{
    private const int AnyCharacters = -1;
    private const int OneCharacter = -2;

    private readonly int[] _codes;
    private readonly int _leastLength;
    private readonly bool _ignoreCase;

    /// <summary>Reads a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="ignoreCase">Whether case does not count: <c>ILIKE</c>.</param>
    public LikePattern(string pattern, bool ignoreCase)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        _ignoreCase = ignoreCase;
        List<int> codes = new(pattern.Length);
        foreach (Rune rune in pattern.EnumerateRunes())
        {
            int code = rune.Value switch { '%' => AnyCharacters, '_' => OneCharacter, _ => Fold(rune) };
            if (code != AnyCharacters || codes.Count == 0 || codes[^1] != AnyCharacters)
                codes.Add(code);
        }

        _codes = [.. codes];
        _leastLength = codes.Count(code => code != AnyCharacters);
        Prefix = ignoreCase ? "" : string.Concat(codes.TakeWhile(code => code >= 0).Select(code => new Rune(code).ToString()));
    }

    /// <summary>What every matching text begins with, so that an index can find it; empty when that is not known, as it is without regard to case.</summary>
    public string Prefix { get; }

    /// <summary>Tells whether the whole of a text matches.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Whether it matches.</returns>
    public bool IsMatch(ReadOnlySpan<char> text)
    {
        if (text.Length < _leastLength)
            return false;

        // What stands before the last % seen stays matched at its earliest place: a later place leaves less text for the rest, never more.
        int at = 0, next = 0, retryAt = -1, retryNext = -1;
        while (at < text.Length)
        {
            Rune.DecodeFromUtf16(text[at..], out Rune rune, out int length);
            if (next < _codes.Length && _codes[next] == AnyCharacters)
            {
                retryAt = at;
                retryNext = ++next;
            }
            else if (next < _codes.Length && (_codes[next] == OneCharacter || _codes[next] == Fold(rune)))
            {
                at += length;
                next++;
            }
            else if (retryAt >= 0)
            {
                Rune.DecodeFromUtf16(text[retryAt..], out _, out int skipped);
                at = retryAt += skipped;
                next = retryNext;
            }
            else
            {
                return false;
            }
        }

        return next == _codes.Length || (next == _codes.Length - 1 && _codes[next] == AnyCharacters);
    }

    private int Fold(Rune rune) => _ignoreCase ? Rune.ToUpperInvariant(rune).Value : rune.Value;
}
