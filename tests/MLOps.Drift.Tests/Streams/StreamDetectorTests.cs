using MLOps.Drift.Streams;

namespace MLOps.Drift.Tests.Streams;

/// <summary>What holds for every detector, whatever its method.</summary>
public sealed class StreamDetectorTests
{
    private const int Seed = 20261127;

    [Fact]
    public void Blocks_give_the_signals_of_single_values()
    {
        ForEach((make, random) =>
        {
            StreamDetector single = make(), blocks = make();
            int half = TestLength.Of(10_000, 200_000);
            double[] stream = [.. EveryDetector.Stream(single, random, half), .. EveryDetector.Stream(single, random, half, wildShare: 0.02)];
            List<int> drifts = [], signals = [], driftsOfBlocks = [], signalsOfBlocks = [];
            for (int i = 0; i < stream.Length; i++)
            {
                StreamSignal signal = single.Add(stream[i]);
                if (signal == StreamSignal.Drift)
                    drifts.Add(i);
                if (signal != StreamSignal.None)
                    signals.Add(i);
            }

            for (int from = 0; from < stream.Length;)
            {
                ReadOnlySpan<double> block = stream.AsSpan(from, Math.Min(random.Next(1, 500), stream.Length - from));
                int at = blocks.AddUntil(StreamSignal.Drift, block);
                if (at >= 0)
                    driftsOfBlocks.Add(from + at);
                from += at < 0 ? block.Length : at + 1;
            }

            Assert.Equal(single.Count, blocks.Count);
            Assert.Equal(single.Ignored, blocks.Ignored);
            Assert.Equal(drifts, driftsOfBlocks);
            blocks.Reset();
            for (int from = 0, at; (at = blocks.AddUntil(StreamSignal.Warning, stream.AsSpan(from))) >= 0; from += at + 1)
            {
                signalsOfBlocks.Add(from + at);
                Assert.NotEqual(StreamSignal.None, blocks.Signal);
            }

            Assert.Equal(signals, signalsOfBlocks);
            Assert.NotEmpty(drifts);
        });
    }

    [Fact]
    public void After_a_drift_a_detector_is_as_if_new()
    {
        ForEach((make, random) =>
        {
            StreamDetector used = make();
            double[] stream = EveryDetector.Stream(used, random, 20_000);
            int at = used.AddUntil(StreamSignal.Drift, stream);
            Assert.True(at >= 0, "no drift to start afresh from");
            Assert.Equal(at + 1, used.Count);
            Assert.Equal(StreamSignal.Drift, used.Signal);
            if (used is Kswin)
                return;

            StreamDetector fresh = make();
            foreach (double value in stream.AsSpan(at + 1))
            {
                Assert.Equal(fresh.Add(value), used.Add(value));
                Assert.Equal(fresh.Count, used.Count);
            }
        });
    }

    [Fact]
    public void A_reset_detector_is_as_if_new()
    {
        ForEach((make, random) =>
        {
            StreamDetector used = make(), fresh = make();
            double[] stream = EveryDetector.Stream(used, random, 5_000, wildShare: 0.1);
            foreach (double value in EveryDetector.Stream(used, random, random.Next(5_000), wildShare: 0.1))
                used.Add(value);
            used.Reset();
            Assert.Equal((0, 0, StreamSignal.None), (used.Count, used.Ignored, used.Signal));
            foreach (double value in stream)
                Assert.Equal(fresh.Add(value), used.Add(value));
            Assert.Equal(fresh.Ignored, used.Ignored);
        });
    }

