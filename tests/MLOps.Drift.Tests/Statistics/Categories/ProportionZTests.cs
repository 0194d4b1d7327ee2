namespace MLOps.Drift.Tests.Statistics;

public sealed class ProportionZTests
{
    [Fact]
    public void Z_agrees_with_the_reference() =>
        VectorCase.CheckAll(VectorCase.Of("categorical.json", "proportions_z_test"), vector =>
        {
            CellCounts cells = Tables.Of(vector);
            TestResult result = ResultChecks.Sound(ProportionZ.Test(cells, Tables.AlternativeOf(vector), vector.Params.GetProperty("success_column").GetInt32()));
            vector.CheckNumber("statistic", result.Statistic);
            vector.CheckP("p_value", result.PValue, result.LogPValue);
            Assert.Equal(result.PValue, ProportionZ.Test(cells, Tables.AlternativeOf(vector)).PValue);
            Assert.Equal(
                result.Statistic,
                ProportionZ.Test(cells.Reference[1], cells.ReferenceTotal!.Value, cells.Current[1], cells.CurrentTotal!.Value).Statistic);
        });

    [Fact]
    public void Z_squared_is_chi_squared_and_its_contributions_sum_to_it()
    {
        CellCounts cells = Tables.Of([10, 20, 7], [30, 40, 2]);
        TestResult result = ProportionZ.Test(cells, success: 2);
        Assert.Equal(["(all others)", "level 2"], result.Cells.Select(cell => cell.Name));
        Assert.Equal(result.Statistic * result.Statistic, result.Cells.Sum(cell => cell.Contribution), 1e-12);
        Assert.Equal(result.Statistic * result.Statistic, ChiSquared.Test(Tables.Of([30, 7], [70, 2]), yates: false).Statistic, 1e-12);
    }

    [Fact]
    public void Cohens_h_is_the_difference_of_the_angles()
    {
        double expected = (2 * Math.Asin(Math.Sqrt(0.3))) - (2 * Math.Asin(Math.Sqrt(0.45)));
        Assert.Equal(expected, ProportionZ.Test(30, 100, 90, 200).EffectSize, 1e-14);
        Assert.Equal(Math.PI, ProportionZ.Test(5, 5, 0, 9).EffectSize, 1e-14);
    }

    [Fact]
    public void The_far_tail_keeps_its_p_value()
    {
        // 2 Φ(−30) is 9.813e-198; by 1 − Φ it would be 0.
        TestResult result = ResultChecks.Sound(ProportionZ.Test(515_000, 1_000_000, 493_787, 1_000_000));
        Assert.InRange(result.Statistic, 29.99, 30.01);
        Assert.InRange(result.LogPValue / Math.Log(10), -197.2, -196.8);
    }

    [Fact]
    public void A_share_of_nothing_or_of_everything_does_not_differ()
    {
        foreach (long successes in (long[])[0, 5])
        {
            TestResult result = ResultChecks.Sound(ProportionZ.Test(successes, 5, successes == 0 ? 0 : 9, 9));
            Assert.Equal((0, 1, 0), (result.Statistic, result.PValue, result.EffectSize));
        }
    }

    [Fact]
    public void More_than_two_cells_need_a_choice()
    {
        CellCounts cells = Tables.Of([1, 2, 3], [4, 5, 6]);
        Assert.IsType<NotComputable.BeyondLimit>(ProportionZ.Test(cells).NotComputable);
        Assert.Throws<ArgumentOutOfRangeException>(() => ProportionZ.Test(cells, success: 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProportionZ.Test(cells, (Alternative)7, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProportionZ.Test(6, 5, 0, 9));
    }

    [Fact]
    public void Counts_of_any_size_give_a_result_or_a_reason()
    {
        Random random = new(2);
        for (int trial = 0; trial < TestLength.Of(5_000, 100_000); trial++)
        {
            CellCounts cells = Tables.Wild(random);
            ResultChecks.Sound(ProportionZ.Test(cells));
            if (cells.Names.Count > 0)
                ResultChecks.Sound(ProportionZ.Test(cells, (Alternative)random.Next(3), random.Next(cells.Names.Count)));
        }
    }
}
