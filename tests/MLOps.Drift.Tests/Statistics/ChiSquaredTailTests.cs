namespace MLOps.Drift.Tests.Statistics;

public sealed class ChiSquaredTailTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(48)]
    [InlineData(400)]
    public void Tails_are_sums_of_Poisson_terms_for_even_degrees(int degrees)
    {
        foreach (double x in new[] { 1.0, 20, 500, 1300, 1400, 5000, 1e6, 1e12 })
        {
            // ln(exp(−y) Σ yᵏ / k!) for k < degrees / 2, the largest term taken out.
            double y = x / 2, largest = double.NegativeInfinity, sum = 0;
            double[] logs = new double[degrees / 2];
            for (int k = 1; k < logs.Length; k++)
                logs[k] = logs[k - 1] + Math.Log(y / k);
            largest = logs.Max();
            foreach (double log in logs)
                sum += Math.Exp(log - largest);
            double expected = largest + Math.Log(sum) - y;
            Assert.Equal(expected, Tails.ChiSquaredUpper(x, degrees).Log, 1e-12 * (1 + Math.Abs(expected)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(1000)]
    public void Quantiles_undo_tails(int degrees)
    {
        foreach (double probability in new[] { 0.999, 0.5, 0.05, 1e-20, 1e-280, 1e-305 })
            Assert.Equal(Math.Log(probability), Tails.ChiSquaredUpper(Tails.ChiSquaredUpperQuantile(probability, degrees), degrees).Log, 1e-9);
    }
}
