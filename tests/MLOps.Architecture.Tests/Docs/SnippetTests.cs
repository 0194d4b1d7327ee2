using System.Text.RegularExpressions;
using Xunit;

namespace MLOps.Architecture.Tests.Docs;

/// <summary>A C# block on a page is the text between <c>// &lt;name&gt;</c> and <c>// &lt;/name&gt;</c> in samples/Snippets, so that it compiles.</summary>
public sealed partial class SnippetTests
{
    private static readonly IReadOnlyDictionary<string, string> Snippets = Repository.Files
        .Where(f => f.StartsWith("samples/Snippets/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal))
        .SelectMany(f => Marked().Matches(Repository.Read(f)))
        .GroupBy(snippet => snippet.Groups[1].Value, snippet => snippet.Groups[2].Value)
        // A snippet in several parts is joined: usings stand at the top of a file, apart from what uses them.
        .ToDictionary(parts => parts.Key, parts => OneLine(string.Concat(parts)));

    private static IEnumerable<(string Page, string Code)> Blocks =>
        from page in Markdown.Pages from block in Markdown.Blocks(Repository.Read(page), "csharp") select (page, OneLine(block));

    [Fact]
    public void Every_block_on_a_page_compiles_in_the_snippets() =>
        Assert.Equal([], Blocks.Where(block => !Snippets.Values.Contains(block.Code)).Select(block => $"{block.Page}: {block.Code}"));

    [Fact]
    public void Every_snippet_is_shown_on_a_page() =>
        Assert.Equal([], Snippets.Where(snippet => !Blocks.Select(block => block.Code).Contains(snippet.Value)).Select(snippet => snippet.Key));

    [Fact]
    public void The_pages_show_code() => Assert.NotEmpty(Blocks);

    private static string OneLine(string code) => Space().Replace(code, " ").Trim();

    [GeneratedRegex(@"^[ ]*// <([\w-]+)>[ ]*\r?\n(.*?)^[ ]*// </\1>", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Marked();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
