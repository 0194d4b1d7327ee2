namespace MLOps.Tracking.Evaluation;

/// <summary>How a metric of each class becomes one number; scikit-learn's <c>average</c>.</summary>
public enum Averaging
{
    /// <summary>The plain mean over the classes: a rare class counts as much as a common one. Classes that are neither the truth nor the prediction of any row are left out.</summary>
    Macro,

    /// <summary>The metric of all decisions pooled. Where every row has one true and one predicted class, precision, recall and F1 are then all the accuracy.</summary>
    Micro,

    /// <summary>The mean over the classes weighted by how much of the truth each is.</summary>
    Weighted,
}
