namespace MLOps.Drift.Statistics;

/// <summary>Codes a matrix's values by quantile bins, a byte each: what trees split on. Missing values have code 0, all others 1 and more in ascending order; infinities are values.</summary>
internal sealed class QuantileBins
{
    public const int Codes = 65;
    private readonly double[][] _edges;

    private QuantileBins(double[][] edges) => _edges = edges;

    public static QuantileBins Of(FeatureMatrix matrix)
    {
        double[][] edges = new double[matrix.Columns][];
        for (int column = 0; column < edges.Length; column++)
            edges[column] = Edges(Sample.Of(matrix.Column(column)).Sorted);
        return new QuantileBins(edges);
    }

    /// <returns>For each column the codes of all rows.</returns>
    public byte[][] Code(FeatureMatrix matrix)
    {
        byte[][] codes = new byte[_edges.Length][];
        for (int column = 0; column < codes.Length; column++)
        {
            codes[column] = new byte[matrix.Rows];
            ReadOnlySpan<double> values = matrix.Values;
            for (int row = 0, at = column; row < matrix.Rows; row++, at += matrix.Columns)
                codes[column][row] = Code(_edges[column], values[at]);
        }

        return codes;
    }

    private static byte Code(double[] edges, double value)
    {
        if (double.IsNaN(value))
            return 0;
        int low = 0, high = edges.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (value <= edges[middle])
                high = middle;
            else
                low = middle + 1;
        }

        return (byte)(low + 1);
    }

    /// <summary>The upper ends of all bins but the last: each distinct value's when there are few, else the quantiles' without repetitions.</summary>
    private static double[] Edges(ReadOnlySpan<double> sorted)
    {
        const int bins = Codes - 1;
        List<double> edges = [];
        for (int at = 0; at < sorted.Length && edges.Count <= bins; at++)
        {
            if (at == 0 || sorted[at] != sorted[at - 1])
                edges.Add(sorted[at]);
        }

        if (edges.Count > bins)
        {
            edges.Clear();
            for (int bin = 1; bin < bins; bin++)
            {
                double edge = sorted[(int)((long)bin * sorted.Length / bins)];
                if (edges.Count == 0 || edge != edges[^1])
                    edges.Add(edge);
            }
        }

        if (edges.Count > 0 && edges[^1] == sorted[^1])
            edges.RemoveAt(edges.Count - 1);
        return [.. edges];
    }
}
