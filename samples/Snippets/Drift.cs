using MLOps.Drift.Statistics;
using MLOps.Drift.Streams;

namespace Snippets;

internal static class Drift
{
    public static void Compare()
    {
        double[] reference = [.. Enumerable.Range(0, 500).Select(i => Math.Sin(i))], current = [.. Enumerable.Range(0, 500).Select(i => Math.Sin(i) + 0.4)];
        // <drift-first>
        TestResult ks = KolmogorovSmirnov.Test(reference, current);
        TestResult psi = PopulationStability.Test(reference, current);
        // </drift-first>

        // <drift-result>
        Console.WriteLine($"{ks.Method}: D = {ks.Statistic:F3}, p = {ks.PValue:G3} ({ks.Rule}), {ks.CurrentMissing} missing");
        foreach (Cell cell in psi.Cells.OrderByDescending(cell => cell.Contribution).Take(3))
            Console.WriteLine($"{cell.Name}: {cell.Reference} before, {cell.Current} now, adds {cell.Contribution:F3}");
        if (ks.NotComputable is { } why)
            Console.WriteLine(why.Explanation);
        // </drift-result>

        // <drift-prepared>
        Sample prepared = Sample.Of(reference);                      // sorted once
        BinnedReference binned = BinnedReference.Of(prepared);       // binned once: ten quantile bins

        Sample now = Sample.Of(current);
        TestResult[] results =
        [
            KolmogorovSmirnov.Test(prepared, now), Wasserstein.Test(prepared, now, DistanceUnit.ReferenceDeviation), MannWhitney.Test(prepared, now),
            PopulationStability.Test(binned, current), JensenShannon.Test(binned, current),
        ];
        // </drift-prepared>

        (Sample Reference, Sample Current)[] columns = [(prepared, now), (prepared, prepared)];
        // <drift-many>
        TestResult[] tested = [.. columns.Select(column => KolmogorovSmirnov.Test(column.Reference, column.Current))];
        double[] adjusted = MultipleTesting.Adjust([.. tested.Select(result => result.PValue)], Correction.BenjaminiHochberg);
        // Drift is both: more than chance would give over all columns, and enough to matter.
        bool[] drifted = [.. tested.Zip(adjusted, (result, p) => p <= 0.05 && result.EffectSize >= 0.1)];
        // </drift-many>
        Console.WriteLine($"{results.Length} results, drifted: {string.Join(' ', drifted)}");
    }

    public static void Categorise()
    {
        // <drift-categories>
        string?[] lastMonth = ["card", "card", "cash", "card", null, "cash"], today = ["card", "voucher", "card", "cash", "voucher", null];
        CellCounts cells = CellCounts.Of(CategoryCounts.Of(lastMonth), CategoryCounts.Of(today));
        TestResult chi = ChiSquared.Test(cells);
        Console.WriteLine($"χ² = {chi.Statistic:F2}, p = {chi.PValue:F3}; new: {string.Join(", ", cells.NewLevels)}; gone: {string.Join(", ", cells.VanishedLevels)}");
        foreach (string note in chi.Notes)
            Console.WriteLine(note);                                 // counts this small: prefer ChiSquared.PermutationTest
        // </drift-categories>
    }

    public static void Stream()
    {
        IEnumerable<bool> outcomes = Enumerable.Range(0, 3_000).Select(i => i % (i < 2_000 ? 10 : 3) == 0);
        // <drift-stream>
        StreamDetector detector = new Ddm();
        foreach (bool wrong in outcomes)
        {
            if (detector.Add(wrong ? 1 : 0) == StreamSignal.Drift)
                Console.WriteLine($"the error rate rose, {detector.Count} rows after the last restart");
        }

        byte[] state = detector.Save();                              // keep it, and go on after a restart of the process
        StreamDetector restored = StreamDetector.Restore(state);
        // </drift-stream>
        Console.WriteLine(restored.Count);
    }

    public static void Rows()
    {
        Random random = new(1);
        double[][] Draw(double shift) => [.. Enumerable.Range(0, 300).Select(_ => new[] { random.NextDouble(), random.NextDouble() + shift, random.NextDouble() })];
        double[][] before = Draw(0), after = Draw(0.2);
        bool[] labels = [.. before.Select(row => row[0] > 0.5)];
        double[] scores = [.. before.Select(row => row[0])], currentScores = [.. after.Select(row => row[0])];
        // <drift-rows>
        FeatureMatrix reference = FeatureMatrix.OfRows(before), current = FeatureMatrix.OfRows(after);
        TestResult classifier = DomainClassifier.Test(reference, current, DomainModel.BoostedTrees);
        Console.WriteLine($"a model tells old rows from new ones with ROC AUC {classifier.Statistic:F2}, p = {classifier.PValue:G2}");
        // </drift-rows>

        // <drift-unlabelled>
        ConfidenceBasedPerformance cbpe = ConfidenceBasedPerformance.Fit(labels, scores);
        PerformanceEstimate estimate = cbpe.Estimate(currentScores);
        Console.WriteLine($"accuracy is now about {estimate.Accuracy.Value:F3} ± {estimate.Accuracy.StandardError:F3}, before any label has come");
        // </drift-unlabelled>
    }
}
