using System.Text.RegularExpressions;
using Xunit;

namespace MLOps.Architecture.Tests.Sources;

public sealed partial class FileNameTests
{
    private static readonly string[] Rooms = ["Models", "Interfaces", "Helpers", "Utils", "Utilities", "Common", "Misc"];

    private static IEnumerable<string> Code => Repository.Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal));

    [Fact]
    public void A_file_is_named_after_a_concept_of_the_field() =>
        Assert.Equal([], Code.Where(file => Vague().IsMatch(Path.GetFileNameWithoutExtension(file))));

    [Fact]
    public void A_folder_is_a_concept() =>
        Assert.Equal([], Code.Where(file => file.Split('/')[..^1].Intersect(Rooms).Any()));

    [Fact]
    public void A_file_in_src_declares_the_type_it_is_named_after() =>
        Assert.Equal([], Code
            .Where(file => file.StartsWith("src/", StringComparison.Ordinal))
            .Where(file =>
            {
                string type = Path.GetFileNameWithoutExtension(file).Split('.')[0];
                return !Regex.IsMatch(Repository.Read(file), $@"\b(class|struct|record|interface|enum|delegate\s+[\w<>\[\]?.]+)\s+{Regex.Escape(type)}\b");
            }));

    [GeneratedRegex(@"(Helpers?|Util(s|ity|ities)?|Manager|Misc|Common)$")]
    private static partial Regex Vague();
}
