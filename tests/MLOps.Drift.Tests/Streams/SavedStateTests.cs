using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using MLOps.Drift.Streams;

namespace MLOps.Drift.Tests.Streams;

/// <summary>A restored detector goes on as the saved one would; what cannot be restored is refused whole.</summary>
public sealed class SavedStateTests
{
    private static readonly Dictionary<string, string> StatesOfVersion1 = new(StringComparer.Ordinal)
    {
        ["Ddm"] = "TUxTRAEBHgAAAAAAAAAAAABAAAAAAAAACEApAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAACZAICVSQ2qZ1T8U+ehzHwfaPwnNf6TUdN4/Q1QVFQ==",
        ["Eddm"] = "TUxTRAECHgAAAGZmZmZmZu4/zczMzMzM7D8pAAAAAAAAAAEAAAAAAAAAAAAAAAsAAAAAAAAAJQAAAAAAAADpoosuuugKQIwuuuiiizhAqi1tHSymGkAY/Jrh",
        ["HddmA"] = "TUxTRAED/Knx0k1iUD97FK5H4Xp0PwEAAAApAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAACZAKQAAAAAAAAAsUbsStSvRP+w+je6F3+E/JQAAAAAAAABvMEU+6wbTP2DImsrY24C/xFB0dg==",
        ["HddmW"] = "TUxTRAEE/Knx0k1iUD97FK5H4Xp0P5qZmZmZmak/AQAAACkAAAAAAAAAAQAAAAAAAAAAAAAA7ukjLhFIzD8h+9UkX5CkPwEAAABUkshlJ/3iP+7pIy4RSMw/IfvVJF+QpD8BAAAAAAAAAAAAAAAAAAAAAADwPwAAAABI4Ral/iPBPxLS9pdzXNE/Ly03bR5WqD8BAAAAAAAAAAAAAAAPo61rcIHlPwEAAABvEoU0",
        ["Fhddm"] = "TUxTRAEFRgAAAI3ttaD3xrA+KQAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAEKhUCgUAAAAAAAAAAAAAAAmu4TO",
        ["Adwin"] = "TUxTRAEG/Knx0k1iYD8gAAAAAgAAAAUAAAAKAAAAKQAAAAAAAAABAAAAAAAAAAAAAAAXAAAAAAAAAAAAJkAanI/B+RggQAUAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAIAAAAAAAAAAADwPwAAAAAAAOA/AAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAADwPwAAAAAAAOg/AgAAAAAAAAAAAABAAAAAAAAA+D8AAAAAAAAAQAAAAAAAAPg/AQAAAAAAAAAAABRAAAAAAACAC0B74FEg",
        ["PageHinkley"] = "TUxTRAEHHgAAAHsUrkfhenQ/AAAAAAAASUAep+hILv/vPwEAAAApAAAAAAAAAAEAAAAAAAAAAAAAACtRuxK1K9E/ANhCOa74279y+v44sLjevwn+HCOHipy/y1W6D0UT8T+msbsx",
        ["Cusum"] = "TUxTRAEIHgAAAAAAAAAAAOA/AAAAAAAAFEAAAAAAKQAAAAAAAAABAAAAAAAAAAAAAAAzMzMzMzPTPzQzMzMzMxlAAAAAAAAAAABssvkT6SPRP+iBYrk=",
        ["Ewma"] = "TUxTRAEJmpmZmZmZuT8AAAAAAAAQQB4AAAAAAAAAKQAAAAAAAAABAAAAAAAAAAAAAAArUbsStSvRP05x83IDnsw/TnHzcgOezD+q7P8m8DEnP+Y2A7A=",
        ["Kswin"] = "TUxTRAEKmpmZmZmZqT8JAAAABAAAAAAAAAABAAAAKQAAAAAAAAABAAAAAAAAAAAAAADV+meipcOalAIAAAAJAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/AAAAAAAAAAAAAAAAAADwPwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA14ByLQ==",
    };

