using System.Text;
using Microsoft.Extensions.Time.Testing;
using MLOps.Server.ApiKeys;

namespace MLOps.Server.Tests.ApiKeys;

public sealed class ApiKeyFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlops-keys-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly ApiKeyFile _keys;

    public ApiKeyFileTests() => _keys = new ApiKeyFile(File, _time);

    private string File => Path.Join(_folder, "sub", "mlops.keys");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_secret_finds_its_key_and_lies_nowhere()
    {
        string first = await _keys.CreateAsync("ada", cancellationToken: Cancel), second = await _keys.CreateAsync("bob", _time.GetUtcNow().AddDays(90), Cancel);
        Assert.NotEqual(first, second);
        Assert.Matches("^mlops_[A-Za-z0-9_-]{43}$", first);
        Assert.Equal(new ApiKey("ada", _time.GetUtcNow(), null), _keys.Find(first));
        Assert.Equal(new ApiKey("bob", _time.GetUtcNow(), _time.GetUtcNow().AddDays(90)), _keys.Find(second));
        Assert.Equal(["ada", "bob"], (await _keys.ListAsync(Cancel)).Select(key => key.Name));
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(File)!))
            Assert.DoesNotContain(first[6..], await System.IO.File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_but_the_secret_finds_a_key()
    {
        string secret = await _keys.CreateAsync("ada", cancellationToken: Cancel);
        foreach (string wrong in (string[])["", "mlops_", secret[..^1], secret + "A", secret.ToUpperInvariant(), "ada", new string('x', 100_000)])
            Assert.Null(_keys.Find(wrong));
        string hash = (await System.IO.File.ReadAllTextAsync(File, Cancel)).Split('"').Single(text => text.Length == 64);
        Assert.Null(_keys.Find(hash));
    }

    [Fact]
    public async Task A_revoked_key_is_gone_at_once_for_another_reader_of_the_file()
    {
        ApiKeyFile server = new(File);
        Assert.Null(server.Find("mlops_x"));
        string secret = await _keys.CreateAsync("ada", cancellationToken: Cancel), other = await _keys.CreateAsync("bob", cancellationToken: Cancel);
        Assert.NotNull(server.Find(secret));
        Assert.True(await _keys.RevokeAsync("ada", Cancel));
        Assert.Null(server.Find(secret));
        Assert.NotNull(server.Find(other));
        Assert.False(await _keys.RevokeAsync("ada", Cancel));
    }

    [Fact]
    public async Task A_change_that_shows_neither_in_time_nor_in_length_is_seen()
    {
        ApiKeyFile server = new(File);
        string first = await _keys.CreateAsync("ada", cancellationToken: Cancel);
        System.IO.File.SetLastWriteTimeUtc(File, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1));
        Assert.NotNull(server.Find(first));
        DateTime written = System.IO.File.GetLastWriteTimeUtc(File);
        await _keys.RevokeAsync("ada", Cancel);
        string second = await _keys.CreateAsync("eve", cancellationToken: Cancel);
        System.IO.File.SetLastWriteTimeUtc(File, written);
        Assert.Null(server.Find(first));
        Assert.NotNull(server.Find(second));
    }

    [Fact]
    public async Task A_key_expires_at_its_time()
    {
        string secret = await _keys.CreateAsync("ada", _time.GetUtcNow().AddHours(1), Cancel);
        ApiKey key = _keys.Find(secret)!;
        Assert.False(_keys.HasExpired(key));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(_keys.HasExpired(key));
        await Assert.ThrowsAsync<ArgumentException>(() => _keys.CreateAsync("bob", _time.GetUtcNow(), Cancel));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a\nb")]
    public async Task A_name_is_a_text_of_one_line(string name) => await Assert.ThrowsAsync<ArgumentException>(() => _keys.CreateAsync(name, cancellationToken: Cancel));

    [Fact]
    public async Task A_name_has_one_key()
    {
        string secret = await _keys.CreateAsync("ada", cancellationToken: Cancel);
        Assert.Contains("Revoke it first", (await Assert.ThrowsAsync<InvalidOperationException>(() => _keys.CreateAsync("ada", cancellationToken: Cancel))).Message, StringComparison.Ordinal);
        Assert.NotNull(_keys.Find(secret));
    }

    [Fact]
    public async Task The_file_is_its_owners_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        await _keys.CreateAsync("ada", cancellationToken: Cancel);
        await _keys.CreateAsync("bob", cancellationToken: Cancel);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"keys\":[{\"name\":\"a\",\"sha256\":\"00\",\"created\":\"2026-01-01T00:00:00Z\"}]}")]
    [InlineData("{\"keys\":[{\"name\":\"a\",\"created\":\"2026-01-01T00:00:00Z\"}]}")]
    [InlineData("{\"keys\":[null]}")]
    public async Task A_damaged_file_lets_nobody_in_and_is_left_as_it_is(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        await System.IO.File.WriteAllTextAsync(File, content, Cancel);
        Assert.Throws<InvalidDataException>(() => _keys.Find("mlops_x"));
        await Assert.ThrowsAsync<InvalidDataException>(() => _keys.CreateAsync("ada", cancellationToken: Cancel));
        Assert.Equal(content, await System.IO.File.ReadAllTextAsync(File, Cancel));
    }

    [Fact]
    public async Task Keys_that_are_made_at_once_are_all_kept()
    {
        string[] secrets = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => new ApiKeyFile(File).CreateAsync($"key{i}", cancellationToken: Cancel), Cancel)));
        Assert.Equal(16, (await _keys.ListAsync(Cancel)).Count);
        Assert.All(secrets, secret => Assert.NotNull(_keys.Find(secret)));
        Assert.Equal(["mlops.keys", "mlops.keys.lock"], Directory.GetFiles(Path.GetDirectoryName(File)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_file_that_was_left_half_written_does_no_harm()
    {
        string secret = await _keys.CreateAsync("ada", cancellationToken: Cancel);
        await System.IO.File.WriteAllBytesAsync(File + ".new", Encoding.UTF8.GetBytes("{\"ke"), Cancel);
        Assert.NotNull(_keys.Find(secret));
        await _keys.CreateAsync("bob", cancellationToken: Cancel);
        Assert.NotNull(_keys.Find(secret));
    }
}
