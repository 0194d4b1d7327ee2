using MLOps.Server.Tests.Conformance;

namespace MLOps.Server.Tests.Faults;

/// <summary>Requests on whose end two servers could disagree are refused, and nothing of them is taken for a request of its own.</summary>
public sealed class SmugglingTests(ConformanceServer server)
{
    private const string Start = "POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    private const string Smuggled = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";

    public static TheoryData<string, string> Ambiguous { get; } = new()
    {
        { "two lengths", Start + "Content-Length: 2\r\nContent-Length: 45\r\n\r\n{}" + Smuggled },
        { "two lengths in one header", Start + "Content-Length: 2, 45\r\n\r\n{}" + Smuggled },
        { "a negative length", Start + "Content-Length: -1\r\n\r\n{}" + Smuggled },
        { "a coding that is not chunked", Start + "Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "chunked that is not last", Start + "Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "a space before the colon", Start + "Content-Length : 2\r\n\r\n{}" + Smuggled },
        { "a folded header", Start + "X-Note: a\r\n Content-Length: 45\r\nContent-Length: 2\r\n\r\n{}" + Smuggled },
        { "a chunk whose size is no number", Start + "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "a bare carriage return in a header", Start + "X-Note: a\rContent-Length: 45\r\nContent-Length: 2\r\n\r\n{}" + Smuggled },
        { "a NUL in a header", Start + "X-Note: a\0b\r\nContent-Length: 2\r\n\r\n{}" + Smuggled },
        { "two hosts", "GET /version HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n" + Smuggled },
        { "no host", "GET /version HTTP/1.1\r\n\r\n" + Smuggled },
    };

    [Theory]
    [MemberData(nameof(Ambiguous))]
    public async Task A_request_whose_end_is_ambiguous_is_refused_with_its_connection(string _, string bytes)
    {
        using RawConnection connection = await RawConnection.OpenAsync(server.Server.Address);
        await connection.SendAsync(bytes);

        string answer = await connection.ReadToEndAsync();

        Assert.Matches("^HTTP/1.1 (400|411|501) ", answer);
        Assert.DoesNotContain("HTTP/1.1 ", answer[1..], StringComparison.Ordinal);
    }

    // RFC 9112 §6.3: chunked wins and the connection is closed afterwards, so that what follows is nobody's request.
    [Fact]
    public async Task Of_chunks_and_a_length_the_chunks_count_or_the_request_is_refused_and_nothing_behind_it_is_read()
    {
        using RawConnection connection = await RawConnection.OpenAsync(server.Server.Address);
        await connection.SendAsync(Start + "Content-Length: 45\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + Smuggled);

        string answer = await connection.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("HTTP/1.1 ", answer[1..], StringComparison.Ordinal);
    }
}