    [Fact]
    public void What_a_detector_cannot_take_is_counted_and_changes_nothing()
    {
        ForEach((make, random) =>
        {
            StreamDetector disturbed = make(), calm = make();
            double[] untakeable = disturbed switch
            {
                Kswin => [double.NaN],
                Eddm or Fhddm => [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1, 2, 0.5, 1e308],
                Ddm or HddmA or HddmW => [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1, -double.Epsilon, 1 + 2.3e-16, 1e308],
                _ => [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e308, -1e308, 1.0001e100],
            };
            int ignored = 0;
            foreach (double value in EveryDetector.Stream(calm, random, 10_000))
            {
                if (random.Next(3) == 0)
                {
                    StreamSignal before = disturbed.Signal;
                    Assert.Equal(StreamSignal.None, disturbed.Add(untakeable[random.Next(untakeable.Length)]));
                    Assert.Equal(before, disturbed.Signal);
                    ignored++;
                }

                Assert.Equal(calm.Add(value), disturbed.Add(value));
            }

            Assert.Equal(ignored, disturbed.Ignored);
            Assert.Equal(calm.Count, disturbed.Count);
        });
    }

    [Fact]
    public void Wild_values_raise_no_exception()
    {
        ForEach((make, random) =>
        {
            StreamDetector detector = make();
            double[] stream = EveryDetector.Stream(detector, random, TestLength.Of(20_000, 400_000), wildShare: 0.5);
            foreach (double value in stream)
                Assert.InRange(detector.Add(value), StreamSignal.None, StreamSignal.Drift);
            Assert.InRange(detector.Ignored, 1, stream.Length / 2);
        });
    }

    [Fact]
    public void One_wild_value_deafens_no_detector_that_looks_both_ways()
    {
        ForEach((make, random) =>
        {
            // A mean that one huge value lifted hides rises from a one-sided EWMA chart, as its documentation says; a one-sided CUSUM from a low level has no fall to see.
            if (make() is Ewma { Direction: not ChangeDirection.Both } or Cusum { Direction: not ChangeDirection.Both })
                return;
            foreach (double wild in EveryDetector.Wild)
            {
                StreamDetector detector = make();
                for (int i = 0; i < 3_000; i++)
                    detector.Add(Next(high: false));
                detector.Add(wild);
                detector.Add(Next(high: false));
                int drifts = 0;
                for (int i = 0; i < 20_000; i++)
                    drifts += detector.Add(Next(high: (i / 2_000) % 2 == 1)) == StreamSignal.Drift ? 1 : 0;
                Assert.True(drifts > 0, $"deaf after {wild:R}");

                double Next(bool high) => EveryDetector.TakesErrors(detector) ? (random.NextDouble() < (high ? 0.9 : 0.1) ? 1 : 0) : random.Next(2) + (high ? 10 : 0);
            }
        });
    }

    [Fact]
    public void No_value_costs_an_allocation()
    {
        ForEach((make, random) =>
        {
            StreamDetector detector = make();
            double[] stream = EveryDetector.Stream(detector, random, 10_000, wildShare: 0.001);
            Pass();
            for (int round = 0; round < TestLength.Of(10, 100); round++)
                Assert.Equal(0, Allocations.Of(Pass));

            void Pass()
            {
                foreach (double value in stream)
                    detector.Add(value);
                for (int from = 0, at; (at = detector.AddUntil(StreamSignal.Drift, stream.AsSpan(from))) >= 0;)
                    from += at + 1;
            }
        });
    }

    [Fact]
    public void No_values_are_no_signal()
    {
        ForEach((make, _) =>
        {
            StreamDetector detector = make();
            Assert.Equal(-1, detector.AddUntil(StreamSignal.Drift, []));
            Assert.Equal((0, 0, StreamSignal.None), (detector.Count, detector.Ignored, detector.Signal));
        });
    }

    [Fact]
    public void Adding_until_nothing_happens_is_refused()
    {
        ForEach((make, _) =>
        {
            Assert.Throws<ArgumentOutOfRangeException>("signal", () => make().AddUntil(StreamSignal.None, [1]));
            Assert.Throws<ArgumentOutOfRangeException>("signal", () => make().AddUntil((StreamSignal)3, [1]));
        });
    }

