namespace MLOps.Drift.Tests.Statistics;

public sealed class CramersVTests
{
    [Fact]
    public void V_agrees_with_its_formulas() =>
        VectorCase.CheckAll(VectorCase.Of("categorical.json", "cramers_v"), vector =>
        {
            TestResult result = ResultChecks.Sound(CramersV.Test(Tables.Of(vector), Tables.Flag(vector, "bias_correction")));
            vector.CheckNumber("statistic", result.Statistic);
        });

    [Fact]
    public void V_is_within_0_and_1_for_counts_of_any_size()
    {
        Random random = new(1);
        for (int trial = 0; trial < TestLength.Of(5_000, 100_000); trial++)
        {
            CellCounts cells = Tables.Wild(random);
            foreach (bool corrected in (bool[])[false, true])
            {
                TestResult result = ResultChecks.Sound(CramersV.Test(cells, corrected));
                if (result.IsComputed)
                    Assert.InRange(result.Statistic, 0, 1);
            }
        }
    }

    [Fact]
    public void More_values_of_the_same_shares_leave_V_as_it_is()
    {
        Assert.Equal(CramersV.Test(Tables.Of([10, 20, 5], [30, 40, 5])).Statistic, CramersV.Test(Tables.Of([1_000, 2_000, 500], [3_000, 4_000, 500])).Statistic, 1e-14);
    }

    [Fact]
    public void Samples_without_a_common_category_have_a_V_of_1()
    {
        Assert.Equal(1, CramersV.Test(Tables.Of([10, 20, 0], [0, 0, 7])).Statistic, 1e-15);
    }

    [Fact]
    public void The_p_value_is_that_of_chi_squared()
    {
        CellCounts cells = Tables.Of([10, 20], [30, 40]);
        Assert.Equal(ChiSquared.Test(cells, yates: false).PValue, CramersV.Test(cells, biasCorrected: true).PValue);
    }
}
