namespace MLOps.Tracking.Tests.Evaluation;

/// <summary>The metrics straight from their definitions, without a sort or a running sum: slow, and right by inspection.</summary>
internal static class BruteForce
{
    public static double RocAuc(AnySample sample)
    {
        double won = 0, pairs = 0;
        foreach (var positive in sample.Rows.Where(row => row.Label))
        {
            foreach (var negative in sample.Rows.Where(row => !row.Label))
            {
                double weight = positive.Weight * negative.Weight;
                pairs += weight;
                won += weight * (positive.Score > negative.Score ? 1 : positive.Score == negative.Score ? 0.5 : 0);
            }
        }

        return won / pairs;
    }

    public static double AveragePrecision(AnySample sample)
    {
        double sum = 0, lastRecall = 0;
        foreach (double threshold in Thresholds(sample))
        {
            var (truePositives, falsePositives, falseNegatives, _) = Counts(sample, threshold);
            double recall = truePositives / (truePositives + falseNegatives);
            sum += (recall - lastRecall) * truePositives / (truePositives + falsePositives);
            lastRecall = recall;
        }

        return sample.Rows.Any(row => row.Label) ? sum : double.NaN;
    }

    public static IEnumerable<double> Thresholds(AnySample sample) => sample.Rows.Select(row => row.Score).Distinct().OrderDescending();

    public static (double TruePositives, double FalsePositives, double FalseNegatives, double TrueNegatives) Counts(AnySample sample, double threshold) =>
        (Sum(sample, threshold, true, true), Sum(sample, threshold, false, true), Sum(sample, threshold, true, false), Sum(sample, threshold, false, false));

    public static double LogLoss(AnySample sample) =>
        sample.Rows.Sum(row => -row.Weight * Math.Log(Math.Min(1 - Math.Pow(2, -52), Math.Max(Math.Pow(2, -52), row.Label ? row.Score : 1 - row.Score)))) / sample.Rows.Sum(row => row.Weight);

    public static double BrierScore(AnySample sample) =>
        sample.Rows.Sum(row => row.Weight * Math.Pow(row.Score - (row.Label ? 1 : 0), 2)) / sample.Rows.Sum(row => row.Weight);

    private static double Sum(AnySample sample, double threshold, bool label, bool predicted) =>
        sample.Rows.Where(row => row.Label == label && row.Score >= threshold == predicted).Sum(row => row.Weight);
}
