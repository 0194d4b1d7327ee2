using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using MLOps.Server.Wire;

namespace MLOps.Server.Tests.Wire;

public sealed class MlflowFieldsTests
{
    private static readonly Dictionary<string, DayOfWeek> s_days = new(StringComparer.Ordinal) { ["SUNDAY"] = DayOfWeek.Sunday, ["FRIDAY"] = DayOfWeek.Friday };

    [Fact]
    public void Names_are_taken_in_snake_case_and_in_camel_case()
    {
        Assert.Equal("a", Json("""{"experiment_id":"a"}""").Text("experiment_id"));
        Assert.Equal("a", Json("""{"experimentId":"a"}""").Text("experiment_id"));
        Assert.Equal("a", Query("?experimentId=a").Text("experiment_id"));
        Assert.Equal(7, Json("""{"lastUpdatedTimestampMs":7}""").Int64("last_updated_timestamp_ms"));
        Assert.Null(Json("""{"ExperimentId":"a"}""").Text("experiment_id"));
    }

    [Fact]
    public void Null_is_unset()
    {
        MlflowFields fields = Json("""{"text":null,"int":null,"bool":null,"enum":null,"object":null,"texts":null,"objects":null}""");
        Assert.Null(fields.Text("text"));
        Assert.Null(fields.Int64("int"));
        Assert.Null(fields.Bool("bool"));
        Assert.Null(fields.Enum("enum", s_days, day => (int)day));
        Assert.Null(fields.Object("object"));
        Assert.Empty(fields.Texts("texts"));
        Assert.Empty(fields.Objects("objects"));
        Assert.Equal(0, fields.Count("objects"));
    }

    [Fact]
    public void No_fields_are_all_unset()
    {
        MlflowFields none = default;
        Assert.Null(none.Text("a"));
        Assert.Empty(none.Texts("a"));
        Assert.Empty(none.Objects("a"));
        Refuses("Missing value for required parameter 'a'.", () => none.RequiredText("a"));
    }

    [Fact]
    public void The_last_of_equal_names_counts()
    {
        Assert.Equal("b", Json("""{"a":"a","a":"b"}""").Text("a"));
        Assert.Equal("b", Query("?a=a&a=b").Text("a"));
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("-7", -7)]
    [InlineData("\"7\"", 7)]
    [InlineData("\"-7\"", -7)]
    [InlineData("7.0", 7)]
    [InlineData("7e2", 700)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("\"9223372036854775807\"", long.MaxValue)]
    public void Whole_numbers_are_numbers_or_texts(string json, long expected) => Assert.Equal(expected, Json($$"""{"a":{{json}}}""").Int64("a"));

    [Theory]
    [InlineData("7.5")]
    [InlineData("1e400")]
    [InlineData("-1e400")]
    [InlineData("9223372036854775808")]
    [InlineData("9007199254740993.0")]
    [InlineData("\"9223372036854775808\"")]
    [InlineData("\"7 \"")]
    [InlineData("\"0x7\"")]
    [InlineData("\"\"")]
    [InlineData("true")]
    [InlineData("[7]")]
    [InlineData("{}")]
    public void Other_values_are_no_whole_numbers(string json) => Refuses($"Invalid value {json} for parameter 'a' supplied", () => Json($$"""{"a":{{json}}}""").Int64("a"));

    [Fact]
    public void Numbers_of_32_bits_have_32_bits()
    {
        Assert.Equal(int.MaxValue, Json("""{"a":2147483647}""").Int32("a"));
        Refuses("Invalid value 2147483648 for parameter 'a' supplied", () => Json("""{"a":2147483648}""").Int32("a"));
        Refuses("Invalid value -2147483649 for parameter 'a' supplied", () => Query("?a=-2147483649").Int32("a"));
    }

    [Theory]
    [InlineData("0.5", 0.5)]
    [InlineData("\"0.5\"", 0.5)]
    [InlineData("\"-1e-3\"", -0.001)]
    [InlineData("7", 7.0)]
    [InlineData("1e308", 1e308)]
    [InlineData("1e-400", 0.0)]
    [InlineData("\"NaN\"", double.NaN)]
    [InlineData("\"Infinity\"", double.PositiveInfinity)]
    [InlineData("\"-Infinity\"", double.NegativeInfinity)]
    public void Doubles_are_numbers_or_texts(string json, double expected) => Assert.Equal(expected, MlflowFields.DoubleOf(JsonElement.Parse(json)));

    [Theory]
    [InlineData("1e400")]
    [InlineData("\"1e400\"")]
    [InlineData("\"nan\"")]
    [InlineData("\"inf\"")]
    [InlineData("\"+Infinity\"")]
    [InlineData("\"∞\"")]
    [InlineData("\"1,5\"")]
    [InlineData("\"\"")]
    [InlineData("true")]
    [InlineData("false")]
    [InlineData("null")]
    [InlineData("[1]")]
    public void Other_values_are_no_doubles(string json) => Assert.Null(MlflowFields.DoubleOf(JsonElement.Parse(json)));

