using MLOps.Drift.Streams;

namespace MLOps.Drift.Tests.Streams;

/// <summary>Detectors of each kind, with default parameters and with others, and streams that make them speak.</summary>
internal static class EveryDetector
{
    public static IReadOnlyList<Func<StreamDetector>> Makers { get; } =
    [
        () => new Ddm(), () => new Ddm(warmUp: 5, warningThreshold: 1, driftThreshold: 1.5),
        () => new Eddm(), () => new Eddm(warmUp: 3, warningRatio: 0.99, driftRatio: 0.95),
        () => new HddmA(), () => new HddmA(driftConfidence: 0.1, warningConfidence: 0.3, twoSided: true),
        () => new HddmW(), () => new HddmW(driftConfidence: 0.1, warningConfidence: 0.3, lambda: 0.2, twoSided: true),
        () => new Fhddm(), () => new Fhddm(windowSize: 7, confidence: 0.3), () => new Fhddm(windowSize: 64, confidence: 0.1), () => new Fhddm(windowSize: 130, confidence: 0.1),
        () => new Adwin(), () => new Adwin(delta: 0.3, clock: 1, maxBuckets: 1, minWindow: 1, gracePeriod: 0), () => new Adwin(delta: 0.1, clock: 3, maxBuckets: 2, minWindow: 2, gracePeriod: 5),
        () => new PageHinkley(), () => new PageHinkley(warmUp: 3, tolerance: 0, threshold: 3, keep: 1, ChangeDirection.Up), () => new PageHinkley(threshold: 5, direction: ChangeDirection.Down),
        () => new Cusum(), () => new Cusum(warmUp: 1, slack: 0, threshold: 1, ChangeDirection.Down), () => new Cusum(warmUp: 10, slack: 1, threshold: 3, ChangeDirection.Up),
        () => new Ewma(), () => new Ewma(alpha: 1, threshold: 2, warmUp: 5), () => new Ewma(alpha: 0.3, threshold: 2.5, direction: ChangeDirection.Up),
        () => new Kswin(), () => new Kswin(alpha: 0.05, windowSize: 20, newestSize: 10, KswinSampling.Oldest), () => new Kswin(alpha: 0.2, windowSize: 17, newestSize: 5, seed: -7),
    ];

    /// <summary>A stream whose law changes now and then, of errors or of numbers as fits the detector.</summary>
    public static double[] Stream(StreamDetector detector, Random random, int length, double wildShare = 0)
    {
        double[] stream = new double[length];
        double level = 0.5, spread = 1;
        bool errors = TakesErrors(detector);
        for (int i = 0; i < length; i++)
        {
            if (random.Next(200) == 0)
            {
                level = random.NextDouble();
                spread = random.NextDouble() * 3;
            }

            stream[i] = random.NextDouble() < wildShare ? Wild[random.Next(Wild.Length)]
                : errors ? (random.NextDouble() < level ? 1 : 0)
                : (level * 3) + (spread * (random.NextDouble() - 0.5));
        }

        return stream;
    }

    public static bool TakesErrors(StreamDetector detector) => detector is Ddm or Eddm or HddmA or HddmW or Fhddm;

    /// <summary>Values that break sums: missing, infinite, huge, tiny, and the two zeros.</summary>
    public static double[] Wild { get; } =
    [
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.MinValue, 1e308, -1e308, 1e154, 1e100, -1e100, 1e50, -1e16,
        double.Epsilon, -double.Epsilon, 0.0, -0.0, 1, 0.5, 2, -1,
    ];
}
