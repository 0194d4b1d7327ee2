namespace MLOps.Tracking.Evaluation.Plots;

/// <summary>Leaves vertices out of a line while it looks the same.</summary>
internal static class Simplification
{
    /// <summary>Chooses the vertices that give a line its shape: both ends, then again and again the one that lies farthest from the line so far.</summary>
    /// <param name="x">The x of the vertices, in any unit that is as long on the plot as that of <paramref name="y"/>.</param>
    /// <param name="y">The y of the vertices, as many.</param>
    /// <param name="most">The most vertices to keep, at least 2.</param>
    /// <param name="tolerance">A vertex nearer to the line than this may go.</param>
    /// <returns>The numbers of the vertices to keep, ascending.</returns>
    /// <remarks>Source: Douglas and Peucker (1973), Cartographica 10, 112–122, largest distance first, so that a limit on the number costs the least. Corners and extremes lie far from the line and stay. Time about n log(most).</remarks>
    public static int[] Keep(ReadOnlySpan<double> x, ReadOnlySpan<double> y, int most, double tolerance)
    {
        if (x.Length <= 2)
            return [.. Enumerable.Range(0, x.Length)];
        SortedSet<int> kept = [0, x.Length - 1];
        PriorityQueue<(int From, int Farthest, int To), double> stretches = new();
        Enqueue(stretches, x, y, 0, x.Length - 1, tolerance);
        while (kept.Count < most && stretches.TryDequeue(out (int From, int Farthest, int To) stretch, out _))
        {
            kept.Add(stretch.Farthest);
            Enqueue(stretches, x, y, stretch.From, stretch.Farthest, tolerance);
            Enqueue(stretches, x, y, stretch.Farthest, stretch.To, tolerance);
        }

        return [.. kept];
    }

    private static void Enqueue(PriorityQueue<(int From, int Farthest, int To), double> stretches, ReadOnlySpan<double> x, ReadOnlySpan<double> y, int from, int to, double tolerance)
    {
        double largest = tolerance, dx = x[to] - x[from], dy = y[to] - y[from], length = Math.Sqrt((dx * dx) + (dy * dy));
        int farthest = -1;
        for (int vertex = from + 1; vertex < to; vertex++)
        {
            double vx = x[vertex] - x[from], vy = y[vertex] - y[from];
            double distance = length == 0 ? Math.Sqrt((vx * vx) + (vy * vy)) : Distance(vx, vy, dx / length, dy / length, length);
            if (distance > largest)
                (largest, farthest) = (distance, vertex);
        }

        if (farthest >= 0)
            stretches.Enqueue((from, farthest, to), -largest);
    }

    // From a point to a segment that starts at the origin: beyond its ends, to the end.
    private static double Distance(double x, double y, double directionX, double directionY, double length)
    {
        double along = (x * directionX) + (y * directionY), beyond = along < 0 ? along : along > length ? along - length : 0;
        double across = (x * directionY) - (y * directionX);
        return Math.Sqrt((across * across) + (beyond * beyond));
    }
}
