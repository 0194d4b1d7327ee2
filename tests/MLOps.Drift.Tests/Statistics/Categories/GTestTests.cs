using System.Numerics;

namespace MLOps.Drift.Tests.Statistics;

public sealed class GTestTests
{
    /// <summary>Of 3,000,000 values a side, where scipy adds terms of 500 to a sum of 0.19 and loses nine digits: the next test has the truth.</summary>
    private const string Cancelled = "gtest_cont_6";

    [Fact]
    public void Homogeneity_agrees_with_scipy() =>
        VectorCase.CheckAll(VectorCase.Of("categorical.json", "g_test_contingency").Where(vector => vector.Id != Cancelled), vector =>
        {
            TestResult result = ResultChecks.Sound(GTest.Test(Tables.Of(vector)));
            vector.CheckNumber("statistic", result.Statistic);
            vector.CheckP("p_value", result.PValue, result.LogPValue);
            Assert.Contains($"{vector.ExpectedNumber("dof")} degree", result.Rule, StringComparison.Ordinal);
        });

    [Fact]
    public void Homogeneity_agrees_with_whole_numbers_to_fourteen_digits()
    {
        foreach (VectorCase vector in VectorCase.Of("categorical.json", "g_test_contingency"))
        {
            CellCounts cells = Tables.Of(vector);
            double exact = Exact(cells), statistic = GTest.Test(cells).Statistic;
            Assert.Equal(exact, statistic, 1e-14 * exact);
            double scipyIsOff = Math.Abs(vector.ExpectedNumber("statistic") - exact) / exact;
            Assert.True(vector.Id == Cancelled ? scipyIsOff > 1e-9 : scipyIsOff < 1e-9, $"{vector.Id}: scipy is off by {scipyIsOff:R}");
        }
    }

    [Fact]
    public void Goodness_of_fit_agrees_with_scipy() =>
        VectorCase.CheckAll(VectorCase.Of("categorical.json", "g_test_gof"), vector =>
        {
            TestResult result = ResultChecks.Sound(GTest.GoodnessOfFit(Tables.Of(vector)));
            vector.CheckNumber("statistic", result.Statistic);
            vector.CheckP("p_value", result.PValue, result.LogPValue);
        });

    [Fact]
    public void Large_samples_that_nearly_agree_keep_their_digits()
    {
        CellCounts cells = Tables.Of([1_000_000_000_000_007, 2_000_000_000_000_011], [1_000_000_000_900_000, 1_999_999_999_000_000]);
        double exact = Exact(cells);
        Assert.Equal(exact, GTest.Test(cells).Statistic, 1e-13 * exact);
    }

    [Theory]
    [InlineData(7, 7.000001)]
    [InlineData(7, 7.9)]
    [InlineData(7, 5)]
    [InlineData(1_000_000, 999_000)]
    [InlineData(3, 1e-9)]
    [InlineData(0, 2.5)]
    public void A_deviance_has_all_its_digits(double observed, double expected)
    {
        BigInteger one = Tables.LogUnit, o = Scaled(observed), e = Scaled(expected);
        double exact = Tables.Ratio(e - o + (observed > 0 ? o * Tables.Log(o, e) / one : 0), one).Value;
        Assert.Equal(exact, Deviance.Of(observed, expected, observed - expected), (1e-13 * exact) + (2e-16 * Math.Abs(observed - expected)));

        BigInteger Scaled(double value) => new BigInteger(value * Math.Pow(2, 100)) * (one >> 100);
    }

    [Fact]
    public void Contributions_are_positive_and_sum_to_the_statistic()
    {
        Random random = new(1);
        for (int trial = 0; trial < 500; trial++)
        {
            CellCounts cells = Tables.Wild(random);
            foreach (TestResult result in (TestResult[])[GTest.Test(cells), GTest.GoodnessOfFit(cells)])
            {
                Assert.All(result.Cells, cell => Assert.True(cell.Contribution >= 0));
                if (result.IsComputed)
                    Assert.Equal(result.Statistic, result.Cells.Sum(cell => cell.Contribution));
            }
        }
    }

    [Fact]
    public void Counts_of_any_size_give_a_result_or_a_reason()
    {
        Random random = new(2);
        for (int trial = 0; trial < TestLength.Of(5_000, 100_000); trial++)
        {
            CellCounts cells = Tables.Wild(random);
            ResultChecks.Sound(GTest.Test(cells));
            ResultChecks.Sound(GTest.GoodnessOfFit(cells));
        }
    }

    [Fact]
    public void A_category_that_the_reference_lacks_cannot_fit()
    {
        TestResult result = ResultChecks.Sound(GTest.GoodnessOfFit(Tables.Of([5, 0, 3], [5, 2, 3])));
        Assert.Equal((double.PositiveInfinity, 0, double.PositiveInfinity), (result.Statistic, result.PValue, result.EffectSize));
        Assert.Contains("'level 1'", Assert.Single(result.Notes), StringComparison.Ordinal);
    }

    /// <summary>G = 2 Σ O ln(O N / (row · column)), with logarithms to 60 digits.</summary>
    private static double Exact(CellCounts cells)
    {
        BigInteger n = cells.ReferenceTotal!.Value, m = cells.CurrentTotal!.Value, sum = 0;
        for (int cell = 0; cell < cells.Names.Count; cell++)
        {
            BigInteger column = (BigInteger)cells.Reference[cell] + cells.Current[cell];
            foreach ((BigInteger count, BigInteger row) in ((BigInteger, BigInteger)[])[(cells.Reference[cell], n), (cells.Current[cell], m)])
                sum += count.IsZero ? 0 : 2 * count * Tables.Log(count * (n + m), row * column);
        }

        return Tables.Ratio(sum, Tables.LogUnit).Value;
    }
}
