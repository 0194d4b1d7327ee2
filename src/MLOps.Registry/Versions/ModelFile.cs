namespace MLOps.Registry;

/// <summary>A file of a version.</summary>
/// <param name="Path">The path below the version's folder, with <c>/</c> between its parts.</param>
/// <param name="SizeBytes">The size in bytes.</param>
/// <param name="Sha256">The SHA-256 of the content as 64 lower-case hex digits.</param>
public sealed record ModelFile(string Path, long SizeBytes, string Sha256);
