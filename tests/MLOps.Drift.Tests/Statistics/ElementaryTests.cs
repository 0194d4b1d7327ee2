namespace MLOps.Drift.Tests.Statistics;

public sealed class ElementaryTests
{
    // mpmath 1.3.0 with 50 digits: log1p(x) and expm1(x) of these doubles.
    private static readonly (double X, double LogOnePlus, double ExpMinusOne)[] Rows =
    [
        (1e-300, 1e-300, 1e-300),
        (1e-17, 1e-17, 1e-17),
        (-1e-10, -1.00000000005e-10, -9.999999999500001e-11),
        (1e-08, 9.999999950000001e-09, 1.0000000050000001e-08),
        (1e-05, 9.999950000333332e-06, 1.0000050000166668e-05),
        (-0.3, -0.35667494393873234, -0.2591817793182821),
        (0.5, 0.4054651081081644, 0.6487212707001282),
        (1, 0.6931471805599453, 1.7182818284590453),
        (-0.999, -6.907755278982136, -0.631752495386337),
        (50, 3.9318256327243257, 5.184705528587072e21),
        (10000000000.0, 23.025850930040455, double.PositiveInfinity),
    ];

    [Fact]
    public void Near_zero_no_digit_is_lost()
    {
        foreach ((double x, double logOnePlus, double expMinusOne) in Rows)
        {
            Assert.Equal(logOnePlus, Elementary.LogOnePlus(x), 1e-15 * Math.Abs(logOnePlus));
            if (double.IsFinite(expMinusOne))
                Assert.Equal(expMinusOne, Elementary.ExpMinusOne(x), 1e-15 * Math.Abs(expMinusOne));
        }
    }

    [Fact]
    public void The_ends_are_the_functions_own()
    {
        Assert.Equal(double.NegativeInfinity, Elementary.LogOnePlus(-1));
        Assert.Equal(double.PositiveInfinity, Elementary.LogOnePlus(double.PositiveInfinity));
        Assert.Equal(double.NaN, Elementary.LogOnePlus(double.NaN));
        Assert.Equal(-1, Elementary.ExpMinusOne(double.NegativeInfinity));
        Assert.Equal(double.PositiveInfinity, Elementary.ExpMinusOne(double.PositiveInfinity));
        Assert.Equal(double.NaN, Elementary.ExpMinusOne(double.NaN));
        Assert.Equal(0, Elementary.ExpMinusOne(0));
    }
}
