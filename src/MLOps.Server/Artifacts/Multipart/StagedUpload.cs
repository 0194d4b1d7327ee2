namespace MLOps.Server.Artifacts.Multipart;

/// <summary>An upload in parts that has begun.</summary>
/// <param name="Id">The id that its client knows it by.</param>
/// <param name="Target">The path of the artifact that it becomes.</param>
/// <param name="Parts">How many parts it has.</param>
internal sealed record StagedUpload(string Id, string Target, int Parts);
