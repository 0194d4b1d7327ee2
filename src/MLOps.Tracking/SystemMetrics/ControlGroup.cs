namespace MLOps.Tracking.SystemMetrics;

/// <summary>Finds the control groups (version 2) whose memory limits hold for this process.</summary>
internal static class ControlGroup
{
    /// <summary>The folders of the process's group and those above it, innermost first; each may have a limit.</summary>
    /// <param name="membership">The text of <c>/proc/self/cgroup</c>.</param>
    /// <param name="mounts">The text of <c>/proc/self/mounts</c>.</param>
    public static IReadOnlyList<string> FoldersOf(string membership, string mounts)
    {
        if (MountPointIn(mounts) is not { } mount || PathIn(membership) is not { } path)
            return [];
        List<string> folders = [];
        for (; path.Length > 0; path = path[..path.LastIndexOf('/')])
            folders.Add(mount + path);
        folders.Add(mount);
        return folders;
    }

    private static string? PathIn(string membership)
    {
        foreach (string line in membership.Split('\n'))
        {
            // Version 2 has the number 0 and no controllers: "0::/path". In a container of its own the path is "/".
            if (line.StartsWith("0::/", StringComparison.Ordinal) && !line.Contains("/..", StringComparison.Ordinal))
                return line["0::".Length..].TrimEnd('/');
        }

        return null;
    }

    private static string? MountPointIn(string mounts)
    {
        foreach (string line in mounts.Split('\n'))
        {
            if (line.Split(' ') is [_, var point, "cgroup2", ..])
                return point.Replace(@"\040", " ", StringComparison.Ordinal);
        }

        return null;
    }
}
