namespace MLOps.Drift.Statistics;

/// <summary>Draws of the hypergeometric distribution in constant expected time.</summary>
/// <remarks>
/// Source: Stadlober (1990), The ratio of uniforms approach for generating discrete random variates, Journal of Computational and Applied Mathematics 31, 181–189, algorithm HRUA*; few draws are made one by one.
/// </remarks>
internal static class Hypergeometric
{
    private const int FewestForRatio = 10;

    private static readonly double[] LogFactorials = Table();

    /// <summary>How many marked ones are among those drawn without replacement; at most 2³¹ ones in all, so that sums of logarithms keep enough digits.</summary>
    public static long Draw(Random random, long marked, long unmarked, long drawn)
    {
        long all = marked + unmarked;

        // The fewer of drawn and left, of marked and unmarked: the others follow.
        long few = Math.Min(drawn, all - drawn);
        long rarer = Math.Min(marked, unmarked);
        if (rarer == 0 || few == 0)
            return marked == 0 || drawn == 0 ? 0 : unmarked == 0 ? drawn : marked;
        long found = few < FewestForRatio ? OneByOne(random, rarer, all, few) : ByRatio(random, rarer, all, few);
        if (marked > unmarked)
            found = few - found;
        return few < drawn ? marked - found : found;
    }

    private static long OneByOne(Random random, long marked, long all, long drawn)
    {
        long found = 0;
        for (long left = all; left > all - drawn; left--)
        {
            if (random.NextInt64(left) < marked - found)
                found++;
        }

        return found;
    }

    private static long ByRatio(Random random, long marked, long all, long drawn)
    {
        long unmarked = all - marked;
        double share = (double)marked / all;
        double variance = (double)(all - drawn) * drawn * share * (1 - share) / (all - 1);
        double centre = (drawn * share) + 0.5, scale = Math.Sqrt(variance + 0.5);
        double width = (2 * Math.Sqrt(2 / Math.E) * scale) + 3 - (2 * Math.Sqrt(3 / Math.E));
        double bound = Math.Min(Math.Min(drawn, marked) + 1.0, Math.Floor(centre + (16 * scale)));
        long mode = (long)((drawn + 1.0) * (marked + 1.0) / (all + 2.0));
        double logMode = LogTerms(mode);
        while (true)
        {
            double u = 1 - random.NextDouble(), v = random.NextDouble();
            double x = centre + (width * (v - 0.5) / u);
            if (!(x >= 0 && x < bound))
                continue;
            long found = (long)x;
            double logRatio = logMode - LogTerms(found);
            if ((u * (4 - u)) - 3 <= logRatio)
                return found;
            if (u * (u - logRatio) < 1 && 2 * Math.Log(u) <= logRatio)
                return found;
        }

        double LogTerms(long k) => LogFactorial(k) + LogFactorial(marked - k) + LogFactorial(drawn - k) + LogFactorial(unmarked - drawn + k);
    }

    private static double LogFactorial(long k)
    {
        if (k < LogFactorials.Length)
            return LogFactorials[k];

        // Stirling's series, whose next term is below 1e-16 here.
        double inverse = 1.0 / k;
        return ((k + 0.5) * Math.Log(k)) - k + (0.5 * Math.Log(2 * Math.PI)) + (inverse * ((1.0 / 12) - (inverse * inverse * ((1.0 / 360) - (inverse * inverse / 1260)))));
    }

    private static double[] Table()
    {
        double[] logs = new double[256];
        for (int k = 2; k < logs.Length; k++)
            logs[k] = logs[k - 1] + Math.Log(k);
        return logs;
    }
}
