namespace MLOps.Sqlite.Schema;

/// <summary>What the first rows of a new store are made of.</summary>
internal readonly record struct NewStore(long NowMs, string ArtifactRoot);
