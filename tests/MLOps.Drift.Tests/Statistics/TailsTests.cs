namespace MLOps.Drift.Tests.Statistics;

public sealed class TailsTests
{
    private enum Law
    {
        Normal,
        ChiSquared,
        Student,
    }

    // 20 digits by numerical integration with 60: python3 tests/MLOps.Drift.Tests/Statistics/tails.py (beside this file; mpmath 1.3.0). P is 0 where it is below 1e-307.
    private static readonly (Law Law, double X, double DegreesOfFreedom, double P, double LogP)[] Expected =
    [
        (Law.Normal, 0.0, 0.0, 5.0e-1, -0.69314718055994530942),
        (Law.Normal, 0.1, 0.0, 4.6017216272297101633e-1, -0.77615459273027332557),
        (Law.Normal, 0.5, 0.0, 3.0853753872598689636e-1, -1.1759117615936186089),
        (Law.Normal, 1.0, 0.0, 1.5865525393145705141e-1, -1.8410216450092635058),
        (Law.Normal, 1.959963984540054, 0.0, 2.5000000000000010876e-2, -3.6888794541139358678),
        (Law.Normal, 2.5, 0.0, 6.209665325776135167e-3, -5.0816482772786904984),
        (Law.Normal, 3.0, 0.0, 1.3498980316300945267e-3, -6.6077262215103495433),
        (Law.Normal, 5.0, 0.0, 2.8665157187919391167e-7, -15.064998393988725736),
        (Law.Normal, 8.3, 0.0, 5.2055697448902540246e-17, -37.4942174237482545),
        (Law.Normal, 20.0, 0.0, 2.7536241186062336951e-89, -203.91715537109726394),
        (Law.Normal, 30.5, 0.0, 1.3029379131780763509e-204, -469.46273732291211439),
        (Law.Normal, 33.3, 0.0, 1.9305055059278399761e-243, -558.8703957087615412),
        (Law.Normal, 36.71, 0.0, 2.5290001510437797291e-295, -678.33477840583094516),
        (Law.Normal, 36.77, 0.0, 2.7853636334053703864e-296, -680.54080909283389674),
        (Law.Normal, 37.0, 0.0, 5.7255712225245768227e-300, -689.0305855768905936),
        (Law.Normal, 38.7, 0.0, 0, -753.42044471726992629),
        (Law.Normal, 200.0, 0.0, 0, -20006.217280898190402),
        (Law.Normal, 10000.0, 0.0, 0, -50000010.129278915181),
        (Law.Normal, 100000000.0, 0.0, 0, -5000000000000019.3396),
        (Law.ChiSquared, 0.001, 1.0, 9.7477287936996038828e-1, -0.025550779355950622363),
        (Law.ChiSquared, 0.5, 1.0, 4.7950012218695346232e-1, -0.73501112983708440303),
        (Law.ChiSquared, 3.841458820694124, 1.0, 5.0000000000000057435e-2, -2.9957322735539898447),
        (Law.ChiSquared, 30.0, 1.0, 4.3204630578274972948e-8, -16.957318158128789667),
        (Law.ChiSquared, 1300.0, 1.0, 1.1303728441492742445e-284, -653.81161888143186626),
        (Law.ChiSquared, 100000.0, 1.0, 0, -50005.982264084879854),
        (Law.ChiSquared, 1e-09, 2.0, 9.9999999950000000012e-1, -5.0000000000000003114e-10),
        (Law.ChiSquared, 0.1, 2.0, 9.5122942450071400645e-1, -0.050000000000000002776),
        (Law.ChiSquared, 12.0, 2.0, 2.478752176666358423e-3, -6.0),
        (Law.ChiSquared, 0.5, 3.0, 9.1889141165467585936e-1, -0.084587322851899340806),
        (Law.ChiSquared, 7.0, 3.5, 1.0110253028564245039e-1, -2.2916201257155575195),
        (Law.ChiSquared, 4.35, 5.0, 5.0020012100779296866e-1, -0.69274701861982922643),
        (Law.ChiSquared, 100000.0, 5.0, 0, -49984.054985444007497),
        (Law.ChiSquared, 2.0, 9.0, 9.9146760662881353451e-1, -0.0085690026313243331823),
        (Law.ChiSquared, 9.0, 9.0, 4.372741889138670641e-1, -0.82719484605582208908),
        (Law.ChiSquared, 21.0, 9.0, 1.2650421350015557592e-2, -4.3700647560616918655),
        (Law.ChiSquared, 400.0, 9.0, 1.3699125019662655415e-80, -183.89206056890112459),
        (Law.ChiSquared, 60.0, 99.0, 9.9931999704984857623e-1, -0.00068023425702304537951),
        (Law.ChiSquared, 98.5, 99.0, 4.9528172609545864051e-1, -0.70262853468706480042),
        (Law.ChiSquared, 130.0, 99.0, 1.9988030104357243143e-2, -3.9126216793797775959),
        (Law.ChiSquared, 900.0, 99.0, 2.2897504408799439984e-129, -296.2050341623859387),
        (Law.ChiSquared, 1000000.0, 99.0, 0, -499506.18256201252527),
        (Law.ChiSquared, 900.0, 1000.0, 9.8928276190871025844e-1, -0.010775081338570532947),
        (Law.ChiSquared, 1000.0, 1000.0, 4.9405285382923964195e-1, -0.70511277596023771353),
        (Law.ChiSquared, 1200.0, 1000.0, 1.2255942330622904168e-5, -11.309499650376676265),
        (Law.ChiSquared, 2600.0, 1000.0, 1.2515331340275109192e-142, -326.74271389816379688),
        (Law.ChiSquared, 995000.0, 1000000.0, 9.9980067214036425126e-1, -0.00019934772807382824716),
        (Law.ChiSquared, 999999.0, 1000000.0, 5.0009403166569212634e-1, -0.69295913491025254528),
        (Law.ChiSquared, 1000000.0, 1000000.0, 4.9981193680339449952e-1, -0.69352337770643015067),
        (Law.ChiSquared, 1003000.0, 1000000.0, 1.7016772933266315089e-2, -4.0735557782050272193),
        (Law.ChiSquared, 1010000.0, 1000000.0, 9.0685288232620768642e-13, -27.728796160458735457),
        (Law.ChiSquared, 1200000.0, 1000000.0, 0, -8845.0923454904286426),
        (Law.ChiSquared, 1000000000.0, 1000000000.0, 4.9999405291961275802e-1, -0.69315907479145588454),
        (Law.ChiSquared, 1000090000.0, 1000000000.0, 2.2088066585622540442e-2, -3.8127177897978649917),
        (Law.ChiSquared, 1002000000.0, 1000000000.0, 0, -1003.3885536096749077),
        (Law.ChiSquared, 1000005000000.0, 1000000000000.0, 2.0348018379418035602e-4, -8.4999419347558404139),
        (Law.Student, 0.0, 1.0, 5.0e-1, -0.69314718055994530942),
        (Law.Student, 0.5, 1.0, 3.5241638234956672582e-1, -1.0429418980620317451),
        (Law.Student, 12.7, 1.0, 2.5012163844672080027e-2, -3.688393018655966169),
        (Law.Student, 10000000000.0, 1.0, 3.1830988618379067154e-11, -24.170580815789857014),
        (Law.Student, 1e+200, 1.0, 3.1830988618379068117e-201, -461.66174848465853695),
        (Law.Student, 1.0, 1.5, 2.2556768363835516216e-1, -1.4891350159028487223),
        (Law.Student, 0.1, 2.0, 4.6473271920707008461e-1, -0.76629283605828913909),
        (Law.Student, 4.3, 2.0, 2.5028577058545796136e-2, -3.6877370245932863444),
        (Law.Student, 2.571, 5.0, 2.4987317341925696035e-2, -3.689386889160297759),
        (Law.Student, 10000000000.0, 5.0, 9.4901672455623607787e-50, -112.87899841388880758),
        (Law.Student, 1e+100, 5.0, 0, -1149.0422902612093655),
        (Law.Student, 3.0, 7.25, 9.5670664965845412784e-3, -4.6494286516899485308),
        (Law.Student, 0.01, 30.0, 4.9604374628658884825e-1, -0.70109115798799320624),
        (Law.Student, 2.04, 30.0, 2.5119787369543438901e-2, -3.6840994020062028514),
        (Law.Student, 50.0, 30.0, 9.3577088296113562982e-31, -69.143937405451383342),
        (Law.Student, 1000000000000000.0, 400.0, 0, -12621.132944348785334),
        (Law.Student, 1.98, 118.7, 2.5008612127334645748e-2, -3.6885350283419170955),
        (Law.Student, 40.0, 118.7, 4.8704505853793067977e-71, -161.90035514709754753),
        (Law.Student, 1.96, 10000.0, 2.5011760115916524769e-2, -3.6884091600828515169),
        (Law.Student, 45.0, 10000.0, 0, -926.64753277099182846),
        (Law.Student, 5000.0, 10000.0, 0, -39127.75358818726932),
        (Law.Student, 0.5, 1000000.0, 3.0853759373618569389e-1, -1.1759115833002604629),
        (Law.Student, 6.0, 1000000.0, 9.8692490617721733495e-10, -20.736427162290006334),
        (Law.Student, 37.0, 1000000.0, 9.1498654309011315305e-300, -688.56178872603976514),
        (Law.Student, 300.0, 1000000.0, 0, -43095.427764046686784),
        (Law.Student, 5.0, 1000000000.0, 2.8665162019758142154e-7, -15.064998225427349565),
        (Law.Student, 40.0, 1000000000.0, 0, -804.60780121468585023),
        (Law.Student, 3.0, 1000000000000.0, 1.3498980316633333897e-3, -6.6077262214857263034),
        (Law.Student, 200.0, 1000000000000.0, 0, -20006.216880878201319),
    ];

