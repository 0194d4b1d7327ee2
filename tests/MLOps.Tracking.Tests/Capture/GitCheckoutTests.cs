using MLOps.Tracking.Capture;
using Xunit;

namespace MLOps.Tracking.Tests.Capture;

public sealed class GitCheckoutTests : IDisposable
{
    private const string Commit = "3f786850e387550fdab836ed7e6dc881de23001b", Other = "89e6c98d92887913cadf06b2adb97f26cde4849b";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Commit_branch_and_remote_are_read_from_a_folder_deep_inside()
    {
        _folder.Write(".git/HEAD", "ref: refs/heads/feature/x\n");
        _folder.Write(".git/refs/heads/feature/x", Commit + "\n");
        _folder.Write(".git/config", "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://github.com/contoso/fraud.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n");
        Directory.CreateDirectory(_folder["src/deep"]);
        Assert.Equal(
            new GitCheckout { Root = _folder.Path, Commit = Commit, Branch = "feature/x", RemoteUrl = "https://github.com/contoso/fraud.git" },
            GitCheckout.Find(_folder["src/deep"]));
    }

    [Fact]
    public void A_packed_ref_is_found_and_a_loose_one_goes_before_it()
    {
        _folder.Write(".git/HEAD", "ref: refs/heads/main");
        _folder.Write(".git/packed-refs", $"# pack-refs with: peeled fully-peeled sorted\n{Other} refs/heads/main2\n{Commit} refs/heads/main\n^{Other}\n");
        Assert.Equal(Commit, GitCheckout.Find(_folder.Path)!.Commit);
        _folder.Write(".git/refs/heads/main", Other);
        Assert.Equal(Other, GitCheckout.Find(_folder.Path)!.Commit);
    }

    [Fact]
    public void A_detached_head_has_a_commit_and_no_branch()
    {
        _folder.Write(".git/HEAD", Commit + "\n");
        GitCheckout found = GitCheckout.Find(_folder.Path)!;
        Assert.Equal((Commit, null, null), (found.Commit, found.Branch, found.RemoteUrl));
    }

    [Fact]
    public void A_worktree_takes_its_head_from_its_own_folder_and_refs_and_remotes_from_the_common_one()
    {
        _folder.Write("main/.git/HEAD", "ref: refs/heads/main");
        _folder.Write("main/.git/refs/heads/side", Commit);
        _folder.Write("main/.git/config", "[remote \"origin\"]\nurl = git@github.com:contoso/fraud.git");
        _folder.Write("main/.git/worktrees/side/HEAD", "ref: refs/heads/side");
        _folder.Write("main/.git/worktrees/side/commondir", "../..\n");
        _folder.Write("side/.git", "gitdir: ../main/.git/worktrees/side\n");
        Assert.Equal(
            new GitCheckout { Root = _folder["side"], Commit = Commit, Branch = "side", RemoteUrl = "git@github.com:contoso/fraud.git" },
            GitCheckout.Find(_folder["side"]));
    }

    [Theory]
    [InlineData("ref: refs/heads/main", "main")]
    [InlineData("ref: refs/heads/.invalid", null)]
    [InlineData("ref: ../../../etc/passwd", null)]
    [InlineData("garbage", null)]
    public void A_head_without_a_commit_has_none(string head, string? branch)
    {
        _folder.Write(".git/HEAD", head);
        GitCheckout found = GitCheckout.Find(_folder.Path)!;
        Assert.Equal((null, branch), (found.Commit, found.Branch));
    }

    [Fact]
    public void Refs_that_point_at_each_other_end_without_a_commit()
    {
        _folder.Write(".git/HEAD", "ref: refs/heads/a");
        _folder.Write(".git/refs/heads/a", "ref: refs/heads/b");
        _folder.Write(".git/refs/heads/b", "ref: refs/heads/a");
        Assert.Null(GitCheckout.Find(_folder.Path)!.Commit);
    }

    [Fact]
    public void What_is_no_checkout_is_none()
    {
        _folder.Write("a/.git", "not a gitdir");
        _folder.Write("b/.git/description", "no head");
        _folder.Write("c/.git", "gitdir: /no/such/folder");
        Assert.All((string[])["a", "b", "c"], name => Assert.Null(GitCheckout.Find(_folder[name])));
        Assert.Null(GitCheckout.Find(""));
    }

    [Theory]
    [InlineData("[remote \"up\"]\nurl = u1\n[remote \"origin\"]\nurl = u2\n[branch \"main\"]\nremote = up", "u1")]
    [InlineData("[remote \"up\"]\nurl = u1\n[remote \"origin\"]\nurl = u2\n[branch \"other\"]\nremote = up", "u2")]
    [InlineData("[remote \"only\"]\nurl = u1", "u1")]
    [InlineData("[remote \"a\"]\nurl = u1\n[remote \"b\"]\nurl = u2", null)]
    [InlineData("[Remote \"origin\"]\n  URL = \"quoted # not a comment\" ; a comment", "quoted # not a comment")]
    [InlineData("# url = x\n[remote \"origin\"]\n\turl = u ; comment\n\turl = second\n\tpushurl = p", "u")]
    [InlineData("[remote \"origin\"", null)]
    [InlineData("=\n[]\n[\n\"", null)]
    public void The_remote_is_the_branchs_own_else_origin_else_the_only_one(string config, string? url) =>
        Assert.Equal(url, GitConfig.Parse(config).RemoteUrl("main"));
}
