namespace MLOps.Drift.Statistics;

/// <summary>The error regressor that is taken when none is given: boosted trees with squared loss, see <see cref="DomainModel.BoostedTrees"/> for their size.</summary>
internal sealed class BoostedTreesErrorRegressor : IErrorRegressor
{
    public IErrorModel Fit(FeatureMatrix inputs, ReadOnlySpan<double> errors, CancellationToken cancellationToken)
    {
        double[] targets = errors.ToArray();
        double largest = targets.Max();

        // In units of the largest error no sum overflows.
        double scale = largest > 0 ? largest : 1;
        for (int row = 0; row < targets.Length; row++)
            targets[row] /= scale;
        var bins = QuantileBins.Of(inputs);
        return new Model(bins, BoostedTrees.Fit(bins.Code(inputs), targets, isLogistic: false, cancellationToken), scale);
    }

    private sealed class Model(QuantileBins bins, BoostedTrees trees, double scale) : IErrorModel
    {
        public double[] Predict(FeatureMatrix inputs)
        {
            byte[][] codes = bins.Code(inputs);
            double[] errors = new double[inputs.Rows];
            for (int row = 0; row < errors.Length; row++)
                errors[row] = scale * Math.Clamp(trees.Predict(codes, row), 0, 1);
            return errors;
        }
    }
}
