using System.Text;

namespace MLOps.Tracking.Capture;

/// <summary>The remotes and branches of a git <c>config</c> file.</summary>
internal sealed class GitConfig
{
    private readonly Dictionary<string, string> _urls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _remoteOfBranch = new(StringComparer.Ordinal);

    public static GitConfig? Read(string file) => File.Exists(file) ? Parse(File.ReadAllText(file)) : null;

    public static GitConfig Parse(string text)
    {
        GitConfig config = new();
        string kind = "", name = "";
        foreach (ReadOnlySpan<char> raw in text.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> line = raw.Trim();
            if (line is ['[', ..])
            {
                int end = line.LastIndexOf(']'), quote = line.IndexOf('"');
                bool named = quote > 0 && end > quote + 1 && line[end - 1] == '"';
                kind = line[1..(named ? quote : Math.Max(end, 1))].Trim().ToString().ToLowerInvariant();
                name = named ? line[(quote + 1)..(end - 1)].ToString().Replace("\\\"", "\"", StringComparison.Ordinal).Replace(@"\\", @"\", StringComparison.Ordinal) : "";
                continue;
            }

            int sign = line.IndexOf('=');
            if (sign <= 0 || line[0] is '#' or ';')
                continue;
            string key = line[..sign].Trim().ToString().ToLowerInvariant(), value = Value(line[(sign + 1)..].Trim());
            if (kind == "remote" && key == "url")
                config._urls.TryAdd(name, value);
            else if (kind == "branch" && key == "remote")
                config._remoteOfBranch[name] = value;
        }

        return config;
    }

    public string? RemoteUrl(string? branch) =>
        branch is not null && _remoteOfBranch.TryGetValue(branch, out string? remote) && _urls.TryGetValue(remote, out string? url) ? url
        : _urls.TryGetValue("origin", out string? origin) ? origin
        : _urls.Count == 1 ? _urls.Values.Single()
        : null;

    // Quotes may stand anywhere, a backslash takes the next character as it is, and a comment begins outside of quotes.
    private static string Value(ReadOnlySpan<char> text)
    {
        StringBuilder value = new();
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '"')
                quoted = !quoted;
            else if (c is '#' or ';' && !quoted)
                break;
            else
                value.Append(c == '\\' && i + 1 < text.Length ? text[++i] : c);
        }

        return value.ToString().TrimEnd();
    }
}
