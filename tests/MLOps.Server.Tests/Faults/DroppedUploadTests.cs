using System.Net;
using System.Text;

namespace MLOps.Server.Tests.Faults;

/// <summary>A client goes away in the middle of an upload.</summary>
public sealed class DroppedUploadTests
{
    private const string Route = "/api/2.0/mlflow-artifacts/artifacts/dropped";

    [Fact]
    public async Task A_client_that_drops_in_the_middle_of_an_upload_leaves_nothing()
    {
        string folder = Directory.CreateTempSubdirectory("mlops-dropped-").FullName;
        await using (ServerProcess server = await ServerProcess.StartAsync(folder))
        {
            byte[] first = Encoding.ASCII.GetBytes("the first");
            Assert.Equal(HttpStatusCode.OK, (await server.Client.SendAsync(HttpMethod.Put, $"{Route}/kept.bin", new ByteArrayContent(first))).Status);
            for (int i = 0; i < 10; i++)
            {
                await DropAsync(server.Address, $"{Route}/new-{i}.bin", "Content-Length: 9000000\r\n\r\n", new string('x', 3_000_000));
                await DropAsync(server.Address, $"{Route}/folder-{i}/new.bin", "Transfer-Encoding: chunked\r\n\r\n", $"100000\r\n{new string('x', 1 << 20)}\r\n100000\r\n{new string('x', 5000)}");
                await DropAsync(server.Address, $"{Route}/kept.bin", "Content-Length: 9000000\r\n\r\n", new string('x', 3_000_000));
            }

            Assert.Equal("the first", (await server.Client.TryGetAsync($"{Route}/kept.bin")).Body);
            Assert.Equal(HttpStatusCode.NotFound, (await server.Client.TryGetAsync($"{Route}/new-0.bin")).Status);
            // Ending it, it has noticed all that has happened.
            Assert.Equal(0, await server.StopAsync());
        }

        string[] files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
        Assert.Equal("kept.bin", Path.GetFileName(Assert.Single(files, file => new FileInfo(file).Length == "the first".Length)));
        Assert.DoesNotContain(files, file => File.ReadAllBytes(file).AsSpan().IndexOf("xxxxxxxx"u8) >= 0);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task DropAsync(Uri server, string path, string framing, string part)
    {
        using RawConnection connection = await RawConnection.OpenAsync(server);
        await connection.SendAsync($"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n{framing}");
        await connection.SendAsync(part);
        connection.Drop();
    }
}
