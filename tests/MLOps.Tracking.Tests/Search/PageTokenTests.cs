using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.Tests.Search;

public sealed class PageTokenTests
{
    private const string Question = "runs|*|*||Active|metrics.a > 1|";

    private static readonly OrderKey[] s_order =
        [RunField.Metric("a").Ascending, RunField.Param("p").Descending, RunField.EndedAt.Ascending, RunField.Id.Ascending];

    [Property(MaxTest = 500)]
    public Property A_place_comes_back() => Prop.ForAll(AnyPlace(), place =>
    {
        string token = PageToken.Write(Question, place);

        Assert.All(token, c => Assert.True(char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
        Assert.Equal(place, PageToken.Read(Question, token, s_order, SearchVocabulary.Runs));
        Assert.Equal(token, PageToken.Write(Question, PageToken.Read(Question, token, s_order, SearchVocabulary.Runs)));
    });

    [Property(MaxTest = 1000)]
    public Property Any_changed_character_is_found() => Prop.ForAll(AnyPlace(), ArbMap.Default.ArbFor<uint>(), ArbMap.Default.ArbFor<char>(), (place, at, change) =>
    {
        char[] token = PageToken.Write(Question, place).ToCharArray();
        ref char changed = ref token[at % token.Length];
        changed = changed == change ? (char)(change + 1) : change;

        AssertRefused(new string(token));
    });

    [Property(MaxTest = 300)]
    public Property Any_part_of_a_token_is_refused() => Prop.ForAll(AnyPlace(), ArbMap.Default.ArbFor<uint>(), (place, length) =>
    {
        string token = PageToken.Write(Question, place);

        AssertRefused(token[..(int)(length % token.Length)]);
    });

    [Property(MaxTest = 2000)]
    public void Anything_else_is_refused(string? anything) => AssertRefused(anything ?? "");

    [Property(MaxTest = 3000)]
    public Property A_forged_token_with_a_right_checksum_gives_fitting_values_or_is_refused() => Prop.ForAll(
        AnyPlace(), ArbMap.Default.ArbFor<(uint At, byte Value)[]>(), ArbMap.Default.ArbFor<uint>(), (place, changes, cut) =>
        {
            byte[] bytes = Base64Url.DecodeFromChars(PageToken.Write(Question, place));
            byte[] content = bytes[..^4];
            // The version and the fingerprint stay, so that what follows is read.
            foreach ((uint at, byte value) in changes)
                content[9 + at % (content.Length - 9)] = value;
            if (cut % 3 == 0)
                content = content[..(9 + (int)(cut % (content.Length - 9)))];

            Exception? refused = Record.Exception(() => AssertFits(PageToken.Read(Question, Sealed(content), s_order, SearchVocabulary.Runs)));

            Assert.True(refused is null or InvalidPageTokenException, refused?.ToString());
        });

    [Fact]
    public void A_token_belongs_to_its_question()
    {
        string token = PageToken.Write(Question, Place());

        InvalidPageTokenException refused = Assert.Throws<InvalidPageTokenException>(() => PageToken.Read(Question + "x", token, s_order, SearchVocabulary.Runs));

        Assert.Equal("The page token belongs to another question. Send the token of the page before with the same filter, order and experiments, or none to begin anew.", refused.Message);
    }

    [Fact]
    public void A_token_of_another_version_is_refused_by_name()
    {
        byte[] content = Base64Url.DecodeFromChars(PageToken.Write(Question, Place()))[..^4];
        content[0] = 2;

        Assert.Contains("another version", Assert.Throws<InvalidPageTokenException>(() => Read(Sealed(content))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_of_a_kind_that_a_key_cannot_have_are_refused()
    {
        OrderValue number = new OrderValue.Number(1), text = new OrderValue.Text("x"), nan = new OrderValue.NaN();

        AssertRefused(PageToken.Write(Question, [text, text, number, text]));
        AssertRefused(PageToken.Write(Question, [number, number, number, text]));
        AssertRefused(PageToken.Write(Question, [number, nan, number, text]));
        AssertRefused(PageToken.Write(Question, [number, text, nan, text]));
        AssertRefused(PageToken.Write(Question, [number, text, text, text]));
        AssertRefused(PageToken.Write(Question, [number, text, number]));
        AssertRefused(PageToken.Write(Question, [number, text, number, text, text]));
        Assert.Equal([nan, text, number, text], Read(PageToken.Write(Question, [nan, text, number, text])));
    }

    [Fact]
    public void Numbers_that_are_NaN_and_texts_that_are_not_UTF_8_are_refused()
    {
        byte[] content = Base64Url.DecodeFromChars(PageToken.Write(Question, [new OrderValue.Number(1), new OrderValue.Text("é"), new OrderValue.Missing(), new OrderValue.Text("r")]))[..^4];
        byte[] nan = [.. content], broken = [.. content];
        BinaryPrimitives.WriteDoubleBigEndian(nan.AsSpan(10), double.NaN);
        Assert.Equal(0xC3, broken[23]);
        broken[24] = (byte)'x';

        AssertRefused(Sealed(nan));
        AssertRefused(Sealed(broken));
        Assert.Throws<ArgumentException>(() => PageToken.Write(Question, [new OrderValue.Number(double.NaN)]));
        Assert.Throws<ArgumentNullException>(() => PageToken.Write(Question, [null!]));
    }

    [Fact]
    public void The_form_of_a_token_does_not_change_by_accident() => Assert.Equal(
        "AUwY2ydX25Z-Aj_4AAAAAAAAAwAAAAPDqXgAAwAAAAJyMTV9dzo",
        PageToken.Write(Question, [new OrderValue.Number(1.5), new OrderValue.Text("éx"), new OrderValue.Missing(), new OrderValue.Text("r1")]));

    private static OrderValue[] Place() => [new OrderValue.Number(1), new OrderValue.Text("x"), new OrderValue.Missing(), new OrderValue.Text("r")];

    private static IReadOnlyList<OrderValue> Read(string token) => PageToken.Read(Question, token, s_order, SearchVocabulary.Runs);

    private static void AssertRefused(string token) => Assert.Throws<InvalidPageTokenException>(() => Read(token));

    private static void AssertFits(IReadOnlyList<OrderValue> place)
    {
        Assert.Equal(4, place.Count);
        Assert.True(place[0] is OrderValue.Missing or OrderValue.NaN or OrderValue.Number);
        Assert.True(place[1] is OrderValue.Missing or OrderValue.Text);
        Assert.True(place[2] is OrderValue.Missing or OrderValue.Number);
        Assert.True(place[3] is OrderValue.Missing or OrderValue.Text);
        Assert.DoesNotContain(new OrderValue.Number(double.NaN), place);
    }

    private static string Sealed(byte[] content) => Base64Url.EncodeToString([.. content, .. SHA256.HashData(content)[..4]]);

    private static Arbitrary<OrderValue[]> AnyPlace()
    {
        Gen<OrderValue> missing = Gen.Constant<OrderValue>(new OrderValue.Missing());
        Gen<OrderValue> number = Gen.OneOf(Gen.Elements(0, 1.5, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon), ArbMap.Default.GeneratorFor<double>().Where(n => !double.IsNaN(n)))
            .Select(OrderValue (n) => new OrderValue.Number(n));
        Gen<OrderValue> text = Gen.Elements("", "x", "é😀", "\0", "\uE000", new string('t', 5000)).Select(OrderValue (t) => new OrderValue.Text(t));
        Gen<OrderValue> nan = Gen.Constant<OrderValue>(new OrderValue.NaN());
        return Arb.From(
            from a in Gen.OneOf(number, nan, missing)
            from p in Gen.OneOf(text, missing)
            from e in Gen.OneOf(number, missing)
            from id in text
            select new[] { a, p, e, id });
    }
}