    [Fact]
    public void Tails_agree_with_60_digits_from_the_median_to_beyond_underflow()
    {
        List<string> failures = [];
        foreach ((Law law, double x, double degreesOfFreedom, double p, double logP) in Expected)
        {
            Probability actual = Upper(law, x, degreesOfFreedom);
            double error = p == 0 ? 0 : Math.Abs((actual.Value / p) - 1), logError = Math.Abs((actual.Log - logP) / logP);
            if (!(error <= (law == Law.Normal ? 1e-14 : 2e-13) && logError <= 1e-14))
                failures.Add($"{law} {x:R} {degreesOfFreedom:R}: p is off by {error:R}, its logarithm by {logError:R}");
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    [Fact]
    public void Two_sided_tails_are_twice_the_upper_ones_on_either_side()
    {
        foreach ((Law law, double x, double degreesOfFreedom, double p, double logP) in Expected.Where(row => row.Law != Law.ChiSquared))
        {
            foreach (double signed in (double[])[x, -x])
            {
                Probability actual = law == Law.Normal ? Tails.NormalTwoSided(signed) : Tails.StudentTwoSided(signed, degreesOfFreedom);
                Assert.Equal(Math.Min(0, logP + Math.Log(2)), actual.Log, 1e-12 * Math.Max(1, Math.Abs(logP)));
                Assert.Equal(2 * p, actual.Value, 1e-12 * p);
            }
        }
    }

    [Fact]
    public void Upper_and_lower_tails_add_up_to_1()
    {
        foreach ((Law law, double x, double degreesOfFreedom, double _, double _) in Expected.Where(row => row.Law != Law.ChiSquared))
            Assert.Equal(1, Upper(law, x, degreesOfFreedom).Value + Upper(law, -x, degreesOfFreedom).Value, 1e-15);
    }

    [Fact]
    public void Laws_that_are_one_give_one_tail()
    {
        Random random = new(1);
        for (int trial = 0; trial < 2_000; trial++)
        {
            double z = random.NextDouble() * 45;
            Near(Tails.NormalTwoSided(z), Tails.ChiSquaredUpper(z * z, 1), 3e-13 * (1 + (z * z / 100)));
            Near(Tails.NormalUpper(z), Tails.StudentUpper(z, double.PositiveInfinity), 0);

            // χ² with two degrees of freedom is exponential, with an even number it is a sum of Poisson probabilities.
            double x = random.NextDouble() * 1_300;
            Near(new Probability(Math.Exp(-x / 2), -x / 2), Tails.ChiSquaredUpper(x, 2), 3e-13);
            Near(new Probability(Math.Exp(-x / 2) * (1 + (x / 2)), (-x / 2) + Math.Log(1 + (x / 2))), Tails.ChiSquaredUpper(x, 4), 3e-13);

            // Student with one degree of freedom is Cauchy's law, with two it is algebraic.
            double t = Math.Pow(10, (random.NextDouble() * 20) - 5);
            Near(Probability.Of(Math.Atan(1 / t) / Math.PI), Tails.StudentUpper(t, 1), 1e-14);
            double root = Math.Sqrt(2 + (t * t));
            Near(Probability.Of(1 / (root * (root + t))), Tails.StudentUpper(t, 2), 1e-14);
        }

        static void Near(Probability expected, Probability actual, double relative)
        {
            Assert.Equal(expected.Log, actual.Log, Math.Max(1e-14, relative) * Math.Max(1, Math.Abs(expected.Log)));
            if (expected.Value > 1e-300)
                Assert.Equal(expected.Value, actual.Value, expected.Value * relative);
        }
    }

    [Fact]
    public void A_larger_statistic_never_has_a_larger_tail()
    {
        foreach (double degreesOfFreedom in (double[])[0.3, 1, 2, 3, 17, 250, 1e4, 1e6, 1e8])
        {
            double before = 0;
            for (double x = degreesOfFreedom * 0.9; x < degreesOfFreedom * 1.1; x += degreesOfFreedom * 0.003)
            {
                double log = Tails.ChiSquaredUpper(x, degreesOfFreedom).Log;
                Assert.True(log <= before, $"{x:R} of {degreesOfFreedom:R}: {log:R} after {before:R}");
                before = log;
            }

            before = 0;
            for (double t = -6; t < 100; t = t < 6 ? t + 0.01 : t * 1.01)
            {
                double log = Tails.StudentUpper(t, degreesOfFreedom).Log;
                Assert.True(log <= before, $"{t:R} of {degreesOfFreedom:R}: {log:R} after {before:R}");
                before = log;
            }
        }
    }

    [Fact]
    public void Wild_arguments_give_a_probability_or_none()
    {
        double[] wild = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.0, -0.0, double.Epsilon, -1, -1e300, 1e-300, 1e-17, 0.5, 1, 3, 700, 1e5, 1e10, 1e16, 1e155, 1e300, double.MaxValue, double.MinValue];
        foreach (double x in wild)
        {
            Check(Tails.NormalUpper(x), double.IsNaN(x), $"normal {x:R}");
            Check(Tails.NormalTwoSided(x), double.IsNaN(x), $"normal {x:R}");
            foreach (double degreesOfFreedom in wild)
            {
                Check(Tails.StudentUpper(x, degreesOfFreedom), double.IsNaN(x) || !(degreesOfFreedom > 0), $"Student {x:R} of {degreesOfFreedom:R}");
                Check(Tails.StudentTwoSided(x, degreesOfFreedom), double.IsNaN(x) || !(degreesOfFreedom > 0), $"Student {x:R} of {degreesOfFreedom:R}");
                Check(Tails.ChiSquaredUpper(x, degreesOfFreedom), double.IsNaN(x) || !(degreesOfFreedom >= 0) || (double.IsPositiveInfinity(x) && double.IsPositiveInfinity(degreesOfFreedom)), $"χ² {x:R} of {degreesOfFreedom:R}");
            }
        }

        static void Check(Probability actual, bool isNone, string what)
        {
            Assert.True(isNone == double.IsNaN(actual.Value), $"{what}: {actual}");
            Assert.True(isNone == double.IsNaN(actual.Log), $"{what}: {actual}");
            if (!isNone)
            {
                Assert.InRange(actual.Value, 0, 1);
                Assert.InRange(actual.Log, double.NegativeInfinity, 0);
            }
        }
    }

    [Fact]
    public void The_ends_of_the_range_are_exact()
    {
        Assert.Equal(Probability.Zero, Tails.NormalUpper(double.PositiveInfinity));
        Assert.Equal(Probability.One, Tails.NormalUpper(double.NegativeInfinity));
        Assert.Equal(Probability.One, Tails.NormalTwoSided(0));
        Assert.Equal(Probability.Zero, Tails.StudentUpper(double.PositiveInfinity, 5));
        Assert.Equal(Probability.One, Tails.StudentTwoSided(0, 5));
        Assert.Equal(Probability.One, Tails.ChiSquaredUpper(0, 5));
        Assert.Equal(Probability.Zero, Tails.ChiSquaredUpper(double.PositiveInfinity, 5));
        Assert.Equal(Probability.One, Tails.ChiSquaredUpper(0, 0));
        Assert.Equal(Probability.Zero, Tails.ChiSquaredUpper(1, 0));
    }

    private static Probability Upper(Law law, double x, double degreesOfFreedom) => law switch
    {
        Law.Normal => Tails.NormalUpper(x),
        Law.ChiSquared => Tails.ChiSquaredUpper(x, degreesOfFreedom),
        _ => Tails.StudentUpper(x, degreesOfFreedom),
    };
}
