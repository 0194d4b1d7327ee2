using System.Reflection;

namespace MLOps.Tracking.Capture;

/// <summary>Finds out which program, and which commit of it, a run comes from.</summary>
internal static class SourceCapture
{
    /// <summary>Reads the facts of this process. Looks for a checkout above the program's folder, then above the working directory, and falls back on the commit that the build put into the version.</summary>
    public static async Task<SourceFacts> ReadAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        Assembly? entry = Assembly.GetEntryAssembly();
        string name = entry?.GetName().Name ?? Path.GetFileNameWithoutExtension(Environment.ProcessPath) ?? "unknown";
        string? version = entry?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        string workingDirectory = WorkingDirectory();
        GitCheckout? checkout = GitCheckout.Find(AppContext.BaseDirectory) ?? GitCheckout.Find(workingDirectory);
        EnvironmentReport.GitFacts? git = await ReadGitAsync(checkout, version, time, cancellationToken).ConfigureAwait(false);
        return new(Environment.UserName, name, version, workingDirectory, git);

        static string WorkingDirectory()
        {
            try
            {
                return Environment.CurrentDirectory;
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    public static async Task<EnvironmentReport.GitFacts?> ReadGitAsync(GitCheckout? checkout, string? version, TimeProvider time, CancellationToken cancellationToken)
    {
        if (checkout is null)
            return CommitIn(version) is { } commit ? new(commit, Branch: null, RemoteUrl: null, IsDirty: null) : null;
        bool? dirty = checkout.Commit is null ? null : await GitStatus.IsDirtyAsync(checkout.Root, time, cancellationToken).ConfigureAwait(false);
        return new(checkout.Commit, checkout.Branch, checkout.RemoteUrl is { } url ? Redactor.Redact(url) : null, dirty);
    }

    /// <summary>MLflow's tags for the facts, and <c>mlops.git.dirty</c>; what is not known has no tag.</summary>
    public static IReadOnlyDictionary<string, string> Tags(SourceFacts facts)
    {
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        Add("mlflow.user", facts.User);
        Add("mlflow.source.name", facts.ProgramName);
        Add("mlflow.source.type", "LOCAL");
        Add("mlflow.source.git.commit", facts.Git?.Commit);
        Add("mlflow.source.git.branch", facts.Git?.Branch);
        Add("mlflow.source.git.repoURL", facts.Git?.RemoteUrl);
        Add("mlops.git.dirty", facts.Git?.IsDirty switch { true => "true", false => "false", null => null });
        return tags;

        void Add(string key, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                tags[key] = value.Length <= Limits.TagValueLength ? value : value[..Limits.TagValueLength];
        }
    }

    /// <summary>The commit behind the plus in <c>1.2.3+6c0f…</c>, where the .NET SDK puts it.</summary>
    public static string? CommitIn(string? version) =>
        version?.Split('+', 2) is [_, var build] && build.Split('.')[^1] is { Length: 40 or 64 } commit && commit.All(char.IsAsciiHexDigit) ? commit : null;
}
