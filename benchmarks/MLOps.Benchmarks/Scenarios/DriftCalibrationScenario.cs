using MLOps.Drift.Statistics;
using MLOps.Drift.Streams;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>
/// How often the methods alarm when nothing has changed, and how often when something has: the numbers of docs/concepts/drift-statistics.md. What is counted are trials on random columns, so
/// that the figures have an error of their own, printed as the standard error of a share of 5 %.
/// </summary>
internal static class DriftCalibrationScenario
{
    private const string Name = "drift-calibration";
    private const double Alpha = 0.05;
    private const int Columns = 50;

    public static Task RunAsync(BenchmarkOptions options)
    {
        int trials = options.Trials ?? (options.Quick ? 400 : 4_000);
        Random random = new(options.Seed);
        Figure.Print(Name, "trials", trials, "trials");
        Figure.Print(Name, "standard_error_at_5_percent", 100 * Math.Sqrt(Alpha * (1 - Alpha) / trials), "%");
        Shares(trials, random);
        Samples(trials, random);
        Categories(trials, random);
        Families(trials / 10, random);
        Power(trials / 4, random);
        Large(random);
        Streams(options.Quick ? 20 : 200, random);
        return Task.CompletedTask;
    }

    /// <summary>PSI of two samples of one distribution: its size, and the two ways to judge it.</summary>
    private static void Shares(int trials, Random random)
    {
        foreach (int n in (int[])[200, 1_000, 10_000])
        {
            double sum = 0;
            int above = 0, significant = 0;
            for (int i = 0; i < trials; i++)
            {
                TestResult psi = PopulationStability.Test(Normal(random, n), Normal(random, n));
                sum += psi.Statistic;
                above += psi.Statistic >= 0.1 ? 1 : 0;
                significant += psi.PValue <= Alpha ? 1 : 0;
            }

            Figure.Print(Name, $"psi_mean_n{n}", sum / trials, "PSI");
            Percent($"psi_above_0.1_n{n}", above, trials);
            Percent($"psi_p_alarms_n{n}", significant, trials);
        }
    }

    /// <summary>The tests of numeric samples: alarms at 5 % when nothing has changed.</summary>
    private static void Samples(int trials, Random random)
    {
        foreach (int n in (int[])[20, 100, 1_000])
        {
            foreach ((string method, Func<Sample, Sample, TestResult> test) in Tests)
                Percent($"{method}_alarms_n{n}", Enumerable.Range(0, trials).Count(_ => test(Draw(random, n), Draw(random, n)).PValue <= Alpha), trials);
        }
    }

    private static (string Method, Func<Sample, Sample, TestResult> Test)[] Tests =>
    [
        ("ks", (reference, current) => KolmogorovSmirnov.Test(reference, current)),
        ("cvm", (reference, current) => CramerVonMises.Test(reference, current)),
        ("ad", (reference, current) => AndersonDarling.Test(reference, current)),
        ("mwu", (reference, current) => MannWhitney.Test(reference, current)),
        ("welch", (reference, current) => WelchT.Test(reference, current)),
        ("es", (reference, current) => EppsSingleton.Test(reference, current)),
    ];

    /// <summary>χ² as homogeneity and as goodness of fit to a reference that is a sample itself.</summary>
    private static void Categories(int trials, Random random)
    {
        const int n = 1_000;
        int homogeneity = 0, fit = 0;
        for (int i = 0; i < trials; i++)
        {
            CellCounts cells = CellCounts.Of(CategoryCounts.Of<int>(Levels(random, n)), CategoryCounts.Of<int>(Levels(random, n)));
            homogeneity += ChiSquared.Test(cells).PValue <= Alpha ? 1 : 0;
            fit += ChiSquared.GoodnessOfFit(cells).PValue <= Alpha ? 1 : 0;
        }

        Percent("chi2_alarms", homogeneity, trials);
        Percent("chi2_goodness_of_fit_alarms", fit, trials);
    }

    /// <summary>Reports of fifty columns in which nothing has changed: how many have an alarm.</summary>
    private static void Families(int trials, Random random)
    {
        (string Name, Correction? Correction)[] ways = [("none", null), ("bonferroni", Correction.Bonferroni), ("holm", Correction.Holm), ("bh", Correction.BenjaminiHochberg), ("by", Correction.BenjaminiYekutieli)];
        int[] alarms = new int[ways.Length];
        for (int i = 0; i < trials; i++)
        {
            double[] p = [.. Enumerable.Range(0, Columns).Select(_ => KolmogorovSmirnov.Test(Draw(random, 300), Draw(random, 300)).PValue)];
            for (int way = 0; way < ways.Length; way++)
                alarms[way] += (ways[way].Correction is { } correction ? MultipleTesting.Adjust(p, correction) : p).Any(one => one <= Alpha) ? 1 : 0;
        }

        for (int way = 0; way < ways.Length; way++)
            Percent($"reports_of_50_columns_with_alarm_{ways[way].Name}", alarms[way], trials);
    }

