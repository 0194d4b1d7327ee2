using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Tracking.Evaluation.Plots;

namespace MLOps.Tracking.Tests.Evaluation.Plots;

public sealed class SimplificationTests
{
    private static readonly Arbitrary<(double X, double Y)[]> Lines = (
        from length in Gen.Choose(1, 300)
        from isStair in Gen.Elements(true, false)
        from steps in (from dx in Gen.Choose(0, 3) from dy in Gen.Choose(0, 3) select (dx, dy)).ArrayOf(length)
        from wild in (from x in Gen.Choose(0, 1000) from y in Gen.Choose(0, 1000) select (x / 1000.0, y / 1000.0)).ArrayOf(length)
        select isStair ? Stair(steps) : wild).ToArbitrary();

    [Property(MaxTest = 300)]
    public Property A_vertex_goes_only_if_it_lies_on_the_line_that_stays() => Prop.ForAll(Lines, line =>
    {
        int[] kept = Keep(line, int.MaxValue, 0.01);
        Assert.Equal((0, line.Length - 1), (kept[0], kept[^1]));
        Assert.Equal(kept.Distinct().Order(), kept);
        for (int stretch = 1; stretch < kept.Length; stretch++)
        {
            for (int vertex = kept[stretch - 1]; vertex <= kept[stretch]; vertex++)
                Assert.InRange(Distance(line[vertex], line[kept[stretch - 1]], line[kept[stretch]]), 0, 0.01 + 1e-12);
        }
    });

    [Property(MaxTest = 200)]
    public Property The_limit_holds_and_what_goes_is_nowhere_farther_than_with_fewer(byte most) => Prop.ForAll(Lines, line =>
    {
        int limit = 2 + (most % 50);
        Assert.True(Keep(line, limit, 0).Length <= limit);
        Assert.Subset(Keep(line, limit + 10, 0).ToHashSet(), Keep(line, limit, 0).ToHashSet());
    });

    [Fact]
    public void Corners_stay_and_straight_stretches_lose_their_inside()
    {
        // Up, right, up, right in steps of one hundredth: a stair with three corners.
        (double X, double Y)[] stair =
        [
            .. Enumerable.Range(0, 50).Select(i => (0.0, i / 100.0)), .. Enumerable.Range(0, 50).Select(i => (i / 100.0, 0.5)),
            .. Enumerable.Range(0, 50).Select(i => (0.5, 0.5 + (i / 100.0))), .. Enumerable.Range(0, 51).Select(i => (0.5 + (i / 100.0), 1.0)),
        ];
        Assert.Equal([(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1)], Keep(stair, 1000, 1e-9).Select(vertex => stair[vertex]));
    }

    [Fact]
    public void A_narrow_peak_stays_within_few_vertices()
    {
        (double X, double Y)[] flat = [.. Enumerable.Range(0, 10_001).Select(i => (i / 10_000.0, i == 3_333 ? 0.9 : 0.001 * (i % 2)))];
        Assert.Contains(3_333, Keep(flat, 10, 1e-4));
    }

    private static int[] Keep((double X, double Y)[] line, int most, double tolerance) =>
        Simplification.Keep([.. line.Select(vertex => vertex.X)], [.. line.Select(vertex => vertex.Y)], most, tolerance);

    private static (double X, double Y)[] Stair((int Dx, int Dy)[] steps)
    {
        List<(double X, double Y)> line = [(0, 0)];
        foreach ((int dx, int dy) in steps)
            line.Add((line[^1].X + (dx / 100.0), line[^1].Y + (dy / 100.0)));
        return [.. line];
    }

    /// <summary>From a point to a segment, by trying the foot of the perpendicular clamped to it.</summary>
    private static double Distance((double X, double Y) point, (double X, double Y) from, (double X, double Y) to)
    {
        double dx = to.X - from.X, dy = to.Y - from.Y, squared = (dx * dx) + (dy * dy);
        double t = squared == 0 ? 0 : Math.Clamp((((point.X - from.X) * dx) + ((point.Y - from.Y) * dy)) / squared, 0, 1);
        return Math.Sqrt(Math.Pow(point.X - from.X - (t * dx), 2) + Math.Pow(point.Y - from.Y - (t * dy), 2));
    }
}
