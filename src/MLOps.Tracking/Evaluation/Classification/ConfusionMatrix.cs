using System.Globalization;

namespace MLOps.Tracking.Evaluation;

/// <summary>How often each class was predicted as each other, and the metrics that follow from it. Grows row by row or span by span, and matrices of parts of the data merge into that of all.</summary>
/// <remarks>
/// <para>Weights add up with compensated sums, so that neither order nor number of rows matters to more than rounding. Memory: 16 bytes × classes². Not thread-safe.</para>
/// <para>Metrics are of the rows added so far, and NaN before the first, but for the ratios of one class, which are <c>zeroDivision</c>. Definitions are those of scikit-learn.</para>
/// </remarks>
public sealed class ConfusionMatrix
{
    private const int MostClasses = 10_000;
    private readonly CompensatedSum[] _cells;
    private readonly string[] _classNames;

    /// <summary>An empty matrix of classes that are named by their numbers, <c>"0"</c>, <c>"1"</c>, ….</summary>
    /// <param name="classCount">How many classes there are, 1 to 10,000.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="classCount"/> is out of its range.</exception>
    public ConfusionMatrix(int classCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classCount, MostClasses);
        _classNames = [.. Enumerable.Range(0, classCount).Select(number => number.ToString(CultureInfo.InvariantCulture))];
        _cells = new CompensatedSum[classCount * classCount];
    }

    /// <summary>An empty matrix of named classes.</summary>
    /// <param name="classNames">The names in the order of the class numbers; 1 to 10,000, each once.</param>
    /// <exception cref="ArgumentException">There is no name or too many, or one is null or there twice.</exception>
    public ConfusionMatrix(IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        _classNames = [.. classNames];
        if (_classNames.Length is 0 or > MostClasses)
            throw new ArgumentException($"There are {_classNames.Length} class names; a confusion matrix has 1 to {MostClasses} classes.", nameof(classNames));
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (string name in _classNames)
        {
            if (name is null || !seen.Add(name))
                throw new ArgumentException(name is null ? "A class name is null." : $"Class name '{name}' is there twice; name each class once.", nameof(classNames));
        }

        _cells = new CompensatedSum[_classNames.Length * _classNames.Length];
    }

    /// <summary>The names of the classes, in the order of their numbers.</summary>
    public IReadOnlyList<string> ClassNames => _classNames;

    /// <summary>How many classes there are.</summary>
    public int ClassCount => _classNames.Length;

    /// <summary>How many rows were added, those of weight 0 too.</summary>
    public long Rows { get; private set; }

    /// <summary>What the added rows weigh together.</summary>
    public double Weight => Sum(0, 1, _cells.Length);

    /// <summary>The weight of the rows that are right, over that of all. 0 to 1.</summary>
    public double Accuracy => Sum(0, ClassCount + 1, ClassCount) / Weight;

    /// <summary>The weight of the rows of one class that were predicted as another.</summary>
    /// <param name="actual">The number of the true class.</param>
    /// <param name="predicted">The number of the predicted class.</param>
    /// <returns>0 or more; the number of rows where each weighs 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is not one of a class.</exception>
    public double this[int actual, int predicted]
    {
        get
        {
            CheckClass(actual, nameof(actual));
            CheckClass(predicted, nameof(predicted));
            return _cells[(actual * ClassCount) + predicted].Value;
        }
    }

    /// <summary>Adds a row.</summary>
    /// <param name="actual">The number of its true class, from 0.</param>
    /// <param name="predicted">The number of its predicted class, from 0.</param>
    /// <param name="weight">Its weight, finite and not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not one of a class.</exception>
    /// <exception cref="ArgumentException">The weight is negative, NaN or infinite.</exception>
    public void Add(int actual, int predicted, double weight = 1)
    {
        CheckClass(actual, nameof(actual));
        CheckClass(predicted, nameof(predicted));
        RowChecks.Weight(weight);
        AddChecked(actual, predicted, weight);
    }

    /// <summary>Adds rows: all of them, or none where an argument is refused. No rows add nothing.</summary>
    /// <param name="actual">The numbers of the true classes.</param>
    /// <param name="predicted">The numbers of the predicted classes.</param>
    /// <param name="weights">The weights, finite and not negative; empty for 1.</param>
    /// <exception cref="ArgumentException">The spans have different lengths, or a class or a weight is none; the message says at which index.</exception>
    public void Add(ReadOnlySpan<int> actual, ReadOnlySpan<int> predicted, ReadOnlySpan<double> weights = default)
    {
        RowChecks.SameLength(actual.Length, nameof(actual), predicted.Length, nameof(predicted));
        RowChecks.Classes(actual, ClassCount, nameof(actual));
        RowChecks.Classes(predicted, ClassCount, nameof(predicted));
        RowChecks.Weights(weights, actual.Length, nameof(actual));
        for (int row = 0; row < actual.Length; row++)
            AddChecked(actual[row], predicted[row], weights.IsEmpty ? 1 : weights[row]);
    }

    /// <summary>Adds all rows of another matrix, which stays as it is.</summary>
    /// <param name="other">A matrix of the same classes in the same order.</param>
    /// <exception cref="ArgumentException">The classes differ.</exception>
    public void Merge(ConfusionMatrix other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (!_classNames.AsSpan().SequenceEqual(other._classNames))
            throw new ArgumentException("The other matrix has other classes; merge matrices of the same class names in the same order.", nameof(other));
        for (int cell = 0; cell < _cells.Length; cell++)
            _cells[cell].Add(other._cells[cell]);
        Rows += other.Rows;
    }

    /// <summary>Forgets all rows.</summary>
    public void Reset()
    {
        Array.Clear(_cells);
        Rows = 0;
    }

    /// <summary>The weight of the rows whose true class it is.</summary>
    /// <param name="classNumber">The class, from 0.</param>
    /// <returns>0 or more.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is not one of a class.</exception>
    public double Support(int classNumber)
    {
        CheckClass(classNumber, nameof(classNumber));
        return Sum(classNumber * ClassCount, 1, ClassCount);
    }

    /// <summary>The share of the rows predicted as a class that are of it.</summary>
    /// <param name="classNumber">The class, from 0.</param>
    /// <param name="zeroDivision">The answer when no row is predicted as it; 0 as in scikit-learn.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is not one of a class.</exception>
    public double Precision(int classNumber, double zeroDivision = 0) => Of(classNumber).Precision(zeroDivision);

    /// <summary>The share of the rows of a class that are predicted as it.</summary>
    /// <param name="classNumber">The class, from 0.</param>
    /// <param name="zeroDivision">The answer when no row is of it; 0 as in scikit-learn.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is not one of a class.</exception>
    public double Recall(int classNumber, double zeroDivision = 0) => Of(classNumber).Recall(zeroDivision);

    /// <summary>The harmonic mean of the precision and the recall of a class.</summary>
    /// <param name="classNumber">The class, from 0.</param>
    /// <param name="zeroDivision">The answer when no row is of it and none is predicted as it; 0 as in scikit-learn.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is not one of a class.</exception>
    public double F1(int classNumber, double zeroDivision = 0) => Of(classNumber).F1(zeroDivision);

    /// <summary>The precision of all classes.</summary>
    /// <param name="averaging">How classes are averaged.</param>
    /// <param name="zeroDivision">The precision of a class that is never predicted; NaN leaves it out of the mean. 0 as in scikit-learn.</param>
    /// <returns>0 to 1; NaN before the first row.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="averaging"/> is none.</exception>
    public double Precision(Averaging averaging, double zeroDivision = 0) => Average(averaging, zeroDivision, static (counts, zero) => counts.Precision(zero));

    /// <summary>The recall of all classes. <see cref="Averaging.Macro"/> recall is also called balanced accuracy.</summary>
    /// <param name="averaging">How classes are averaged.</param>
    /// <param name="zeroDivision">The recall of a class that no row is of; NaN leaves it out of the mean. 0 as in scikit-learn.</param>
    /// <returns>0 to 1; NaN before the first row.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="averaging"/> is none.</exception>
    public double Recall(Averaging averaging, double zeroDivision = 0) => Average(averaging, zeroDivision, static (counts, zero) => counts.Recall(zero));

    /// <summary>The F1 of all classes: the mean of the F1 of each, not the F1 of mean precision and mean recall.</summary>
    /// <param name="averaging">How classes are averaged.</param>
    /// <returns>0 to 1; NaN before the first row.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="averaging"/> is none.</exception>
    public double F1(Averaging averaging) => Average(averaging, 0, static (counts, zero) => counts.F1(zero));

    private void AddChecked(int actual, int predicted, double weight)
    {
        _cells[(actual * ClassCount) + predicted].Add(weight);
        Rows++;
    }

    private double Average(Averaging averaging, double zeroDivision, Func<ClassCounts, double, double> metric)
    {
        if (averaging is < Averaging.Macro or > Averaging.Weighted)
            throw new ArgumentOutOfRangeException(nameof(averaging), averaging, "Averaging is Macro, Micro or Weighted.");
        if (averaging == Averaging.Micro)
            return Accuracy;
        CompensatedSum sum = default, weights = default;
        for (int number = 0; number < ClassCount; number++)
        {
            ClassCounts counts = Of(number);
            double weight = averaging == Averaging.Weighted ? counts.Actual : counts.Actual + counts.Predicted > 0 ? 1 : 0;
            double value = weight == 0 ? double.NaN : metric(counts, zeroDivision);
            if (double.IsNaN(value))
                continue;
            sum.Add(weight * value);
            weights.Add(weight);
        }

        return sum.Value / weights.Value;
    }

    private ClassCounts Of(int classNumber)
    {
        CheckClass(classNumber, nameof(classNumber));
        return new(_cells[classNumber * (ClassCount + 1)].Value, Sum(classNumber * ClassCount, 1, ClassCount), Sum(classNumber, ClassCount, ClassCount));
    }

    private double Sum(int first, int stride, int count)
    {
        CompensatedSum sum = default;
        for (int i = 0; i < count; i++)
            sum.Add(_cells[first + (i * stride)]);
        return sum.Value;
    }

    private void CheckClass(int classNumber, string name)
    {
        if ((uint)classNumber >= (uint)ClassCount)
            throw new ArgumentOutOfRangeException(name, classNumber, $"Classes are numbered 0 to {ClassCount - 1}.");
    }

    private readonly record struct ClassCounts(double Right, double Actual, double Predicted)
    {
        public double Precision(double zeroDivision) => Predicted == 0 ? zeroDivision : Right / Predicted;

        public double Recall(double zeroDivision) => Actual == 0 ? zeroDivision : Right / Actual;

        public double F1(double zeroDivision) => Actual + Predicted == 0 ? zeroDivision : 2 * Right / (Actual + Predicted);
    }
}
