using System.Text.RegularExpressions;

namespace MLOps.Architecture.Tests.Docs;

/// <summary>What these tests read from the pages of the repository: links, headings and fenced blocks.</summary>
internal static partial class Markdown
{
    public static IReadOnlyList<string> Pages { get; } = [.. Repository.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal))];

    /// <summary>The targets of the links of a page, outside code.</summary>
    public static IEnumerable<string> Links(string text) =>
        Link().Matches(WithoutCode(text)).Select(link => link.Groups[1].Value);

    /// <summary>The anchors that GitHub gives the headings of a page.</summary>
    public static IEnumerable<string> Anchors(string text) =>
        Heading().Matches(Fence().Replace(text, "")).Select(heading => Anchor(heading.Groups[1].Value));

    /// <summary>The fenced blocks of a page in one language.</summary>
    public static IEnumerable<string> Blocks(string text, string language) =>
        Fence().Matches(text).Where(fence => fence.Groups[1].Value == language).Select(fence => fence.Groups[2].Value);

    private static string WithoutCode(string text) => InlineCode().Replace(Fence().Replace(text, ""), "");

    private static string Anchor(string heading) =>
        Punctuation().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6} +(.+?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^[ ]*```(\w*)[^\n]*\n(.*?)^[ ]*```[ ]*\r?$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"`[^`\n]*`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
