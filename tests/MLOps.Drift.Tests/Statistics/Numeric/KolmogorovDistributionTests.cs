namespace MLOps.Drift.Tests.Statistics;

public sealed class KolmogorovDistributionTests
{
    [Fact]
    public void Agrees_with_scipy() =>
        VectorCase.CheckAll(VectorCase.Of("ks.json", "kstwo_sf"), vector =>
        {
            Probability p = Upper(vector);
            vector.CheckP("p_value", p.Value, p.Log);
        });

    [Fact]
    public void Agrees_with_60_digits() =>
        VectorCase.CheckAll(VectorCase.Of("ks.json", "kstwo_sf_true"), vector =>
        {
            Probability p = Upper(vector);
            vector.CheckP("p_value", p.Value, p.Log);
        });

    [Theory]
    [InlineData(2000, 5e-7)]
    [InlineData(5000, 1e-7)]
    public void The_expansion_takes_over_where_it_is_near_the_recursion(int k, double tolerance)
    {
        foreach (double z in (double[])[0.3, 0.5, 0.8, 1.1, 1.4, 1.7, 1.99])
        {
            double recursion = 1 - KolmogorovDistribution.Band(k, z * Math.Sqrt(k)), expansion = 1 - KolmogorovDistribution.PelzGood(k, z);
            Assert.Equal(recursion, expansion, tolerance * recursion);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(60)]
    [InlineData(700)]
    public void The_tail_continues_the_recursion(long k)
    {
        double d = Math.Min(0.499, Math.Sqrt(4.0 / k));
        double below = KolmogorovDistribution.Upper(k, d * (1 - 1e-12)).Log, above = KolmogorovDistribution.Upper(k, d * (1 + 1e-12)).Log;
        Assert.Equal(below, above, 1e-9);
    }

    [Theory]
    [InlineData(20_000, 0.02)]
    [InlineData(20_000, 0.3)]
    [InlineData(200_000, 0.005)]
    [InlineData(200_000, 0.45)]
    [InlineData(200_000, 0.9)]
    [InlineData(1_000_000, 0.999)]
    public void The_tail_by_some_terms_is_that_by_all(long k, double d)
    {
        double sum = 0, largest = double.NegativeInfinity;
        for (int pass = 0; pass < 2; pass++)
        {
            for (long j = 0; j < k - (k * d); j++)
            {
                double x = d + (j / (double)k);
                double log = MathNet.Numerics.SpecialFunctions.GammaLn(k + 1) - MathNet.Numerics.SpecialFunctions.GammaLn(j + 1) - MathNet.Numerics.SpecialFunctions.GammaLn(k - j + 1)
                    + ((j - 1) * Math.Log(x)) + ((k - j) * Math.Log(1 - x)) + Math.Log(d);
                if (pass == 0)
                    largest = Math.Max(largest, log);
                else
                    sum += Math.Exp(log - largest);
            }
        }

        Assert.Equal(largest + Math.Log(sum), KolmogorovDistribution.OneSidedUpper(k, d).Log, 1e-8 + (1e-15 * Math.Abs(largest)));
    }

    [Fact]
    public void The_law_falls_from_1_to_0_at_any_size()
    {
        foreach (long k in (long[])[1, 2, 3, 10, 139, 1000, 5000, 5001, 1_000_000, 1_000_000_000])
        {
            double last = 0;
            for (int step = 0; step <= 80; step++)
            {
                double d = Math.Pow(step / 80.0, 3);
                Probability p = KolmogorovDistribution.Upper(k, d);
                Assert.InRange(p.Value, 0, 1);
                Assert.True(p.Log <= last + 1e-8, $"k {k}, d {d}: {p.Log} after {last}");
                last = p.Log;
            }

            Assert.Equal(double.NegativeInfinity, last);
        }
    }

    private static Probability Upper(VectorCase vector) => KolmogorovDistribution.Upper(vector.Params.GetProperty("n").GetInt64(), vector.Params.GetProperty("d").GetDouble());
}
