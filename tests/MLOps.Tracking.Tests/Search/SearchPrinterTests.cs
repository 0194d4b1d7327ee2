using FsCheck.Xunit;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.Tests.Search;

[Properties(Arbitrary = [typeof(AnyFilter)])]
public sealed class SearchPrinterTests
{
    [Property(MaxTest = 2000)]
    public void What_is_printed_is_read_back(AnyFilter any)
    {
        SearchVocabulary.Runs.Check(any.Filter, []);

        Assert.Equal(any.Filter, SearchFilter.Parse(any.Filter.ToString(), SearchVocabulary.Runs));
    }

    [Property(MaxTest = 300)]
    public void An_order_key_that_is_printed_is_read_back(AnyFilter any, bool descending)
    {
        foreach (Comparison comparison in any.Filter.Comparisons.Where(comparison => comparison.Field.Entity != SearchEntity.Dataset))
        {
            OrderKey key = new(comparison.Field, descending);
            Assert.Equal(key, OrderKey.Parse(key.ToString(), SearchVocabulary.Runs));
        }
    }

    [Property(MaxTest = 2000)]
    public void A_filter_that_was_changed_is_read_or_refused_at_a_place_within(AnyFilter any, uint place, char change, bool insert)
    {
        string text = any.Filter.ToString();
        int at = (int)(place % (uint)(text.Length + 1));
        string changed = $"{text[..at]}{change}{text[Math.Min(text.Length, insert ? at : at + 1)..]}";

        try
        {
            SearchFilter filter = SearchFilter.Parse(changed, SearchVocabulary.Runs);
            SearchVocabulary.Runs.Check(filter, []);
        }
        catch (SearchSyntaxException mistake)
        {
            Assert.Equal(changed, mistake.Text);
            Assert.InRange(mistake.Position, 0, changed.Length);
        }
    }

    [Theory]
    [InlineData("learning rate", "params.`learning rate`")]
    [InlineData("a`b", "params.\"a`b\"")]
    [InlineData("a.b_1", "params.a.b_1")]
    [InlineData(".a", "params.`.a`")]
    [InlineData("1a", "params.`1a`")]
    [InlineData("val/loss", "params.`val/loss`")]
    [InlineData("é", "params.`é`")]
    public void A_key_has_quotes_when_it_needs_them(string key, string printed) => Assert.Equal(printed, RunField.Param(key).Field.ToString());

    [Fact]
    public void What_the_grammar_cannot_say_is_printed_unlike_anything_else_and_not_read_back()
    {
        SearchFilter[] unwritable =
        [
            RunField.Param("a").EqualTo("'x\" AND params.b = 'y'"),
            RunField.Param("a").EqualTo("'x\""),
            RunField.Param("a").EqualTo("''x\""),
            RunField.Param("a").EqualTo("\"x'"),
            RunField.Param("a`\"b").EqualTo("x"),
            RunField.Metric("a") > double.PositiveInfinity,
            RunField.Metric("a") > double.NegativeInfinity,
        ];

        Assert.All(unwritable, filter => Assert.Throws<SearchSyntaxException>(() => SearchFilter.Parse(filter.ToString(), SearchVocabulary.Runs)));
        Assert.Equal(unwritable.Length, unwritable.Select(filter => filter.ToString()).Distinct().Count());
        Assert.Equal("params.a = '''x\" AND params.b = ''y'''", unwritable[0].ToString());
    }

    [Fact]
    public void Half_made_trees_print_too()
    {
        Assert.Equal("``", default(SearchField).ToString());
        Assert.Equal("`` ASC", default(OrderKey).ToString());
        Assert.Equal("params.a =", new Comparison(new SearchField(SearchEntity.Param, "a"), Comparator.Equal, Value: null).ToString());
        Assert.Equal("params.a = ''", new Comparison(new SearchField(SearchEntity.Param, "a"), Comparator.Equal, new SearchValue.Text(null!)).ToString());
    }
}
