using FsCheck;
using FsCheck.Fluent;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Storage.Chunks;

/// <summary>Points as a program might log them and worse: special values, extreme and repeated steps, equal points, any order.</summary>
public sealed record AnyPoints(MetricPoint[] Points)
{
    private static readonly double[] s_values =
    [
        double.NaN, BitConverter.UInt64BitsToDouble(0x7FF0_0000_0000_0001), double.PositiveInfinity, double.NegativeInfinity, 0.0, -0.0, double.Epsilon, -double.Epsilon,
        2.2250738585072014E-308 / 3, double.MaxValue, double.MinValue, 1L << 53, -(1L << 53), (1L << 53) + 2.0, 9.2233720368547758E18, 0.1, 1, -1,
    ];

    private static readonly long[] s_steps = [long.MinValue, long.MinValue + 1, -1, 0, 1, long.MaxValue - 1, long.MaxValue];

    public static Arbitrary<AnyPoints> Arbitrary()
    {
        Gen<double> anyBits = ArbMap.Default.GeneratorFor<long>().Select(BitConverter.Int64BitsToDouble);
        Gen<double> anyValue = Gen.OneOf(Gen.Elements(s_values), anyBits, Gen.Choose(-1000, 1000).Select(i => (double)i), Gen.Choose(0, 1 << 30).Select(i => i / (double)(1 << 30)));
        Gen<long> anyStep = Gen.OneOf(Gen.Elements(s_steps), Gen.Choose(0, 50).Select(i => (long)i), ArbMap.Default.GeneratorFor<long>());
        Gen<long> anyTime = Gen.OneOf(Gen.Elements(0L, long.MaxValue), Gen.Choose(0, 20).Select(i => 1_790_000_000_000L + i), ArbMap.Default.GeneratorFor<long>().Select(t => t & long.MaxValue));
        Gen<MetricPoint> wild = from step in anyStep from time in anyTime from value in anyValue select new MetricPoint(step, time, value);

        // A training loop: regular steps, several points to the millisecond, now and then a special value.
        Gen<MetricPoint[]> tame =
            from length in Gen.Choose(1, 600)
            from pace in Gen.Choose(1, 40)
            from values in Gen.Frequency((8, Gen.Choose(0, 1 << 30).Select(i => i / (double)(1 << 30))), (1, Gen.Elements(s_values))).ArrayOf(length)
            select values.Select((value, i) => new MetricPoint(i, 1_790_000_000_000 + i / pace, value)).ToArray();

        Gen<MetricPoint[]> any = Gen.Choose(1, 600).SelectMany(length => wild.ArrayOf(length));
        return Arb.From(Gen.OneOf(tame, any).Select(points => new AnyPoints(points)), Shrink);
    }

    public MetricPoint[] SortedAndCollapsed()
    {
        MetricPoint[] points = [.. Points];
        return points[..PointChunk.SortAndCollapse(points)];
    }

    public override string ToString() => string.Join(", ", Points);

    private static IEnumerable<AnyPoints> Shrink(AnyPoints points)
    {
        int length = points.Points.Length;
        for (int cut = length / 2; cut > 0; cut /= 2)
        {
            yield return new AnyPoints(points.Points[cut..]);
            yield return new AnyPoints(points.Points[..^cut]);
        }
    }
}
