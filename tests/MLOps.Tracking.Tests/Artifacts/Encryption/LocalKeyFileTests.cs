using System.Security.Cryptography;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Encryption;

namespace MLOps.Tracking.Tests.Artifacts.Encryption;

public sealed class LocalKeyFileTests : IDisposable
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly string s_key = Convert.ToBase64String(EncryptedWorld.Noise(32, seed: 1));
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string FilePath => _folder["keys.txt"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_file_has_one_key_in_it_and_is_its_owners_alone()
    {
        using LocalKeyFile keys = LocalKeyFile.Create(FilePath);
        string line = Assert.Single(File.ReadAllLines(FilePath), line => !line.StartsWith('#'));
        string[] parts = line.Split(' ');
        Assert.Equal(keys.ActiveKeyId, parts[0]);
        Assert.Equal(32, Convert.FromBase64String(parts[1]).Length);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(Own, File.GetUnixFileMode(FilePath));
        using LocalKeyFile again = LocalKeyFile.Open(FilePath);
        using ArtifactDataKey key = await keys.CreateDataKeyAsync(Cancel);
        Assert.Equal(keys.ActiveKeyId, key.KeyId);
        Assert.Equal(key.Plaintext.ToArray(), await again.UnwrapAsync(key.KeyId, key.Wrapped, Cancel));
        using LocalKeyFile other = LocalKeyFile.Create(_folder["other"]);
        Assert.NotEqual(other.ActiveKeyId, keys.ActiveKeyId);
    }

    [Fact]
    public async Task A_file_that_is_there_is_not_overwritten()
    {
        _folder.Write("keys.txt", "precious");
        IOException refused = Assert.Throws<IOException>(() => LocalKeyFile.Create(FilePath));
        Assert.Contains(FilePath, refused.Message, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(FilePath, Cancel));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_can_read_or_write_is_refused_with_what_to_do(UnixFileMode others)
    {
        if (OperatingSystem.IsWindows())
            return;
        LocalKeyFile.Create(FilePath).Dispose();
        File.SetUnixFileMode(FilePath, Own | others);
        File.CreateSymbolicLink(_folder["link"], FilePath);
        foreach (string path in (string[])[FilePath, _folder["link"]])
        {
            ArtifactStoreException refused = Assert.Throws<ArtifactStoreException>(() => LocalKeyFile.Open(path));
            Assert.False(refused.IsTransient);
            Assert.Contains(path, refused.Message, StringComparison.Ordinal);
            Assert.Contains("chmod 600", refused.Message, StringComparison.Ordinal);
            Assert.Contains(others.ToString(), refused.Message, StringComparison.Ordinal);
        }

        File.SetUnixFileMode(FilePath, UnixFileMode.UserRead);
        LocalKeyFile.Open(FilePath).Dispose();
    }

    [Theory]
    [InlineData("id")]
    [InlineData("id ")]
    [InlineData(" AAAA")]
    [InlineData("id AAAA")]
    [InlineData("id not/base64/at/all/but/as/long/as/a/key/would/==")]
    [InlineData("i:d KEY")]
    [InlineData("größe KEY")]
    [InlineData("id  KEY")]
    [InlineData("id KEY ")]
    [InlineData("id KEYAAAA")]
    public void A_damaged_line_is_named_without_what_it_says(string line)
    {
        Write($"# keys\nfirst {s_key}\n\n{line.Replace("KEY", s_key, StringComparison.Ordinal)}\nlast {s_key}\n");
        ArtifactStoreException refused = Assert.Throws<ArtifactStoreException>(() => LocalKeyFile.Open(FilePath));
        Assert.StartsWith($"Line 4 of the key file '{FilePath}' is damaged", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(s_key[..8], refused.Message, StringComparison.Ordinal);
        Assert.False(refused.IsTransient);
    }

    [Fact]
    public void An_id_that_is_there_twice_is_refused()
    {
        Write($"a {s_key}\nb {s_key}\na {s_key}\n");
        ArtifactStoreException refused = Assert.Throws<ArtifactStoreException>(() => LocalKeyFile.Open(FilePath));
        Assert.Contains("two keys 'a'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("line 3", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("# nothing\n")]
    public void A_file_without_a_key_is_refused(string text)
    {
        Write(text);
        Assert.Contains("has no key", Assert.Throws<ArtifactStoreException>(() => LocalKeyFile.Open(FilePath)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_told() => Assert.Throws<FileNotFoundException>(() => LocalKeyFile.Open(FilePath));

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    public void The_last_key_is_the_active_one_however_lines_end(string end)
    {
        Write($"2024.a {s_key}{end}# rotated{end}B_2-x {s_key}");
        using LocalKeyFile keys = LocalKeyFile.Open(FilePath);
        Assert.Equal("B_2-x", keys.ActiveKeyId);
        string added = keys.AddKey();
        Assert.Equal(added, keys.ActiveKeyId);
        Assert.Equal(["2024.a", "B_2-x", added], File.ReadAllLines(FilePath).Where(line => line[0] != '#').Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task A_key_that_was_added_is_used_from_then_on_and_older_ones_still_read()
    {
        using LocalKeyFile keys = LocalKeyFile.Create(FilePath), running = LocalKeyFile.Open(FilePath);
        string first = keys.ActiveKeyId;
        using ArtifactDataKey old = await keys.CreateDataKeyAsync(Cancel);
        string second = keys.AddKey();
        Assert.NotEqual(first, second);
        using ArtifactDataKey fresh = await keys.CreateDataKeyAsync(Cancel);
        Assert.Equal((first, second), (old.KeyId, fresh.KeyId));
        Assert.Equal(old.Plaintext.ToArray(), await keys.UnwrapAsync(first, old.Wrapped, Cancel));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(Own, File.GetUnixFileMode(FilePath));

        // Another program reads what it has not heard of, and takes it up then.
        Assert.Equal(first, running.ActiveKeyId);
        Assert.Equal(fresh.Plaintext.ToArray(), await running.UnwrapAsync(second, fresh.Wrapped, Cancel));
        Assert.Equal(second, running.ActiveKeyId);
    }

    [Fact]
    public async Task A_lost_key_is_named_with_the_file_that_lacks_it()
    {
        using LocalKeyFile keys = LocalKeyFile.Create(FilePath), others = LocalKeyFile.Create(_folder["other"]);
        using ArtifactDataKey key = await others.CreateDataKeyAsync(Cancel);
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await keys.UnwrapAsync(key.KeyId, key.Wrapped, Cancel));
        Assert.False(refused.IsTransient);
        Assert.Contains($"'{key.KeyId}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"'{FilePath}'", refused.Message, StringComparison.Ordinal);
        File.Delete(FilePath);
        refused = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await keys.UnwrapAsync(key.KeyId, key.Wrapped, Cancel));
        Assert.Contains($"'{key.KeyId}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrapped_key_is_bound_to_its_key_and_to_the_keys_name()
    {
        Write($"a {s_key}\nb {s_key}\nc {Convert.ToBase64String(EncryptedWorld.Noise(32, seed: 2))}\n");
        using LocalKeyFile keys = LocalKeyFile.Open(FilePath);
        using ArtifactDataKey key = await keys.CreateDataKeyAsync(Cancel);
        byte[] wrapped = key.Wrapped.ToArray();
        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await keys.UnwrapAsync("a", wrapped, Cancel));
        for (int i = 0; i < wrapped.Length; i++)
        {
            wrapped[i] ^= 1;
            await Assert.ThrowsAnyAsync<CryptographicException>(async () => await keys.UnwrapAsync("c", wrapped, Cancel));
            wrapped[i] ^= 1;
        }

        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await keys.UnwrapAsync("c", wrapped.AsMemory(1), Cancel));
        Assert.Equal(key.Plaintext.ToArray(), await keys.UnwrapAsync("c", wrapped, Cancel));

        // Of one key under two names, the name tells them apart.
        Write($"c {Convert.ToBase64String(EncryptedWorld.Noise(32, seed: 2))}\nd {Convert.ToBase64String(EncryptedWorld.Noise(32, seed: 2))}\n");
        using LocalKeyFile renamed = LocalKeyFile.Open(FilePath);
        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await renamed.UnwrapAsync("d", wrapped, Cancel));
    }

    [Fact]
    public async Task Keys_that_many_add_at_once_are_all_kept_or_refused()
    {
        LocalKeyFile.Create(FilePath).Dispose();
        string?[] added = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(
            () =>
            {
                try
                {
                    using LocalKeyFile keys = LocalKeyFile.Open(FilePath);
                    return keys.AddKey();
                }
                catch (IOException)
                {
                    return null;
                }
            },
            Cancel)));
        string[] kept = [.. File.ReadAllLines(FilePath).Select(line => line.Split(' ')[0])];
        Assert.All(added.Where(id => id is not null), id => Assert.Contains(id, kept));
        Assert.Contains(added, id => id is not null);
        LocalKeyFile.Open(FilePath).Dispose();
    }

    [Fact]
    public async Task What_was_disposed_gives_no_keys()
    {
        LocalKeyFile keys = LocalKeyFile.Create(FilePath);
        using ArtifactDataKey key = await keys.CreateDataKeyAsync(Cancel);
        keys.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await keys.CreateDataKeyAsync(Cancel));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await keys.UnwrapAsync(key.KeyId, key.Wrapped, Cancel));
        Assert.Throws<ObjectDisposedException>(keys.AddKey);
    }

    private void Write(string text)
    {
        if (File.Exists(FilePath))
            File.Delete(FilePath);
        _folder.Write("keys.txt", text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(FilePath, Own);
    }
}
