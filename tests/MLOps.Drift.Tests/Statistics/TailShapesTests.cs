namespace MLOps.Drift.Tests.Statistics;

/// <summary>What tails do at their ends, where their halves meet, and on the way.</summary>
public sealed class TailShapesTests
{
    // The root of the same logarithms with 60 digits, by Newton's iteration.
    private static readonly (double P, double DegreesOfFreedom, double At)[] Quantiles =
    [
        (0.05, 1, 3.841458820694126),
        (0.05, 9, 16.91897760462045),
        (0.5, 2, 1.3862943611198906),
        (1e-300, 9, 1422.6232081570422),
        (0.999, 9, 1.1519495462235645),
        (0.05, 1e6, 1002327.310781219),
        (1e-10, 0.5, 38.94975469094148),
        (0.99, 0.1, 1.1689264114573267e-40),
        (0.9999999999, 100, 34.399823994610664),
    ];

    private enum Law
    {
        Normal,
        ChiSquared,
        Student,
    }

    [Fact]
    public void What_does_not_differ_has_a_p_value_of_exactly_one()
    {
        Assert.Equal(Probability.One, Tails.NormalTwoSided(0));
        Assert.Equal(Probability.One, Tails.NormalTwoSided(-0.0));
        Assert.Equal(Probability.One, Tails.StudentTwoSided(0, 7));
        Assert.Equal(Probability.One, Tails.ChiSquaredUpper(0, 7));
        Assert.Equal(Probability.One, Tails.ChiSquaredUpper(-3, 7));
    }

    [Fact]
    public void Infinities_have_their_limits()
    {
        const double Infinity = double.PositiveInfinity;
        foreach ((Probability upper, Probability lower) in ((Probability, Probability)[])
            [(Tails.NormalUpper(Infinity), Tails.NormalUpper(-Infinity)), (Tails.StudentUpper(Infinity, 3), Tails.StudentUpper(-Infinity, 3)), (Tails.ChiSquaredUpper(Infinity, 3), Tails.ChiSquaredUpper(-Infinity, 3))])
        {
            Assert.Equal(Probability.Zero, upper);
            Assert.Equal(Probability.One, lower);
        }

        Assert.Equal(Tails.NormalUpper(1.5), Tails.StudentUpper(1.5, Infinity));
        Assert.Equal(Probability.One, Tails.ChiSquaredUpper(5, Infinity));
        Assert.Equal(Probability.Zero, Tails.ChiSquaredUpper(5, 0));
    }

    [Fact]
    public void What_no_distribution_has_is_NaN()
    {
        foreach (Probability tail in (Probability[])
            [
                Tails.NormalUpper(double.NaN), Tails.NormalTwoSided(double.NaN), Tails.StudentUpper(double.NaN, 3), Tails.ChiSquaredUpper(double.NaN, 3), Tails.ChiSquaredUpper(1, double.NaN), Tails.ChiSquaredUpper(1, -1),
                Tails.ChiSquaredUpper(1, double.NegativeInfinity), Tails.ChiSquaredUpper(double.PositiveInfinity, double.PositiveInfinity), Tails.StudentUpper(1, double.NaN), Tails.StudentUpper(1, 0),
                Tails.StudentUpper(1, -1), Tails.StudentTwoSided(1, double.NegativeInfinity), Tails.StudentUpper(double.NaN, double.PositiveInfinity),
            ])
        {
            Assert.True(double.IsNaN(tail.Value) && double.IsNaN(tail.Log));
        }
    }

    [Fact]
    public void Tails_fall_and_stay_probabilities_from_end_to_end()
    {
        double[] places = [.. Enumerable.Range(-320, 640).Select(power => Math.Pow(10, power)).Where(place => place > 0)];
        foreach (double degreesOfFreedom in (double[])[1e-3, 0.5, 1, 2, 3.7, 29, 1e3, 1e6, 1e9, 1e300])
        {
            foreach (Law law in Enum.GetValues<Law>())
            {
                Probability previous = Probability.One;
                foreach (double place in places)
                {
                    Probability tail = Upper(law, place, degreesOfFreedom);
                    Assert.InRange(tail.Value, 0, 1);
                    Assert.True(tail.Log <= previous.Log || tail.Log - previous.Log < 1e-13 * Math.Abs(previous.Log), $"{law}({place:R}; {degreesOfFreedom:R}): ln p {tail.Log:R} after {previous.Log:R}");
                    previous = tail;
                }
            }
        }
    }

    [Fact]
    public void A_tail_goes_on_where_its_two_halves_meet()
    {
        foreach (double degreesOfFreedom in (double[])[1e-3, 1, 9, 1e4, 1e8])
            Assert.Equal(Tails.ChiSquaredUpper(Math.BitDecrement(degreesOfFreedom), degreesOfFreedom).Log, Tails.ChiSquaredUpper(degreesOfFreedom, degreesOfFreedom).Log, 1e-11);
    }

    [Fact]
    public void Quantiles_have_twelve_digits()
    {
        foreach ((double p, double degreesOfFreedom, double at) in Quantiles)
            Assert.Equal(at, Tails.ChiSquaredUpperQuantile(p, degreesOfFreedom), 1e-12 * at);
    }

    [Fact]
    public void A_quantile_leaves_its_probability_above_itself()
    {
        foreach (double degreesOfFreedom in (double[])[0.7, 1, 2, 19, 400, 1e5])
        {
            foreach (double p in (double[])[1e-250, 1e-12, 0.001, 0.05, 0.5, 0.9, 0.999])
            {
                Probability tail = Tails.ChiSquaredUpper(Tails.ChiSquaredUpperQuantile(p, degreesOfFreedom), degreesOfFreedom);
                Assert.Equal(Math.Log(p), tail.Log, 1e-10 * Math.Max(1, -Math.Log(p)));
            }
        }
    }

    [Fact]
    public void Quantiles_end_where_the_distribution_does()
    {
        Assert.Equal(0, Tails.ChiSquaredUpperQuantile(1, 3));
        Assert.Equal(double.PositiveInfinity, Tails.ChiSquaredUpperQuantile(0, 3));
        Assert.Equal(0, Tails.ChiSquaredUpperQuantile(0.3, 0));
        foreach ((double p, double degreesOfFreedom) in ((double, double)[])[(double.NaN, 3), (-0.1, 3), (1.1, 3), (0.5, -1), (0.5, double.NaN), (0.5, double.PositiveInfinity)])
            Assert.True(double.IsNaN(Tails.ChiSquaredUpperQuantile(p, degreesOfFreedom)));
    }

    private static Probability Upper(Law law, double at, double degreesOfFreedom) => law switch
    {
        Law.Normal => Tails.NormalUpper(at),
        Law.ChiSquared => Tails.ChiSquaredUpper(at, degreesOfFreedom),
        _ => Tails.StudentUpper(at, degreesOfFreedom),
    };
}
