using System.Numerics;
using FsCheck.Xunit;

namespace MLOps.Drift.Tests.Statistics;

public sealed class MultipleTestingTests
{
    private static readonly Correction[] All = Enum.GetValues<Correction>();

    [Fact]
    public void Vectors_agree_with_statsmodels() => VectorCase.CheckAll(VectorCase.Of("corrections.json", "p_adjust"), vector =>
    {
        double[] pValues = VectorCase.NumbersOf(vector.Get("p_values")), expected = VectorCase.NumbersOf(vector.Expected.GetProperty("adjusted"));
        Correction correction = vector.Params.GetProperty("method").GetString() switch
        {
            "bonferroni" => Correction.Bonferroni,
            "sidak" => Correction.Sidak,
            "holm" => Correction.Holm,
            "fdr_bh" => Correction.BenjaminiHochberg,
            "fdr_by" => Correction.BenjaminiYekutieli,
            var other => throw new NotSupportedException(other),
        };
        double[] adjusted = MultipleTesting.Adjust(pValues, correction), logs = MultipleTesting.AdjustLog([.. pValues.Select(p => Math.Log(p))], correction);
        for (int test = 0; test < expected.Length; test++)
        {
            Assert.Equal(expected[test], adjusted[test], 1e-14 + (1e-10 * expected[test]));
            Assert.Equal(expected[test], Math.Exp(logs[test]), 1e-14 + (1e-10 * expected[test]));
        }

        bool[] rejected = MultipleTesting.Reject(pValues, correction, vector.Params.GetProperty("alpha").GetDouble());
        Assert.Equal(vector.Expected.GetProperty("reject").EnumerateArray().Select(element => element.GetBoolean()), rejected);
    });

    [Property]
    public void Adjusting_keeps_order_and_range_and_never_lowers(int[] seeds)
    {
        double[] pValues = [.. seeds.Select(seed => Math.Abs((double)seed % 101) / 100)];
        foreach (Correction correction in All)
        {
            double[] adjusted = MultipleTesting.Adjust(pValues, correction);
            for (int i = 0; i < pValues.Length; i++)
            {
                Assert.InRange(adjusted[i], pValues[i] * (1 - 1e-15), 1);
                for (int j = 0; j < pValues.Length; j++)
                    Assert.True(pValues[i] >= pValues[j] || adjusted[i] <= adjusted[j] + 1e-15);
            }
        }
    }

    [Property]
    public void The_order_of_the_tests_does_not_matter(int[] seeds)
    {
        double[] pValues = [.. seeds.Select(seed => Math.Abs((double)seed % 101) / 100)], backwards = [.. pValues.Reverse()];
        foreach (Correction correction in All)
            Assert.Equal(MultipleTesting.Adjust(pValues, correction), MultipleTesting.Adjust(backwards, correction).Reverse());
    }

    [Fact]
    public void Stepwise_rules_reject_what_their_definitions_reject()
    {
        // Levels and p-values in whole numbers of 1/1000, so that the definitions are decided without rounding.
        Random random = new(5);
        for (int trial = 0; trial < 3_000; trial++)
        {
            int m = random.Next(1, 12);
            int[] p = [.. Enumerable.Range(0, m).Select(_ => random.Next(random.Next(1, 1001)))];
            int[] sorted = [.. p.Order()];
            int holm = 0, hochberg = 0;
            while (holm < m && sorted[holm] * (m - holm) <= 50)
                holm++;
            for (int rank = 1; rank <= m; rank++)
            {
                if (sorted[rank - 1] * m <= 50 * rank)
                    hochberg = rank;
            }

            double[] pValues = [.. p.Select(value => value / 1000.0)];
            Check(Correction.Holm, holm);
            Check(Correction.BenjaminiHochberg, hochberg);

            void Check(Correction correction, int rejected)
            {
                // Where p · m is the level itself, one bit of rounding decides; a level one part in 1e12 higher asks the same question safely.
                bool[] actual = MultipleTesting.Reject(pValues, correction, 0.05 * (1 + 1e-12));
                Assert.Equal(p.Select(value => rejected > 0 && value <= sorted[rejected - 1]), actual);
            }
        }
    }