    [Fact]
    public void Truth_is_true_or_false()
    {
        Assert.True(Json("""{"a":true}""").Bool("a"));
        Assert.False(Json("""{"a":false}""").Bool("a"));
        Assert.True(Query("?a=TRUE").Bool("a"));
        Assert.False(Query("?a=False").Bool("a"));
        Assert.Null(Query("?b=true").Bool("a"));
        foreach (string json in (string[])["\"true\"", "1", "0", "[]"])
            Refuses($"Invalid value {json} for parameter 'a' supplied", () => Json($$"""{"a":{{json}}}""").Bool("a"));
        foreach (string text in (string[])["1", "yes", "", "%20true", "true%00"])
            Refuses("for parameter 'a' supplied", () => Query($"?a={text}").Bool("a"));
    }

    [Fact]
    public void Enums_are_names_or_numbers()
    {
        foreach (string json in (string[])["\"FRIDAY\"", "5", "\"5\""])
            Assert.Equal(DayOfWeek.Friday, Json($$"""{"a":{{json}}}""").Enum("a", s_days, day => (int)day));
        Assert.Equal(DayOfWeek.Sunday, Query("?a=0").Enum("a", s_days, day => (int)day));
        foreach (string json in (string[])["\"friday\"", "1", "5.5", "\"\"", "true", "{}"])
            Refuses("for parameter 'a' supplied", () => Json($$"""{"a":{{json}}}""").Enum("a", s_days, day => (int)day));
    }

    [Fact]
    public void Empty_texts_are_missing_where_something_must_be()
    {
        Refuses("Missing value for required parameter 'a'.", () => Json("""{"a":""}""").RequiredText("a"));
        Refuses("Missing value for required parameter 'a'.", () => Json("""{"a":""}""").RequiredInt64("a"));
        Refuses("Missing value for required parameter 'a'.", () => Query("?a=").RequiredInt64("a"));
        Refuses("Missing value for required parameter 'a'.", () => Json("""{"a":null}""").RequiredInt64("a"));
        Assert.Equal(3, Query("?a=3").RequiredInt64("a"));
        Assert.Equal("", Json("""{"a":""}""").Text("a"));
    }

    [Fact]
    public void Lists_repeat_in_queries_and_are_arrays_in_bodies()
    {
        Assert.Equal(["x", "y", ""], Query("?run_ids=x&run_ids=y&run_ids=").Texts("run_ids"));
        Assert.Equal(["x", "y"], Query("?runIds=x&runIds=y").Texts("run_ids"));
        Assert.Equal(["x", "y"], Json("""{"runIds":["x","y"]}""").Texts("run_ids"));
        Refuses("Invalid value \"x\" for parameter 'run_ids' supplied", () => Json("""{"run_ids":"x"}""").Texts("run_ids"));
        Refuses("Invalid value 3 for parameter 'run_ids[1]' supplied", () => Json("""{"run_ids":["x",3]}""").Texts("run_ids"));
    }

    [Fact]
    public void What_lies_in_lists_and_objects_is_named_by_its_path()
    {
        MlflowFields fields = Json("""{"tags":[{"key":"a"},{"value":"b"},{"key":5}],"dataset":{"name":7},"texts":[{}],"flat":[1]}""");
        Assert.Equal(3, fields.Count("tags"));
        Refuses("Missing value for required parameter 'tags[1].key'.", () => fields.Objects("tags").Skip(1).First().RequiredText("key"));
        Refuses("Invalid value 5 for parameter 'tags[2].key' supplied", () => fields.Objects("tags").Last().RequiredText("key"));
        Refuses("Invalid value 7 for parameter 'dataset.name' supplied", () => fields.Object("dataset")!.Value.Text("name"));
        Refuses("Invalid value 1 for parameter 'flat[0]' supplied", () => fields.Objects("flat").First());
        Refuses("for parameter 'dataset' supplied", () => fields.Count("dataset"));
        Refuses("for parameter 'tags' supplied", () => fields.Object("tags"));
    }

    [Fact]
    public void An_offending_value_is_shown_compact_and_sorted() =>
        Refuses("Invalid value {\"a\":[true,null],\"b\":{\"c\":1,\"d\":\"ä\"}} for parameter 'key' supplied", () => Json("""{"key": {"b": {"d":"ä", "c": 1}, "a": [ true, null ]}}""").Text("key"));

    [Fact]
    public void Numbers_are_read_alike_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" } };
        try
        {
            Assert.Equal(-7, Query("?a=-7").Int64("a"));
            Assert.Equal(-0.5, MlflowFields.DoubleOf(JsonElement.Parse("\"-0.5\"")));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_long_text_is_cut_between_characters()
    {
        string faces = "a" + string.Concat(Enumerable.Repeat("😀", 200));
        Assert.EndsWith("😀…", MlflowFields.Short(faces), StringComparison.Ordinal);
        Assert.EndsWith("😀…", MlflowFields.Short(faces[1..]), StringComparison.Ordinal);
        Assert.Equal("short", MlflowFields.Short("short"));
    }

    private static MlflowFields Json(string json) => new(JsonBody.Parse(Encoding.UTF8.GetBytes(json))!.RootElement);

    private static MlflowFields Query(string query) => new(new QueryCollection(QueryHelpers.ParseQuery(query)));

    private static void Refuses(string messagePart, Func<object?> read)
    {
        MlflowException refused = Assert.Throws<MlflowException>(read);
        Assert.Equal("INVALID_PARAMETER_VALUE", refused.Code.Name);
        Assert.Contains(messagePart, refused.Message, StringComparison.Ordinal);
    }
}
