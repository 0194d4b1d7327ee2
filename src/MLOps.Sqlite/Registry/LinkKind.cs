namespace MLOps.Sqlite.Registry;

/// <summary>What a version is linked to.</summary>
internal enum LinkKind
{
    Parent = 1,
    Dataset = 2,
    Commit = 3,
}
