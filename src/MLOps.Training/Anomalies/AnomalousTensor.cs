namespace MLOps.Training;

/// <summary>A tensor of a model that holds numbers which are not finite.</summary>
/// <param name="Name">The name of the parameter or buffer in the module: <c>conv1.weight</c>.</param>
/// <param name="IsGradient">Whether it is the gradient of that parameter; otherwise it is the value.</param>
/// <param name="NaNs">How many of its elements are NaN.</param>
/// <param name="Infinities">How many are infinite, of either sign.</param>
/// <param name="Elements">How many elements it has.</param>
public sealed record AnomalousTensor(string Name, bool IsGradient, long NaNs, long Infinities, long Elements);
