namespace MLOps.Registry;

/// <summary>The code that a run ran.</summary>
/// <param name="Commit">The commit's hash; null when unknown.</param>
/// <param name="Repository">The repository's URL without credentials; null when unknown.</param>
/// <param name="Branch">The branch; null when unknown.</param>
/// <param name="IsDirty">Whether files differed from the commit; null when unknown.</param>
/// <param name="Program">The program's name and version; null when unknown.</param>
public sealed record CodeState(string? Commit, string? Repository, string? Branch, bool? IsDirty, string? Program);
