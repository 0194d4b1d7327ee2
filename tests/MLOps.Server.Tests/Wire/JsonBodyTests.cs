using System.Text;
using System.Text.Json;
using MLOps.Server.Wire;

namespace MLOps.Server.Tests.Wire;

public sealed class JsonBodyTests
{
    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t ")]
    [InlineData("null")]
    [InlineData("\"null\"")]
    [InlineData("\uFEFF")]
    public void Nothing_stands_for_an_object_without_fields(string body) => Assert.Null(Parse(body));

    [Theory]
    [InlineData("{\"name\":\"a\"}")]
    [InlineData("\uFEFF{\"name\":\"a\"}")]
    [InlineData(" \"{\\\"name\\\":\\\"a\\\"}\" ")]
    [InlineData("\"{\\\"name\\\":\\\"\\\\u0061\\\"}\"")]
    public void An_object_is_found_behind_a_mark_and_inside_a_text(string body)
    {
        using JsonDocument document = Parse(body)!;
        Assert.Equal("a", document.RootElement.GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("true")]
    [InlineData("\"[]\"")]
    [InlineData("\"\\\"{}\\\"\"")]
    public void Another_value_is_refused(string body) => Assert.Equal("BAD_REQUEST", Assert.Throws<MlflowException>(() => Parse(body)).Code.Name);

    [Theory]
    [InlineData("\"\"")]
    [InlineData("{")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{} {}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":\"\\u12\"}")]
    [InlineData("{\"a\":\"\\")]
    [InlineData("\\ud800")]
    public void What_is_no_JSON_is_refused(string body) => Assert.ThrowsAny<Exception>(() => Parse(body)?.Dispose()).IsCallersMistake();

    [Theory]
    [InlineData("\\ud83d\\ude00", "😀")]
    [InlineData("\\uD83D\\uDE00x", "😀x")]
    [InlineData("\\\\ud800", "\\ud800")]
    [InlineData("\\\\\\ud83d\\ude00", "\\😀")]
    [InlineData("\\u00e4\\n\\/", "ä\n/")]
    public void Whole_pairs_and_other_escapes_are_text(string escaped, string expected)
    {
        using JsonDocument document = Parse($"{{\"{escaped}\":\"{escaped}\"}}")!;
        JsonProperty only = Assert.Single(document.RootElement.EnumerateObject());
        Assert.Equal((expected, expected), (only.Name, only.Value.GetString()));
    }

    [Theory]
    [InlineData("\\ud800")]
    [InlineData("\\udc00")]
    [InlineData("\\uDBFF\\uDBFF\\uDC00")]
    [InlineData("\\udc00\\ud800")]
    [InlineData("\\ud800x")]
    [InlineData("\\ud800\\n")]
    [InlineData("\\ud800\\\\udc00")]
    [InlineData("\\\\\\ud800")]
    public void Half_a_pair_is_refused_in_values_and_in_names(string escaped)
    {
        foreach (string body in (string[])[$"{{\"a\":\"{escaped}\"}}", $"{{\"{escaped}\":1}}", $"{{\"a\":[{{\"b\":\"{escaped}\"}}]}}"])
        {
            MlflowException refused = Assert.Throws<MlflowException>(() => Parse(body));
            Assert.Equal("BAD_REQUEST", refused.Code.Name);
            Assert.Contains("half of a surrogate pair", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_text_inside_a_text_is_asked_as_well()
    {
        string inner = "{\"a\":\"\\ud800\"}";
        Assert.ThrowsAny<Exception>(() => Parse($"\"{JsonEncodedText.Encode(inner)}\"")).IsCallersMistake();
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_refused_wherever_they_stand()
    {
        foreach (byte[] bytes in (byte[][])[[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF5, 0x80, 0x80, 0x80]])
        {
            Assert.Equal("BAD_REQUEST", Assert.Throws<MlflowException>(() => JsonBody.Parse((byte[])[.. "{\"a\":\""u8, .. bytes, .. "\"}"u8])).Code.Name);
            Assert.Equal("BAD_REQUEST", Assert.Throws<MlflowException>(() => JsonBody.Parse((byte[])[.. "{\""u8, .. bytes, .. "\":1}"u8])).Code.Name);
        }
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(1_000_000, false)]
    public void Depth_is_bounded(int depth, bool isLegal)
    {
        string body = $"{string.Concat(Enumerable.Repeat("{\"a\":", depth - 1))}{{}}{new string('}', depth - 1)}";
        if (isLegal)
            Parse(body)!.Dispose();
        else
            Assert.ThrowsAny<JsonException>(() => Parse(body));
    }

    private static JsonDocument? Parse(string body) => JsonBody.Parse(Encoding.UTF8.GetBytes(body));
}
