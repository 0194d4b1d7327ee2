using FsCheck;
using FsCheck.Fluent;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.Tests.Search;

/// <summary>Filters of runs as code may build them, all that the grammar can write: any keys and texts without both kinds of quotes, any finite numbers.</summary>
public sealed record AnyFilter(SearchFilter Filter)
{
    private static readonly string[] s_textAttributes = ["run_id", "run_name", "status", "artifact_uri", "user_id"];
    private static readonly string[] s_numberAttributes = ["start_time", "end_time"];
    private static readonly string[] s_datasetProperties = ["name", "digest", "context"];
    private static readonly string[] s_pieces =
        ["a", "Z", "0", "_", ".", "-", "/", ":", " ", "\t", "%", "\\", "*", "[", "]", "?", ";", "--", "(", ")", ",", "=", "<", "AND", " and ", "OR", "NULL", "é", "ß", "\u0301", "ﬀ", "漢", "\uE000", "\uFFFD", "😀", "𝔘", "1E5"];

    public static Arbitrary<AnyFilter> Arbitrary()
    {
        Gen<string> text = Gen.OneOf(TextOf('\''), TextOf('"'));
        Gen<string> key = Gen.OneOf(TextOf('`'), TextOf('"')).Where(key => key.Length > 0);
        Gen<double> number = Gen.OneOf(
            Gen.Choose(-1000, 1000).Select(i => (double)i),
            Gen.Elements(0.0, -0.0, double.MaxValue, double.MinValue, double.Epsilon, 1e15, 1e16, -1e-7, 0.1, 1_767_225_600_000),
            ArbMap.Default.GeneratorFor<long>().Select(BitConverter.Int64BitsToDouble).Where(double.IsFinite));

        Gen<Comparison> ofNumber =
            from field in Gen.OneOf(key.Select(k => new SearchField(SearchEntity.Metric, k)), Gen.Elements(s_numberAttributes).Select(a => new SearchField(SearchEntity.Attribute, a)))
            from comparator in Gen.Choose((int)Comparator.Equal, (int)Comparator.LessOrEqual)
            from value in number
            select new Comparison(field, (Comparator)comparator, new SearchValue.Number(value));
        Gen<SearchField> keyed = from entity in Gen.Elements(SearchEntity.Param, SearchEntity.Tag) from k in key select new SearchField(entity, k);
        Gen<SearchField> fixedText = Gen.OneOf(
            Gen.Elements(s_textAttributes).Select(a => new SearchField(SearchEntity.Attribute, a)), Gen.Elements(s_datasetProperties).Select(p => new SearchField(SearchEntity.Dataset, p)));
        Gen<Comparison> ofText =
            from field in Gen.OneOf(keyed, fixedText)
            from comparator in Gen.Elements(Comparator.Equal, Comparator.NotEqual, Comparator.Like, Comparator.ILike)
            from value in text
            select new Comparison(field, comparator, new SearchValue.Text(value));
        Gen<Comparison> ofNull = from field in keyed from comparator in Gen.Elements(Comparator.IsNull, Comparator.IsNotNull) select new Comparison(field, comparator, Value: null);
        Gen<Comparison> ofList =
            from field in fixedText
            from comparator in Gen.Elements(Comparator.In, Comparator.NotIn)
            from values in text.NonEmptyListOf()
            select new Comparison(field, comparator, new SearchValue.TextList([.. values]));

        return Arb.From(
            Gen.Choose(0, 6).SelectMany(length => Gen.OneOf(ofNumber, ofText, ofNull, ofList).ArrayOf(length)).Select(comparisons => new AnyFilter(new SearchFilter(comparisons))),
            any => any.Filter.Comparisons.Select((_, i) => new AnyFilter(new SearchFilter([.. any.Filter.Comparisons.Where((_, j) => j != i)]))));
    }

    public override string ToString() => Filter.ToString();

    // Any text without one kind of quote.
    private static Gen<string> TextOf(char absent) =>
        Gen.Choose(0, 5).SelectMany(length => Gen.Elements([.. s_pieces, .. new[] { "'", "\"", "`" }.Where(quote => quote[0] != absent)]).ArrayOf(length)).Select(string.Concat);
}
