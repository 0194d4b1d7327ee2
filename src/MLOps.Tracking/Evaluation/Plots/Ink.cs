namespace MLOps.Tracking.Evaluation.Plots;

/// <summary>What a shape of a plot is for; its colour follows from that and from whether the viewer is light or dark.</summary>
internal enum Ink
{
    Paper,
    Text,
    Grid,
    Reference,
    Curve,
}