    [Fact]
    public void Sidak_is_right_where_1_minus_p_rounds_to_1()
    {
        // 1 − (1 − 1e-20)^1000 = 1e-17 − 499500e-40 + …
        Assert.Equal(1e-17, MultipleTesting.Adjust([1e-20, .. Enumerable.Repeat(1.0, 999)], Correction.Sidak)[0], 1e-31);
        double exact = (double)((BigInteger.Pow(10, 60) - BigInteger.Pow(999_999, 10)) * BigInteger.Pow(10, 30) / BigInteger.Pow(10, 60)) / 1e30;
        Assert.Equal(exact, MultipleTesting.Adjust([1e-6, .. Enumerable.Repeat(1.0, 9)], Correction.Sidak)[0], 1e-19);
    }

    [Fact]
    public void P_values_that_underflow_keep_their_order_as_logarithms()
    {
        double[] logs = [-12_000, -5_000, -800, -3, 0];
        Assert.Equal([-12_000 + Math.Log(5), -5_000 + Math.Log(5 / 2.0), -800 + Math.Log(5 / 3.0), -3 + Math.Log(5 / 4.0), 0], MultipleTesting.AdjustLog(logs, Correction.BenjaminiHochberg));
        Assert.Equal([-12_000 + Math.Log(5), -5_000 + Math.Log(4), -800 + Math.Log(3), -3 + Math.Log(2), 0], MultipleTesting.AdjustLog(logs, Correction.Holm));
        Assert.Equal(-12_000 + Math.Log(5), MultipleTesting.AdjustLog(logs, Correction.Bonferroni)[0]);
        Assert.Equal(-12_000 + Math.Log(5), MultipleTesting.AdjustLog(logs, Correction.Sidak)[0]);
        Assert.Equal(double.NegativeInfinity, MultipleTesting.AdjustLog([double.NegativeInfinity, -1], Correction.BenjaminiYekutieli)[0]);
    }

    [Fact]
    public void Logarithms_and_p_values_give_the_same()
    {
        Random random = new(6);
        for (int trial = 0; trial < 500; trial++)
        {
            double[] logs = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.NextDouble() < 0.1 ? double.NaN : -Math.Pow(random.NextDouble(), 3) * 600)];
            foreach (Correction correction in All)
            {
                double[] plain = MultipleTesting.Adjust([.. logs.Select(Math.Exp)], correction), adjusted = MultipleTesting.AdjustLog(logs, correction);
                for (int test = 0; test < logs.Length; test++)
                    Assert.Equal(Math.Log(plain[test]), adjusted[test], 1e-12);
            }
        }
    }

    [Fact]
    public void A_test_without_a_p_value_is_not_of_the_family()
    {
        foreach (Correction correction in All)
        {
            double[] with = MultipleTesting.Adjust([double.NaN, 0.01, double.NaN, 0.02, 0.5], correction), without = MultipleTesting.Adjust([0.01, 0.02, 0.5], correction);
            Assert.Equal([double.NaN, without[0], double.NaN, without[1], without[2]], with);
            Assert.False(MultipleTesting.Reject([double.NaN, 0.001], correction)[0]);
        }
    }

    [Fact]
    public void No_test_or_none_with_a_p_value_is_no_error()
    {
        foreach (Correction correction in All)
        {
            Assert.Empty(MultipleTesting.Adjust([], correction));
            Assert.Equal([double.NaN], MultipleTesting.AdjustLog([double.NaN], correction));
        }
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => MultipleTesting.Adjust([0.5, 1.1], Correction.Holm));
        Assert.Throws<ArgumentOutOfRangeException>(() => MultipleTesting.Adjust([-0.1], Correction.Holm));
        Assert.Throws<ArgumentOutOfRangeException>(() => MultipleTesting.AdjustLog([0.1], Correction.Holm));
        Assert.Throws<ArgumentOutOfRangeException>(() => MultipleTesting.Adjust([0.1], (Correction)77));
        Assert.Throws<ArgumentOutOfRangeException>(() => MultipleTesting.Reject([0.1], Correction.Holm, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => MultipleTesting.Reject([0.1], Correction.Holm, double.NaN));
    }
}
