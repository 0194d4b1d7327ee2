namespace MLOps.Tracking.Tests.Comparisons;

public sealed class DisplayTextTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("loss", 4)]
    [InlineData("é", 1)]
    [InlineData("e\u0301", 1)]
    [InlineData("鯨", 2)]
    [InlineData("ｸｼﾞﾗ", 3)]
    [InlineData("Ａ", 2)]
    [InlineData("한국", 4)]
    [InlineData("🐳", 2)]
    [InlineData("👩\u200D👩\u200D👧", 2)]
    [InlineData("\U00020000", 2)]
    [InlineData("…—", 2)]
    public void Text_takes_the_columns_that_a_terminal_gives_it(string text, int width) => Assert.Equal(width, DisplayText.Width(text));

    [Theory]
    [InlineData("abcde", 5, "abcde")]
    [InlineData("abcdef", 5, "abcd…")]
    [InlineData("鯨鯨", 4, "鯨鯨")]
    [InlineData("鯨鯨鯨", 5, "鯨鯨…")]
    [InlineData("鯨鯨鯨", 4, "鯨…")]
    [InlineData("abe\u0301def", 4, "abe\u0301…")]
    [InlineData("a👩\u200D👩\u200D👧bc", 4, "a👩\u200D👩\u200D👧…")]
    [InlineData("a👩\u200D👩\u200D👧bc", 3, "a…")]
    public void Text_is_cut_between_characters_as_people_count_them(string text, int width, string expected)
    {
        Assert.Equal(expected, DisplayText.Shorten(text, width));
        Assert.True(DisplayText.Width(expected) <= width);
    }
}
