using System.Text;
using System.Text.Json;
using MLOps.Server.Wire;

namespace MLOps.Server.Tests.Wire;

public sealed class CompactJsonTests
{
    [Theory]
    [InlineData("""{ "b" : 1 , "a" : [ 1.50 , "x y" , null ] }""", """{"a":[1.50,"x y",null],"b":1}""")]
    [InlineData("\"a\\u00e4\"", "\"a\\u00e4\"")]
    [InlineData("1e400", "1e400")]
    public void Keys_are_sorted_and_space_is_left_out(string json, string expected) => Assert.Equal(expected, CompactJson.Of(JsonElement.Parse(json)));

    [Fact]
    public void What_is_long_is_cut_between_characters()
    {
        foreach (string text in (string[])[new string('a', 1000), string.Concat(Enumerable.Repeat("😀", 500)), "a" + string.Concat(Enumerable.Repeat("ä", 500))])
        {
            foreach (string json in (string[])[CompactJson.OfText(text), CompactJson.Of(JsonElement.Parse($"\"{text}\"")), CompactJson.Of(JsonElement.Parse($"[\"{text}\",\"{text}\"]"))])
            {
                Assert.EndsWith("…", json, StringComparison.Ordinal);
                Assert.True(Encoding.UTF8.GetByteCount(json) <= 410, json);
                Assert.DoesNotContain("\uFFFD", json, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Wide_and_deep_values_are_cut()
    {
        string wide = $"{{{string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"k{i}\":{i}"))}}}", deep = new string('[', 60) + new string(']', 60);
        Assert.EndsWith("…", CompactJson.Of(JsonElement.Parse(wide)), StringComparison.Ordinal);
        Assert.Equal(deep, CompactJson.Of(JsonElement.Parse(deep)));
    }
}
