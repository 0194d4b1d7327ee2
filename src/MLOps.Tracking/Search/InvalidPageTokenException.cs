namespace MLOps.Tracking.Search;

/// <summary>A page token is damaged, was made by something else, or belongs to another question.</summary>
/// <param name="problem">What is wrong with it, as a sentence.</param>
public sealed class InvalidPageTokenException(string problem)
    : MLOpsException($"{problem} Send the token of the page before with the same filter, order and experiments, or none to begin anew.");