    [Fact]
    public void Parameters_outside_their_range_are_refused_by_name()
    {
        Refused("warmUp", () => new Ddm(warmUp: 0), () => new Eddm(warmUp: 0), () => new PageHinkley(warmUp: 0), () => new Cusum(warmUp: 0), () => new Ewma(warmUp: 0));
        Refused("warningThreshold", () => new Ddm(warningThreshold: 0), () => new Ddm(warningThreshold: double.NaN));
        Refused("driftThreshold", () => new Ddm(driftThreshold: 1), () => new Ddm(driftThreshold: double.PositiveInfinity), () => new Ddm(driftThreshold: double.NaN));
        Refused("warningRatio", () => new Eddm(warningRatio: 1), () => new Eddm(warningRatio: double.NaN));
        Refused("driftRatio", () => new Eddm(driftRatio: 0), () => new Eddm(driftRatio: 0.96));
        Refused("driftConfidence", () => new HddmA(driftConfidence: 0), () => new HddmW(driftConfidence: 1));
        Refused("warningConfidence", () => new HddmA(warningConfidence: 0.0001), () => new HddmW(warningConfidence: 0.0001), () => new HddmW(warningConfidence: double.NaN));
        Refused("lambda", () => new HddmW(lambda: 0), () => new HddmW(lambda: 1));
        Refused("windowSize", () => new Fhddm(windowSize: 0), () => new Fhddm(windowSize: 1_000_001), () => new Kswin(windowSize: 1), () => new Kswin(windowSize: 100_001));
        Refused("confidence", () => new Fhddm(confidence: 0), () => new Fhddm(confidence: 1));
        Refused("delta", () => new Adwin(delta: 0), () => new Adwin(delta: 1), () => new Adwin(delta: double.NaN));
        Refused("clock", () => new Adwin(clock: 0));
        Refused("maxBuckets", () => new Adwin(maxBuckets: 0), () => new Adwin(maxBuckets: 1001));
        Refused("minWindow", () => new Adwin(minWindow: 0));
        Refused("gracePeriod", () => new Adwin(gracePeriod: -1));
        Refused("tolerance", () => new PageHinkley(tolerance: -1), () => new PageHinkley(tolerance: double.NaN));
        Refused("threshold", () => new PageHinkley(threshold: 0), () => new Cusum(threshold: double.NaN), () => new Ewma(threshold: 0));
        Refused("keep", () => new PageHinkley(keep: 0), () => new PageHinkley(keep: 1.1), () => new PageHinkley(keep: double.NaN));
        Refused("slack", () => new Cusum(slack: -0.1), () => new Cusum(slack: double.NaN));
        Refused("alpha", () => new Ewma(alpha: 0), () => new Ewma(alpha: 1.1), () => new Kswin(alpha: 0), () => new Kswin(alpha: 1));
        Refused("newestSize", () => new Kswin(newestSize: 0), () => new Kswin(newestSize: 51));
        Refused("direction", () => new PageHinkley(direction: (ChangeDirection)3), () => new Cusum(direction: (ChangeDirection)(-1)), () => new Ewma(direction: (ChangeDirection)3));
        Refused("sampling", () => new Kswin(sampling: (KswinSampling)2));

        static void Refused(string parameter, params Func<object>[] makers)
        {
            foreach (Func<object> make in makers)
                Assert.Throws<ArgumentOutOfRangeException>(parameter, make);
        }
    }

    /// <summary>Asks something of each detector, and names the one that fails.</summary>
    internal static void ForEach(Action<Func<StreamDetector>, Random> check)
    {
        for (int index = 0; index < EveryDetector.Makers.Count; index++)
        {
            Func<StreamDetector> make = EveryDetector.Makers[index];
            try
            {
                check(make, new Random(Seed + index));
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"{make().GetType().Name}, detector {index} of the list, seed {Seed + index}: {error.Message}", error);
            }
        }
    }
}