    /// <summary>How often a change is found at 5 %: a shift of a quarter standard deviation, a spread that is a tenth larger, a tail of one in a hundred.</summary>
    private static void Power(int trials, Random random)
    {
        const int n = 2_000;
        (string Name, Func<double, double> Change)[] changes =
        [
            ("shift_0.1", value => value + 0.1), ("spread_1.1", value => value * 1.1), ("tail_2_percent", value => random.NextDouble() < 0.02 ? value + 5 : value),
        ];
        foreach ((string change, Func<double, double> apply) in changes)
        {
            foreach ((string method, Func<Sample, Sample, TestResult> test) in (IEnumerable<(string, Func<Sample, Sample, TestResult>)>)[.. Tests, ("psi", (reference, current) => PopulationStability.Test(BinnedReference.Of(reference).Compare(current)))])
            {
                Percent(
                    $"{method}_finds_{change}_n{n}",
                    Enumerable.Range(0, trials).Count(_ => test(Draw(random, n), Sample.Of(Array.ConvertAll(Normal(random, n), value => apply(value)))).PValue <= Alpha),
                    trials);
            }
        }
    }

    /// <summary>What a million rows a side call significant.</summary>
    private static void Large(Random random)
    {
        const int n = 1_000_000;
        Sample reference = Draw(random, n);
        TestResult none = KolmogorovSmirnov.Test(reference, Draw(random, n));
        TestResult shifted = KolmogorovSmirnov.Test(reference, Sample.Of(Array.ConvertAll(Normal(random, n), value => value + 0.005)));
        Figure.Print(Name, "ks_d_of_nothing_at_1e6", none.Statistic.ToString("R", System.Globalization.CultureInfo.InvariantCulture), "D");
        Figure.Print(Name, "ks_d_of_shift_0.005_at_1e6", shifted.Statistic.ToString("R", System.Globalization.CultureInfo.InvariantCulture), "D");
        Figure.Print(Name, "ks_p_of_shift_0.005_at_1e6", shifted.PValue.ToString("R", System.Globalization.CultureInfo.InvariantCulture), "p");
        TestResult apart = KolmogorovSmirnov.Test(reference, Sample.Of(Array.ConvertAll(Normal(random, n), value => value + 0.5)));
        Figure.Print(Name, "ks_p_of_shift_0.5_at_1e6", apart.PValue.ToString("R", System.Globalization.CultureInfo.InvariantCulture), "p");
        Figure.Print(Name, "ks_log10_p_of_shift_0.5_at_1e6", (apart.LogPValue / Math.Log(10)).ToString("F0", System.Globalization.CultureInfo.InvariantCulture), "log10 p");
    }

    /// <summary>Streams of errors at a rate of 10 %: false alarms while it stays, and rows until the alarm after it has gone to 30 %.</summary>
    private static void Streams(int trials, Random random)
    {
        const int quiet = 20_000, most = 5_000;
        (string Name, Func<IStreamDetector> Make, bool TakesHits)[] detectors =
        [
            ("ddm", () => new Ddm(), false), ("eddm", () => new Eddm(), false), ("hddm_a", () => new HddmA(), false), ("hddm_w", () => new HddmW(), false), ("fhddm", () => new Fhddm(), true),
            ("adwin", () => new Adwin(), false), ("page_hinkley", () => new PageHinkley(), false), ("cusum", () => new Cusum(), false), ("ewma", () => new Ewma(), false), ("kswin", () => new Kswin(), false),
        ];
        foreach ((string detector, Func<IStreamDetector> make, bool takesHits) in detectors)
        {
            long falseAlarms = 0;
            List<double> delays = [];
            for (int trial = 0; trial < trials; trial++)
            {
                IStreamDetector one = make();
                for (int row = 0; row < quiet; row++)
                    falseAlarms += one.Add(Error(random, 0.1, takesHits)) == StreamSignal.Drift ? 1 : 0;
                one.Reset();
                for (int row = 0; row < 1_000; row++)
                    one.Add(Error(random, 0.1, takesHits));
                int delay = 1;
                while (delay < most && one.Add(Error(random, 0.3, takesHits)) != StreamSignal.Drift)
                    delay++;
                delays.Add(delay);
            }

            delays.Sort();
            Figure.Print(Name, $"{detector}_false_alarms_per_100k", falseAlarms * 100_000.0 / ((double)quiet * trials), "alarms");
            Figure.Print(Name, $"{detector}_delay_p50", delays[trials / 2], "rows");
            Figure.Print(Name, $"{detector}_delay_p95", delays[trials * 95 / 100], "rows");
        }
    }

    private static double Error(Random random, double rate, bool asHit) => random.NextDouble() < rate == asHit ? 0 : 1;

    private static Sample Draw(Random random, int n) => Sample.Of(Normal(random, n));

    /// <summary>Standard normal values, by the polar method.</summary>
    private static double[] Normal(Random random, int n)
    {
        double[] values = new double[n];
        for (int i = 0; i < n; i++)
        {
            double x, square;
            do
            {
                double y = (2 * random.NextDouble()) - 1;
                x = (2 * random.NextDouble()) - 1;
                square = (x * x) + (y * y);
            }
            while (square is >= 1 or 0);
            values[i] = x * Math.Sqrt(-2 * Math.Log(square) / square);
        }

        return values;
    }

    private static int[] Levels(Random random, int n)
    {
        int[] levels = new int[n];
        foreach (ref int level in levels.AsSpan())
            level = random.Next(10);
        return levels;
    }

    private static void Percent(string figure, int count, int trials) => Figure.Print(Name, figure, 100.0 * count / trials, "%");
}
