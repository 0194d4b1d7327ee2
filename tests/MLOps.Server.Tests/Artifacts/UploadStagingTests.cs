using Microsoft.Extensions.Time.Testing;
using MLOps.Server.Artifacts.Multipart;
using MLOps.Server.Wire;
using MLOps.Tracking.Contract;

namespace MLOps.Server.Tests.Artifacts;

public sealed class UploadStagingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly UploadStaging _staging;

    public UploadStagingTests() => _staging = new UploadStaging(_folder["uploads"], _time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _staging.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_nobody_touches_for_a_day_is_removed_and_what_somebody_does_stays()
    {
        StagedUpload abandoned = _staging.Create("a", 2), active = _staging.Create("b", 2), done = _staging.Create("c", 1);
        await PutAsync(abandoned, 1, "x");
        await CompleteAsync(done, await PutAsync(done, 1, "x"));
        _time.Advance(TimeSpan.FromHours(20));
        await PutAsync(active, 1, "y");
        _time.Advance(TimeSpan.FromHours(5));
        Assert.Equal([active.Id], Directory.GetFileSystemEntries(_folder["uploads"]).Select(Path.GetFileName));
        Assert.Equal(ErrorCode.ResourceDoesNotExist, Assert.Throws<MlflowException>(() => _staging.Get(abandoned.Id)).Code);
        Assert.Equal(active, _staging.Get(active.Id));
    }

    [Fact]
    public async Task An_upload_goes_on_after_a_restart()
    {
        StagedUpload upload = _staging.Create("a\nb", 2);
        string first = await PutAsync(upload, 1, "before ");
        using UploadStaging restarted = new(_folder["uploads"], _time);
        Assert.Equal(upload, restarted.Get(upload.Id));
        await using MemoryStream after = new("after"u8.ToArray());
        string second = await restarted.PutAsync(upload, 2, after, Cancel);
        string? whole = null;
        await restarted.CompleteAsync(upload.Id, upload.Target, [(1, first), (2, second)], async content => whole = await TextOfAsync(content), maxBytes: null, Cancel);
        Assert.Equal("before after", whole);
    }

    [Fact]
    public async Task A_completion_that_fails_keeps_the_parts_for_the_next()
    {
        StagedUpload upload = _staging.Create("a", 1);
        string etag = await PutAsync(upload, 1, "content");
        await Assert.ThrowsAsync<IOException>(() => _staging.CompleteAsync(upload.Id, "a", [(1, etag)], _ => throw new IOException("away"), maxBytes: null, Cancel));
        Assert.Equal("content", await CompleteAsync(upload, etag));
    }

    [Fact]
    public async Task Two_parts_within_the_limit_that_together_exceed_it_are_refused_at_the_end()
    {
        StagedUpload upload = _staging.Create("a", 2);
        string first = await PutAsync(upload, 1, "12345"), second = await PutAsync(upload, 2, "67890");
        MlflowException refused = await Assert.ThrowsAsync<MlflowException>(() => _staging.CompleteAsync(upload.Id, "a", [(1, first), (2, second)], _ => throw new InvalidOperationException(), maxBytes: 9, Cancel));
        Assert.Equal(ErrorCode.TooLarge, refused.Code);
    }

    [Fact]
    public async Task A_part_whose_content_fails_leaves_nothing()
    {
        StagedUpload upload = _staging.Create("a", 1);
        await using MemoryStream closed = new();
        closed.Close();
        await Assert.ThrowsAnyAsync<Exception>(() => _staging.PutAsync(upload, 1, closed, Cancel));
        Assert.Equal(["target"], Directory.GetFiles(_folder[$"uploads/{upload.Id}"]).Select(Path.GetFileName));
    }

    [Fact]
    public void Uploads_that_have_begun_and_not_ended_have_a_bound()
    {
        StagedUpload first = _staging.Create("a", 1);
        for (int i = 1; i < 1_000; i++)
            Directory.CreateDirectory(_folder[$"uploads/{i:x64}"]);
        Assert.Equal(ErrorCode.TooManyRequests, Assert.Throws<MlflowException>(() => _staging.Create("b", 1)).Code);
        Directory.Delete(_folder[$"uploads/{first.Id}"], recursive: true);
        Assert.NotEqual(first.Id, _staging.Create("b", 1).Id);
    }

    private async Task<string> PutAsync(StagedUpload upload, int number, string text)
    {
        await using MemoryStream content = new(System.Text.Encoding.UTF8.GetBytes(text));
        return await _staging.PutAsync(upload, number, content, Cancel);
    }

    private async Task<string?> CompleteAsync(StagedUpload upload, string etag)
    {
        string? whole = null;
        await _staging.CompleteAsync(upload.Id, upload.Target, [(1, etag)], async content => whole = await TextOfAsync(content), maxBytes: null, Cancel);
        return whole;
    }

    private static async Task<string> TextOfAsync(Stream content)
    {
        using MemoryStream copy = new();
        await content.CopyToAsync(copy, Cancel);
        return System.Text.Encoding.UTF8.GetString(copy.ToArray());
    }
}
