using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Tracking.Artifacts;
using Xunit;

namespace MLOps.Tracking.Tests.Artifacts;

public sealed class ArtifactPathTests
{
    [Theory]
    [InlineData("model.onnx")]
    [InlineData("plots/roc.png")]
    [InlineData("a/b/c/d")]
    [InlineData(".hidden/.gitignore")]
    [InlineData("checkpoint 12 (best).pt")]
    [InlineData("2026-01-01T10:00:00.json")]
    [InlineData("100%")]
    [InlineData("a%20b")]
    [InlineData("größe/模型/😀")]
    [InlineData("...x/..y/.z")]
    [InlineData("console/null/com/com10/lpt/auxiliary.txt")]
    [InlineData(".mlopsx/y")]
    [InlineData("a/.mlops/y")]
    public void A_plain_relative_path_is_taken_as_it_is(string path)
    {
        Assert.Equal(path, new ArtifactPath(path).Value);
        Assert.True(ArtifactPath.TryParse(path, out ArtifactPath parsed));
        Assert.Equal(path, parsed.ToString());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("/etc/passwd", "absolute")]
    [InlineData("C:/x", "absolute")]
    [InlineData("c:x", "absolute")]
    [InlineData("//server/share/x", "absolute")]
    [InlineData(@"\\server\share", "'\\'")]
    [InlineData(@"a\b", "'\\'")]
    [InlineData("a#b", "MLflow refuses")]
    [InlineData("..", "part '..'")]
    [InlineData("../x", "part '..'")]
    [InlineData("a/../b", "part '..'")]
    [InlineData("a/..", "part '..'")]
    [InlineData("./a", "part '.'")]
    [InlineData("a//b", "empty part")]
    [InlineData("a/", "empty part")]
    [InlineData("a\0b", "U+0000")]
    [InlineData("a\nb", "U+000A")]
    [InlineData("a\u0085b", "U+0085")]
    [InlineData("a./b", "ends with a dot or a space")]
    [InlineData("a/.. /b", "ends with a dot or a space")]
    [InlineData("b ", "ends with a dot or a space")]
    [InlineData("CON", "device")]
    [InlineData("a/nul.txt", "device")]
    [InlineData("Com1.tar.gz", "device")]
    [InlineData("lpt9", "device")]
    [InlineData("COM¹.x", "device")]
    [InlineData("aux .txt", "device")]
    [InlineData("NUL:x", "device")]
    [InlineData("conin$", "device")]
    [InlineData(".mlops", "manifests")]
    [InlineData(".mlops/manifests/x.json", "manifests")]
    [InlineData(".MLOps/x", "manifests")]
    [InlineData("%2e%2e/x", "decodes to '../x'")]
    [InlineData("%252e%252e/x", "decodes to '../x'")]
    [InlineData("a/%25252e%25252e/x", "decodes to 'a/../x'")]
    [InlineData("..%2fx", "decodes to '../x'")]
    [InlineData("%2fetc", "decodes to '/etc'")]
    [InlineData("a%5cb", "decodes to")]
    [InlineData("a%00b", "decodes to")]
    [InlineData("a%23b", "decodes to")]
    [InlineData("%2emlops/x", "decodes to '.mlops/x'")]
    public void Any_other_path_is_refused_with_the_rule_that_it_breaks(string path, string rule)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => new ArtifactPath(path));
        Assert.Contains(rule, refused.Message, StringComparison.Ordinal);
        Assert.False(ArtifactPath.TryParse(path, out ArtifactPath parsed));
        Assert.Equal(default, parsed);
    }

    [Fact]
    public void An_unpaired_surrogate_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new ArtifactPath("a\ud83d"));
        Assert.Throws<ArgumentException>(() => new ArtifactPath("\ude00a"));
    }

    [Fact]
    public void The_longest_path_has_1024_characters()
    {
        Assert.Equal(1024, new ArtifactPath(new string('x', 1024)).Value.Length);
        Assert.Throws<ArgumentException>(() => new ArtifactPath(new string('x', 1025)));
    }

    [Fact]
    public void Null_is_no_path_and_default_is_none_either()
    {
        Assert.Throws<ArgumentNullException>(() => new ArtifactPath(null!));
        Assert.False(ArtifactPath.TryParse(null, out _));
        Assert.Equal("", default(ArtifactPath).Value);
        Assert.Throws<ArgumentException>(() => default(ArtifactPath).ThrowIfDefault("path"));
    }

    [Fact]
    public void A_text_stands_for_its_path()
    {
        ArtifactPath path = "plots/roc.png";
        Assert.Equal(new ArtifactPath("plots/roc.png"), path);
    }

    [Fact]
    public void The_path_of_an_object_may_lie_in_the_reserved_folder_but_not_leave_the_location()
    {
        ArtifactPath.CheckObjectPath(".mlops/manifests/x.json");
        Assert.Throws<ArgumentException>(() => ArtifactPath.CheckObjectPath(".mlops/../../x"));
    }

    [Property(MaxTest = 2000)]
    public Property No_accepted_path_ever_resolves_outside_the_root() => Prop.ForAll(Hostile, text =>
    {
        if (!ArtifactPath.TryParse(text, out ArtifactPath path))
            return true;
        const string Root = "/root/of/run";
        string form = path.Value;
        for (int i = 0; i < 5; i++, form = Uri.UnescapeDataString(form))
        {
            // As POSIX resolves it, as Windows would split it, and as a URI whose writer took care that no query begins.
            string resolved = Path.GetFullPath(Path.Combine(Root, form));
            string split = Path.GetFullPath(Path.Combine(Root, form.Replace('\\', '/')));
            if (!Inside(resolved) || !Inside(split) || !new Uri("http://h/root/of/run/" + form.Replace("?", "%3F", StringComparison.Ordinal)).AbsolutePath.StartsWith("/root/of/run/", StringComparison.Ordinal))
                return false;
        }

        return true;

        static bool Inside(string full) =>
            full.StartsWith(Root + "/", StringComparison.Ordinal) && full != Root + "/.mlops" && !full.StartsWith(Root + "/.mlops/", StringComparison.Ordinal);
    });

    [Property(MaxTest = 500)]
    public Property What_is_accepted_stays_acceptable_when_it_is_decoded() => Prop.ForAll(Hostile, text =>
        !ArtifactPath.TryParse(text, out ArtifactPath path) || ArtifactPath.TryParse(Uri.UnescapeDataString(path.Value), out _));

    /// <summary>Texts made of the pieces that attacks are made of, so that a good part of them is accepted and most of the rest nearly.</summary>
    private static Arbitrary<string> Hostile => Gen.Elements(
            "a", "b", "plots", "model.onnx", "ß", "😀", "/", "/", "/", ".", "..", " ", "%", "%2e", "%2E", "%2f", "%5c", "%25", "%252e", "%00", "\\", ":", "C:", "~", "$HOME", "NUL", "COM1", ".mlops", "#", "?", "\n", "\0", "\ud83d")
        .ArrayOf()
        .Select(string.Concat)
        .ToArbitrary();
}
