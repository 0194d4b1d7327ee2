namespace MLOps.Drift.Statistics;

/// <summary>Gradient-boosted trees on codes of <see cref="QuantileBins"/>, for the mean of a number (squared loss) or for the log odds of a class (logistic loss).</summary>
/// <remarks>
/// Newton boosting with a leaf penalty λ = 1: Chen and Guestrin (2016), XGBoost, KDD, 785–794. No draws at all, and of equal gains the first column and lowest code wins: equal input gives equal trees.
/// Time trees × depth × rows × columns, columns spread over the cores where they are worth it.
/// </remarks>
internal sealed class BoostedTrees
{
    private const int Trees = 100;
    private const int Depth = 3;
    private const int Splits = (1 << Depth) - 1;
    private const int Leaves = 1 << Depth;
    private const double LearningRate = 0.1;
    private const double Penalty = 1;
    private const int ParallelWork = 1 << 17;

    private readonly List<Tree> _trees = [];
    private readonly double _start;

    private BoostedTrees(double start) => _start = start;

    /// <param name="codes">For each column the codes of the rows to learn from.</param>
    /// <param name="targets">The number of each row; 0 or 1 for log odds.</param>
    /// <param name="isLogistic">Whether to learn log odds.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static BoostedTrees Fit(byte[][] codes, double[] targets, bool isLogistic, CancellationToken cancellationToken)
    {
        double mean = Descriptive.Mean(targets);
        var model = new BoostedTrees(isLogistic ? Math.Log(mean / (1 - mean)) : mean);
        double[] scores = new double[targets.Length], gradients = new double[targets.Length], curvatures = new double[targets.Length];
        Array.Fill(scores, model._start);
        Array.Fill(curvatures, 1);
        Growth growth = new(codes, gradients, curvatures);
        for (int tree = 0; tree < Trees; tree++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int row = 0; row < scores.Length; row++)
            {
                double predicted = isLogistic ? 1 / (1 + Math.Exp(-scores[row])) : scores[row];
                gradients[row] = predicted - targets[row];
                if (isLogistic)
                    curvatures[row] = predicted * (1 - predicted);
            }

            Tree grown = growth.Grow();
            if (grown.IsStump)
                break;
            model._trees.Add(grown);
            for (int row = 0; row < scores.Length; row++)
                scores[row] += grown.Leaf(codes, row);
        }

        return model;
    }

    public double Predict(byte[][] codes, int row)
    {
        double score = _start;
        foreach (Tree tree in _trees)
            score += tree.Leaf(codes, row);
        return score;
    }

    /// <summary>A full tree: node k has the children 2k + 1 and 2k + 2; a node that splits no more sends all rows to the first.</summary>
    private sealed class Tree
    {
        public int[] Columns { get; } = new int[Splits];

        /// <summary>Rows up to this code go to the first child.</summary>
        public byte[] Codes { get; } = new byte[Splits];

        public double[] Values { get; } = new double[Leaves];

        public bool IsStump => Codes[0] == byte.MaxValue;

        public double Leaf(byte[][] codes, int row)
        {
            int node = 0;
            for (int level = 0; level < Depth; level++)
                node = Child(node, codes, row);
            return Values[node - Splits];
        }

        public int Child(int node, byte[][] codes, int row) => (2 * node) + (codes[Columns[node]][row] <= Codes[node] ? 1 : 2);
    }

    private record struct Sums(double Gradient, double Curvature, int Rows)
    {
        public readonly double Gain => Gradient * Gradient / (Curvature + Penalty);

        public void Add(double gradient, double curvature)
        {
            Gradient += gradient;
            Curvature += curvature;
            Rows++;
        }

        public static Sums operator +(Sums left, Sums right) => new(left.Gradient + right.Gradient, left.Curvature + right.Curvature, left.Rows + right.Rows);

        public static Sums operator -(Sums left, Sums right) => new(left.Gradient - right.Gradient, left.Curvature - right.Curvature, left.Rows - right.Rows);
    }

    private readonly record struct Best(double Gain, int Column, byte Code);

    private sealed class Growth(byte[][] codes, double[] gradients, double[] curvatures)
    {
        private readonly int[] _nodes = new int[gradients.Length];
        private readonly Sums[][] _histograms = [.. codes.Select(_ => new Sums[Leaves / 2 * QuantileBins.Codes])];
        private readonly Best[][] _bests = [.. codes.Select(_ => new Best[Leaves / 2])];
        private readonly int _leastRows = Math.Clamp(gradients.Length / 20, 1, 20);

        public Tree Grow()
        {
            Tree tree = new();
            Array.Clear(_nodes);
            for (int level = 0; level < Depth; level++)
            {
                int first = (1 << level) - 1, nodes = 1 << level;
                if ((long)codes.Length * gradients.Length >= ParallelWork)
                    Parallel.For(0, codes.Length, column => FindBest(column, first, nodes));
                else
                    for (int column = 0; column < codes.Length; column++)
                        FindBest(column, first, nodes);
                for (int node = 0; node < nodes; node++)
                {
                    Best best = new(0, 0, byte.MaxValue);
                    foreach (Best[] ofColumn in _bests)
                    {
                        if (ofColumn[node].Gain > best.Gain)
                            best = ofColumn[node];
                    }

                    (tree.Columns[first + node], tree.Codes[first + node]) = (best.Column, best.Code);
                }

                if (tree.IsStump)
                    return tree;
                for (int row = 0; row < _nodes.Length; row++)
                    _nodes[row] = tree.Child(_nodes[row], codes, row);
            }

            Sums[] leaves = new Sums[Leaves];
            for (int row = 0; row < _nodes.Length; row++)
                leaves[_nodes[row] - Splits].Add(gradients[row], curvatures[row]);
            for (int leaf = 0; leaf < Leaves; leaf++)
                tree.Values[leaf] = -LearningRate * leaves[leaf].Gradient / (leaves[leaf].Curvature + Penalty);
            return tree;
        }

        /// <summary>The best split of a column in each node of a level.</summary>
        private void FindBest(int column, int first, int nodes)
        {
            Span<Sums> histogram = _histograms[column].AsSpan(0, nodes * QuantileBins.Codes);
            histogram.Clear();
            ReadOnlySpan<byte> ofColumn = codes[column];
            for (int row = 0; row < ofColumn.Length; row++)
                histogram[((_nodes[row] - first) * QuantileBins.Codes) + ofColumn[row]].Add(gradients[row], curvatures[row]);
            for (int node = 0; node < nodes; node++)
                _bests[column][node] = FindBest(column, histogram.Slice(node * QuantileBins.Codes, QuantileBins.Codes));
        }

        private Best FindBest(int column, ReadOnlySpan<Sums> bins)
        {
            Sums all = default, left = default;
            foreach (Sums bin in bins)
                all += bin;
            Best best = default;
            for (int code = 0; code < bins.Length - 1; code++)
            {
                if (bins[code].Rows == 0)
                    continue;
                left += bins[code];
                Sums right = all - left;
                if (left.Rows < _leastRows || right.Rows < _leastRows)
                    continue;
                double gain = left.Gain + right.Gain - all.Gain;
                if (gain > best.Gain && gain > 1e-12 * all.Gain)
                    best = new Best(gain, column, (byte)code);
            }

            return best;
        }
    }
}
