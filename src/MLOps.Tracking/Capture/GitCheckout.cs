namespace MLOps.Tracking.Capture;

/// <summary>What a git checkout says of itself in its files; no git program is needed.</summary>
internal sealed record GitCheckout
{
    private const int LinkedRefs = 5;

    /// <summary>The top folder of the working tree.</summary>
    public required string Root { get; init; }

    /// <summary>The commit that is checked out, in hex; null before the first one, or where refs are kept in a form that is not read here (reftable).</summary>
    public string? Commit { get; init; }

    /// <summary>The branch; null when the head is detached.</summary>
    public string? Branch { get; init; }

    /// <summary>The address of the branch's remote, else of <c>origin</c>, else of the only one; as it is written, secrets included.</summary>
    public string? RemoteUrl { get; init; }

    /// <summary>Reads the checkout that a folder lies in.</summary>
    /// <returns>The checkout; null when the folder is in none, or when it cannot be read.</returns>
    public static GitCheckout? Find(string folder)
    {
        try
        {
            for (string? root = Path.GetFullPath(folder); root is not null; root = Path.GetDirectoryName(root))
            {
                if (GitFolderOf(root) is { } gitFolder)
                    return Read(root, gitFolder);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A checkout that this process may not read is one that it knows nothing of.
        }

        return null;
    }

    // In a worktree or a submodule .git is a file that says where the folder is.
    private static string? GitFolderOf(string root)
    {
        string git = Path.Join(root, ".git");
        if (Directory.Exists(git))
            return git;
        return File.Exists(git) && File.ReadAllText(git).Trim() is var text && text.StartsWith("gitdir:", StringComparison.Ordinal)
            ? Path.GetFullPath(text["gitdir:".Length..].Trim(), root)
            : null;
    }

    private static GitCheckout? Read(string root, string gitFolder)
    {
        if (ReadLine(Path.Join(gitFolder, "HEAD")) is not { } head)
            return null;
        string common = ReadLine(Path.Join(gitFolder, "commondir")) is { } path ? Path.GetFullPath(path, gitFolder) : gitFolder;
        string? branch = RefIn(head) is { } name && name.StartsWith("refs/heads/", StringComparison.Ordinal) && name != "refs/heads/.invalid" ? name["refs/heads/".Length..] : null;
        return new()
        {
            Root = root,
            Commit = Resolve(head, gitFolder, common),
            Branch = branch,
            RemoteUrl = GitConfig.Read(Path.Join(common, "config")) is { } config ? config.RemoteUrl(branch) : null,
        };
    }

    private static string? Resolve(string head, string gitFolder, string common)
    {
        string? value = head;
        for (int i = 0; i < LinkedRefs && value is not null && RefIn(value) is { } name; i++)
            value = ReadLine(Path.Join(gitFolder, name)) ?? ReadLine(Path.Join(common, name)) ?? PackedRef(Path.Join(common, "packed-refs"), name);
        return value is { Length: 40 or 64 } && value.All(char.IsAsciiHexDigit) ? value : null;
    }

    private static string? PackedRef(string file, string name)
    {
        if (!File.Exists(file))
            return null;
        foreach (string line in File.ReadLines(file))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0 && line[0] != '#' && line.AsSpan(space + 1).SequenceEqual(name))
                return line[..space];
        }

        return null;
    }

    private static string? RefIn(string head) =>
        head.StartsWith("ref:", StringComparison.Ordinal) && head["ref:".Length..].Trim() is var name && !name.Contains("..", StringComparison.Ordinal) ? name : null;

    private static string? ReadLine(string file) => File.Exists(file) ? File.ReadLines(file).FirstOrDefault()?.Trim() : null;
}
