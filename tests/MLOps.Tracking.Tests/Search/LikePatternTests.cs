using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.Tests.Search;

public sealed class LikePatternTests
{
    private static readonly string[] s_pieces = ["a", "A", "b", "%", "_", "%", "é", "É", "ß", "😀", "𐐨", "𐐀", "\ud83d", "\0", "*", "[", "\\", "ı", "I", "i"];

    [Property(MaxTest = 5000)]
    public Property It_agrees_with_a_plain_matcher()
    {
        Gen<string> text = Gen.Choose(0, 8).SelectMany(length => Gen.Elements(s_pieces).ArrayOf(length)).Select(string.Concat);
        return Prop.ForAll(Arb.From(text), Arb.From(text), (pattern, subject) =>
        {
            foreach (bool ignoreCase in (bool[])[false, true])
            {
                LikePattern like = new(pattern, ignoreCase);
                bool expected = Matches([.. pattern.EnumerateRunes()], [.. subject.EnumerateRunes()], ignoreCase);
                Assert.Equal(expected, like.IsMatch(subject));
                Assert.True(!expected || string.Concat(subject.EnumerateRunes()).StartsWith(like.Prefix, StringComparison.Ordinal));
            }
        });
    }

    [Theory]
    [InlineData("churn-%", "churn-1", true)]
    [InlineData("churn-%", "churn-", true)]
    [InlineData("churn-%", "Churn-1", false)]
    [InlineData("%rn%", "churn", true)]
    [InlineData("%", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("_", "", false)]
    [InlineData("_", "😀", true)]
    [InlineData("__", "😀", false)]
    [InlineData("_", "e\u0301", false)]
    [InlineData("%_%", "", false)]
    [InlineData("a%a", "a", false)]
    [InlineData("%aab", "aaab", true)]
    [InlineData("[ab]*?", "[ab]*?", true)]
    [InlineData("[ab]*?", "axx", false)]
    [InlineData("10\\%", "10\\50", true)]
    [InlineData("10\\%", "10%", false)]
    [InlineData("a\0%", "a\0b", true)]
    public void Percent_is_any_characters_and_underscore_is_one_and_nothing_else_is_special(string pattern, string text, bool matches) =>
        Assert.Equal(matches, new LikePattern(pattern, ignoreCase: false).IsMatch(text));

    [Theory]
    [InlineData("É%", "été", true)]
    [InlineData("𐐀", "𐐨", true)]
    [InlineData("σ", "Σ", true)]
    [InlineData("ς", "Σ", true)]
    [InlineData("ß", "SS", false)]
    [InlineData("i", "İ", false)]
    [InlineData("I", "ı", false)]
    public void Without_regard_to_case_characters_are_alike_one_by_one(string pattern, string text, bool matches) =>
        Assert.Equal(matches, new LikePattern(pattern, ignoreCase: true).IsMatch(text));

    [Theory]
    [InlineData("churn-%x", "churn-")]
    [InlineData("a_b", "a")]
    [InlineData("%a", "")]
    [InlineData("whole", "whole")]
    [InlineData("😀%", "😀")]
    public void The_prefix_is_what_stands_before_the_first_wildcard(string pattern, string prefix)
    {
        Assert.Equal(prefix, new LikePattern(pattern, ignoreCase: false).Prefix);
        Assert.Equal("", new LikePattern(pattern, ignoreCase: true).Prefix);
    }

    [Fact]
    public void Many_wildcards_do_not_blow_up()
    {
        LikePattern like = new(string.Concat(Enumerable.Repeat("%a", 2000)) + "b", ignoreCase: true);

        Assert.False(like.IsMatch(new string('a', 8000)));
        Assert.True(like.IsMatch(new string('a', 8000) + "b"));
    }

    private static bool Matches(ReadOnlySpan<Rune> pattern, ReadOnlySpan<Rune> text, bool ignoreCase)
    {
        if (pattern.IsEmpty)
            return text.IsEmpty;
        if (pattern[0].Value == '%')
            return Matches(pattern[1..], text, ignoreCase) || (!text.IsEmpty && Matches(pattern, text[1..], ignoreCase));
        return !text.IsEmpty
            && (pattern[0].Value == '_' || pattern[0] == text[0] || (ignoreCase && Rune.ToUpperInvariant(pattern[0]) == Rune.ToUpperInvariant(text[0])))
            && Matches(pattern[1..], text[1..], ignoreCase);
    }
}
