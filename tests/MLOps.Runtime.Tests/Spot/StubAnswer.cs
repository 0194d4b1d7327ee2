using System.Globalization;
using System.Text;

namespace MLOps.Runtime.Tests.Spot;

internal sealed record StubAnswer(int Status, string Body = "", params string[] Headers)
{
    public static StubAnswer NotFound { get; } = new(404, "<html>404 - Not Found</html>");

    public static StubAnswer Ok(string body) => new(200, body);

    public static StubAnswer Google(string body) => new(200, body, "Metadata-Flavor: Google", "Server: Metadata Server for VM");

    public byte[] ToBytes()
    {
        StringBuilder head = new();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {Status} Stub\r\nContent-Length: {Encoding.UTF8.GetByteCount(Body)}\r\nConnection: close\r\n");
        foreach (string header in Headers)
            head.Append(CultureInfo.InvariantCulture, $"{header}\r\n");
        return Encoding.UTF8.GetBytes(head.Append("\r\n").Append(Body).ToString());
    }
}