    [Fact]
    public void A_detector_restored_at_any_row_gives_the_later_signals_of_the_saved_one()
    {
        StreamDetectorTests.ForEach((make, random) =>
        {
            StreamDetector saved = make(), restored = make();
            double[] stream = EveryDetector.Stream(saved, random, TestLength.Of(10_000, 200_000), wildShare: 0.01);
            foreach (double value in stream)
            {
                if (random.Next(20) == 0)
                    restored = StreamDetector.Restore(restored.Save());
                Assert.Equal(saved.Add(value), restored.Add(value));
                Assert.Equal((saved.Count, saved.Ignored, saved.Signal), (restored.Count, restored.Ignored, restored.Signal));
            }

            Assert.Equal(saved.Save(), restored.Save());
            if (saved is Kswin kswin)
                Assert.Equal((kswin.Distance, kswin.PValue), (((Kswin)restored).Distance, ((Kswin)restored).PValue));
            if (saved is Adwin adwin)
                Assert.Equal((adwin.Width, adwin.Mean), (((Adwin)restored).Width, ((Adwin)restored).Mean));
        });
    }

    [Fact]
    public void Saving_anywhere_in_any_stream_changes_no_later_signal()
    {
        Gen<double[]> streams = Gen.Frequency((6, Gen.Choose(0, 1).Select(error => (double)error)), (3, Gen.Choose(-50, 50).Select(tenths => tenths / 10.0)), (1, ArbMap.Default.GeneratorFor<double>())).ArrayOf();
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(300, 20_000)).WithEndSize(300),
            Prop.ForAll(Arb.From(streams), Arb.From(Gen.Choose(0, EveryDetector.Makers.Count - 1)), Arb.From(Gen.Choose(0, 300)), (stream, maker, cut) =>
            {
                StreamDetector kept = EveryDetector.Makers[maker](), restored = EveryDetector.Makers[maker]();
                cut = Math.Min(cut, stream.Length);
                foreach (double value in stream.AsSpan(0, cut))
                    Assert.Equal(kept.Add(value), restored.Add(value));
                restored = StreamDetector.Restore(restored.Save());
                foreach (double value in stream.AsSpan(cut))
                    Assert.Equal(kept.Add(value), restored.Add(value));
            }));
    }

    [Fact]
    public void A_state_saved_at_a_drift_is_restored_at_the_drift()
    {
        StreamDetectorTests.ForEach((make, random) =>
        {
            StreamDetector saved = make();
            double[] stream = EveryDetector.Stream(saved, random, 20_000);
            int at = saved.AddUntil(StreamSignal.Drift, stream);
            StreamDetector restored = StreamDetector.Restore(saved.Save());
            Assert.Equal(StreamSignal.Drift, restored.Signal);
            foreach (double value in stream.AsSpan(at + 1))
                Assert.Equal(saved.Add(value), restored.Add(value));
        });
    }

    [Fact]
    public void A_restored_detector_has_the_parameters_of_the_saved_one()
    {
        Ddm ddm = StreamDetector.Restore<Ddm>(new Ddm(5, 1, 1.5).Save());
        Assert.Equal((5, 1, 1.5), (ddm.WarmUp, ddm.WarningThreshold, ddm.DriftThreshold));
        Eddm eddm = StreamDetector.Restore<Eddm>(new Eddm(3, 0.8, 0.7).Save());
        Assert.Equal((3, 0.8, 0.7), (eddm.WarmUp, eddm.WarningRatio, eddm.DriftRatio));
        HddmA hddmA = StreamDetector.Restore<HddmA>(new HddmA(0.1, 0.2, true).Save());
        Assert.Equal((0.1, 0.2, true), (hddmA.DriftConfidence, hddmA.WarningConfidence, hddmA.TwoSided));
        HddmW hddmW = StreamDetector.Restore<HddmW>(new HddmW(0.1, 0.2, 0.3, true).Save());
        Assert.Equal((0.1, 0.2, 0.3, true), (hddmW.DriftConfidence, hddmW.WarningConfidence, hddmW.Lambda, hddmW.TwoSided));
        Fhddm fhddm = StreamDetector.Restore<Fhddm>(new Fhddm(33, 0.1).Save());
        Assert.Equal((33, 0.1), (fhddm.WindowSize, fhddm.Confidence));
        Adwin adwin = StreamDetector.Restore<Adwin>(new Adwin(0.1, 2, 3, 4, 6).Save());
        Assert.Equal((0.1, 2, 3, 4, 6), (adwin.Delta, adwin.Clock, adwin.MaxBuckets, adwin.MinWindow, adwin.GracePeriod));
        PageHinkley pageHinkley = StreamDetector.Restore<PageHinkley>(new PageHinkley(2, 0.1, 3, 0.5, ChangeDirection.Down).Save());
        Assert.Equal((2, 0.1, 3, 0.5, ChangeDirection.Down), (pageHinkley.WarmUp, pageHinkley.Tolerance, pageHinkley.Threshold, pageHinkley.Keep, pageHinkley.Direction));
        Cusum cusum = StreamDetector.Restore<Cusum>(new Cusum(7, 0.1, 3, ChangeDirection.Up).Save());
        Assert.Equal((7, 0.1, 3, ChangeDirection.Up), (cusum.WarmUp, cusum.Slack, cusum.Threshold, cusum.Direction));
        Ewma ewma = StreamDetector.Restore<Ewma>(new Ewma(0.5, 3, 9, ChangeDirection.Up).Save());
        Assert.Equal((0.5, 3, 9, ChangeDirection.Up), (ewma.Alpha, ewma.Threshold, ewma.WarmUp, ewma.Direction));
        Kswin kswin = StreamDetector.Restore<Kswin>(new Kswin(0.1, 50, 20, KswinSampling.Oldest, 9).Save());
        Assert.Equal((0.1, 50, 20, KswinSampling.Oldest, 9), (kswin.Alpha, kswin.WindowSize, kswin.NewestSize, kswin.Sampling, kswin.Seed));
    }

    [Fact]
    public void A_state_with_any_byte_changed_or_cut_off_is_refused()
    {
        StreamDetectorTests.ForEach((make, random) =>
        {
            byte[] state = Filled(make, random).Save();
            for (int i = 0; i < state.Length; i++)
            {
                Assert.Throws<DetectorStateException>(() => StreamDetector.Restore(state.AsSpan(0, i)));
                byte[] damaged = [.. state];
                damaged[i] ^= (byte)(1 << random.Next(8));
                DetectorStateException refused = Assert.Throws<DetectorStateException>(() => StreamDetector.Restore(damaged));
                Assert.True(!refused.IsNewer || i == StateWriter.Magic.Length, "only the version makes it newer");
            }

            Assert.Throws<DetectorStateException>(() => StreamDetector.Restore([.. state, 0]));
        });
    }

    [Fact]
    public void A_forged_state_is_refused_or_gives_a_detector_that_works()
    {
        int works = 0, refused = 0;
        StreamDetectorTests.ForEach((make, random) =>
        {
            byte[] state = Filled(make, random).Save();
            double[] stream = EveryDetector.Stream(make(), random, 200, wildShare: 0.1);
            for (int trial = 0; trial < TestLength.Of(300, 10_000); trial++)
            {
                byte[] forged = [.. state];
                int at = random.Next(StateWriter.HeaderBytes - 1, forged.Length - StateWriter.ChecksumBytes);
                forged[at] = (byte)random.Next(256);
                if (random.Next(2) == 0)
                    forged[Math.Min(at + 1, forged.Length - StateWriter.ChecksumBytes - 1)] = (byte)(random.Next(2) * 0xff);
                try
                {
                    StreamDetector detector = StreamDetector.Restore(Signed(forged));
                    foreach (double value in stream)
                        detector.Add(value);
                    detector.Save();
                    works++;
                }
                catch (DetectorStateException)
                {
                    refused++;
                }
            }
        });
        Assert.True(works > 100 && refused > 100, $"{works} work and {refused} are refused: the forgeries are too tame or too wild to test anything");
    }

    [Fact]
    public void A_number_that_no_detector_can_hold_is_refused_though_the_checksum_fits()
    {
        Ddm detector = new();
        for (int i = 0; i < 50; i++)
            detector.Add(i % 2);
        byte[] state = detector.Save();

        // Behind the header and three parameters: count, ignored, signal, and the sum of the errors.
        const int Count = StateWriter.HeaderBytes + sizeof(int) + (2 * sizeof(double)), Signal = Count + (2 * sizeof(long)), Errors = Signal + sizeof(int);
        StreamDetector.Restore(With(Count, 50));
        Refused(With(Count, -1));
        Refused(With(Count, long.MaxValue));
        Refused(With(Count, 10));
        Refused(With(Count + sizeof(long), -1));
        Refused(With(Signal, 3));
        Refused(With(Errors, BitConverter.DoubleToInt64Bits(51)));
        Refused(With(Errors, BitConverter.DoubleToInt64Bits(-1)));
        Refused(With(Errors, BitConverter.DoubleToInt64Bits(double.NaN)));
        Refused(With(StateWriter.HeaderBytes + sizeof(int), BitConverter.DoubleToInt64Bits(double.NaN)));

        byte[] With(int at, long value)
        {
            byte[] changed = [.. state];
            BinaryPrimitives.WriteInt64LittleEndian(changed.AsSpan(at), value);
            return Signed(changed);
        }

        static void Refused(byte[] state) => Assert.False(Assert.Throws<DetectorStateException>(() => StreamDetector.Restore(state)).IsNewer);
    }

    [Fact]
    public void A_state_of_a_newer_version_is_refused_with_the_advice_to_update()
    {
        byte[] state = new Ddm().Save();
        state[StateWriter.Magic.Length] = StateWriter.Version + 1;
        DetectorStateException refused = Assert.Throws<DetectorStateException>(() => StreamDetector.Restore(Signed(state)));
        Assert.True(refused.IsNewer);
        Assert.Contains("Update", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_of_another_detector_is_refused_by_name()
    {
        DetectorStateException refused = Assert.Throws<DetectorStateException>(() => StreamDetector.Restore<Ddm>(new Adwin().Save()));
        Assert.False(refused.IsNewer);
        Assert.Contains("saved by Adwin, not by Ddm", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_state_is_refused()
    {
        Assert.Throws<DetectorStateException>(() => StreamDetector.Restore([]));
        Assert.Throws<DetectorStateException>(() => StreamDetector.Restore("{\"detector\":\"ddm\"}"u8));
        byte[] unknown = new Ddm().Save();
        unknown[StateWriter.HeaderBytes - 1] = 99;
        Assert.Throws<DetectorStateException>(() => StreamDetector.Restore(Signed(unknown)));
    }

    [Fact]
    public void A_state_is_small()
    {
        Adwin adwin = new();
        Random random = new(1);
        for (int i = 0; i < 1_000_000; i++)
            adwin.Add(random.NextDouble());
        Assert.InRange(adwin.Save().Length, 1, 2_048);
        Assert.InRange(new Ddm().Save().Length, 1, 100);
    }

    [Fact]
    public void States_that_version_1_wrote_are_restored_as_long_as_there_are_programs_that_hold_them()
    {
        StreamDetector[] detectors = [.. Small()];
        Assert.True(
            StatesOfVersion1.Count == detectors.Length,
            string.Join('\n', detectors.Select(detector => $"[\"{detector.GetType().Name}\"] = \"{Convert.ToBase64String(detector.Save())}\",")));
        foreach (StreamDetector detector in detectors)
        {
            byte[] state = Convert.FromBase64String(StatesOfVersion1[detector.GetType().Name]);
            StreamDetector restored = StreamDetector.Restore(state);
            Assert.Equal(detector.GetType(), restored.GetType());
            Assert.Equal(state, restored.Save());
            Assert.Equal((41, 1), (restored.Count, restored.Ignored));
            foreach (double value in EveryDetector.Stream(detector, new Random(2), 2_000))
                Assert.Equal(detector.Add(value), restored.Add(value));
        }
    }

    /// <summary>One detector of each kind, after 41 values that give no drift and a missing one.</summary>
    private static IEnumerable<StreamDetector> Small()
    {
        foreach (StreamDetector detector in (StreamDetector[])
            [
                new Ddm(), new Eddm(), new HddmA(twoSided: true), new HddmW(twoSided: true), new Fhddm(windowSize: 70), new Adwin(maxBuckets: 2),
                new PageHinkley(direction: ChangeDirection.Up), new Cusum(), new Ewma(), new Kswin(alpha: 0.05, windowSize: 9, newestSize: 4),
            ])
        {
            for (int i = 0; i < 41; i++)
                detector.Add((i * i % 7) & 1);
            detector.Add(double.NaN);
            yield return detector;
        }
    }

    private static StreamDetector Filled(Func<StreamDetector> make, Random random)
    {
        StreamDetector detector = make();
        foreach (double value in EveryDetector.Stream(detector, random, random.Next(20, 300), wildShare: 0.01))
            detector.Add(value);
        return detector;
    }

    private static byte[] Signed(byte[] state)
    {
        int body = state.Length - StateWriter.ChecksumBytes;
        BinaryPrimitives.WriteUInt32LittleEndian(state.AsSpan(body), StateWriter.Checksum(state.AsSpan(0, body)));
        return state;
    }
}
