using System.Text.RegularExpressions;
using Xunit;

namespace MLOps.Architecture.Tests.Docs;

public sealed partial class LinkTests
{
    [Fact]
    public void Every_link_inside_the_repository_leads_somewhere() =>
        Assert.Equal([], Markdown.Pages.SelectMany(page => Broken(page, Repository.Read(page))));

    [Fact]
    public void A_link_that_leads_nowhere_is_seen()
    {
        Assert.Equal(["docs/x.md → gone.md"], Broken("docs/x.md", "see [this](gone.md) and [that](https://example.com)"));
        Assert.Equal(["README.md → #missing"], Broken("README.md", "# Here\n[a](#here) [b](#missing)"));
    }

    [Fact]
    public void No_page_names_a_path_of_one_machine() =>
        Assert.Equal([], Markdown.Pages.SelectMany(page => MachinePath().Matches(Repository.Read(page)).Select(match => $"{page}: {match.Value}")));

    private static IEnumerable<string> Broken(string page, string text)
    {
        foreach (string link in Markdown.Links(text))
        {
            if (link.Contains("://", StringComparison.Ordinal) || link.StartsWith("mailto:", StringComparison.Ordinal))
                continue;
            string[] parts = link.Split('#', 2);
            string target = parts[0].Length == 0
                ? page
                : Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.PathOf(page))!, parts[0]))).Replace('\\', '/');
            string path = Repository.PathOf(target);
            bool found = target == page || File.Exists(path) || Directory.Exists(path);
            if (found && parts.Length == 2 && target.EndsWith(".md", StringComparison.Ordinal))
                found = Markdown.Anchors(target == page ? text : Repository.Read(target)).Contains(parts[1]);
            if (!found)
                yield return $"{page} → {link}";
        }
    }

    [GeneratedRegex(@"(?<![\w.~/])/(root|work|Users/\w+|home/\w+)/[\w./-]*|\b[A-Z]:\\Users\\[\w\\.-]*")]
    private static partial Regex MachinePath();
}
