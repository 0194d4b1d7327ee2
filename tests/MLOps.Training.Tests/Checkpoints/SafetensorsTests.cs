using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Checkpoints;

public sealed class SafetensorsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_of_the_reference_implementation_is_written_and_read_to_the_byte()
    {
        // The bytes of its own test, test_serialization in safetensors/src/tensor.rs.
        byte[] golden =
        [
            64, 0, 0, 0, 0, 0, 0, 0, 123, 34, 97, 116, 116, 110, 46, 48, 34, 58, 123, 34, 100, 116, 121, 112, 101, 34, 58, 34, 70, 51, 50, 34, 44, 34, 115, 104, 97, 112, 101, 34, 58, 91, 49, 44, 50,
            44, 51, 93, 44, 34, 100, 97, 116, 97, 95, 111, 102, 102, 115, 101, 116, 115, 34, 58, 91, 48, 44, 50, 52, 93, 125, 125, 0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64,
            0, 0, 160, 64,
        ];
        using Tensor tensor = arange(6, ScalarType.Float32).view(1, 2, 3);

        Assert.Equal(golden, await WriteAsync(new() { ["attn.0"] = tensor }));
        Dictionary<string, Tensor> read = await ReadAsync(golden);
        RandomTensors.AssertSame(new Dictionary<string, Tensor> { ["attn.0"] = tensor }, read);
        RandomTensors.Dispose(read.Values);
    }

    [Fact]
    public async Task A_header_is_padded_to_eight_bytes_as_the_reference_pads_it()
    {
        // test_empty and test_serialization_forced_alignement of the same file.
        Assert.Equal([8, 0, 0, 0, 0, 0, 0, 0, 123, 125, 32, 32, 32, 32, 32, 32], await WriteAsync([]));
        byte[] described = await WriteAsync([], new() { ["framework"] = "pt" });
        Assert.Equal([40, 0, 0, 0, 0, 0, 0, 0, .. "{\"__metadata__\":{\"framework\":\"pt\"}}     "u8], described);
        using Tensor tensor = arange(6, ScalarType.Float32).view(1, 1, 2, 3);
        byte[] padded = await WriteAsync(new() { ["attn0"] = tensor });
        Assert.Equal([72, 0, 0, 0, 0, 0, 0, 0, .. "{\"attn0\":{\"dtype\":\"F32\",\"shape\":[1,1,2,3],\"data_offsets\":[0,24]}}       "u8], padded[..80]);
    }

    [Fact]
    public async Task Tensors_lie_in_the_order_of_the_reference_largest_alignment_first()
    {
        Dictionary<string, Tensor> tensors = [];
        foreach ((string name, ScalarType type) in ((string, ScalarType)[])
            [("c", ScalarType.Bool), ("d", ScalarType.Byte), ("a", ScalarType.Int8), ("b", ScalarType.Int16), ("e", ScalarType.Float16), ("f", ScalarType.BFloat16), ("g", ScalarType.Int32),
             ("i", ScalarType.Float32), ("h", ScalarType.Float32), ("j", ScalarType.Float64), ("k", ScalarType.Int64)])
            tensors[name] = zeros(1, type);

        string header = HeaderOf(await WriteAsync(tensors));

        Assert.Equal(["k", "j", "h", "i", "g", "f", "e", "b", "a", "d", "c"], tensors.Keys.OrderBy(name => header.IndexOf($"\"{name}\":", StringComparison.Ordinal)));
        RandomTensors.Dispose(tensors.Values);
    }

    [Fact]
    public void Whatever_is_written_is_read_to_the_last_bit() => ForAll(TestLength.Of(100, 3_000), seed =>
    {
        Random random = new(seed);
        Dictionary<string, Tensor> tensors = RandomTensors.Make(random);
        Dictionary<string, string> metadata = random.Next(2) == 0 ? [] : new() { ["format"] = "pt", ["größe"] = "3\n\"4\"" };
        byte[] bytes = Complete(WriteAsync(tensors, metadata));
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8);

        using Trickle trickle = new(bytes, random);
        Dictionary<string, Tensor> read = Complete(Safetensors.ReadAsync(trickle, bytes.Length, "test", Cancellation).AsTask());

        RandomTensors.AssertSame(tensors, read);
        SafetensorsHeader header = Complete(SafetensorsHeader.ReadAsync(new MemoryStream(bytes), bytes.Length, "test", Cancellation).AsTask());
        Assert.Equal(metadata, header.Metadata);
        RandomTensors.Dispose(tensors.Values.Concat(read.Values));
    });

    [Fact]
    public async Task Special_floats_and_views_keep_their_bits()
    {
        uint[] bits = [0x7FC00001, 0xFFBFFFFF, 0x80000000, 0x7F800000, 0xFF800000, 0x00000001];
        using Tensor special = RandomTensors.FromBits(bits);
        using Tensor grid = arange(12, ScalarType.Float32).view(3, 4);
        using Tensor turned = grid.t();
        using Tensor part = grid.narrow(1, 1, 2);
        Dictionary<string, Tensor> tensors = new() { ["special"] = special, ["turned"] = turned, ["part"] = part };

        Dictionary<string, Tensor> read = await ReadAsync(await WriteAsync(tensors));

        RandomTensors.AssertSame(tensors, read);
        RandomTensors.Dispose(read.Values);
    }

    [Fact]
    public void A_file_with_changed_bytes_is_refused_or_reads_as_what_it_says() => ForAll(TestLength.Of(1_000, 100_000), seed =>
    {
        Random random = new(seed);
        Dictionary<string, Tensor> tensors = RandomTensors.Make(random);
        byte[] bytes = Complete(WriteAsync(tensors, new() { ["format"] = "pt" })), changed = [.. bytes];
        RandomTensors.Dispose(tensors.Values);
        int header = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        for (int changes = random.Next(1, 4); changes > 0; changes--)
            changed[random.Next(random.Next(2) == 0 ? header : changed.Length)] = (byte)(random.Next(2) == 0 ? "0123456789,:[]{}\"-.e \\F"[random.Next(23)] : random.Next(256));
        if (random.Next(4) == 0)
            changed = changed[..random.Next(changed.Length)];

        try
        {
            Dictionary<string, Tensor> read = Complete(ReadAsync(changed));
            // Taken for whole: then it is a file that says just that, byte for byte of its data.
            byte[] again = [.. SafetensorsHeaderOf(changed).Entries.SelectMany(entry => RandomTensors.BitsOf(read[entry.Name]))];
            Assert.Equal(changed[(8 + (int)BinaryPrimitives.ReadInt64LittleEndian(changed))..], again);
            RandomTensors.Dispose(read.Values);
        }
        catch (ModelFileException refused)
        {
            Assert.Equal("test", refused.File);
        }
    });

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}""", "a", "twice")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "a", "twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "a", "hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}}""", "b", "hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "b", "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", null, "4 bytes and 8 are there")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", null, "12 bytes and 8 are there")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "a", "12 bytes by its shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", "a", "more bytes than there can be")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "a", "data_offsets 8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "a", "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}""", "a", "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]}}""", "a", "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}""", "a", "more than 2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "a", "lacks")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", "a", "lacks")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", "a", "'F8_E4M3'")]
    [InlineData("""{"a":{"dtype":7,"shape":[8],"data_offsets":[0,8]}}""", "a", "not a text")]
    [InlineData("""{"a":[1,2]}""", "a", "not an object")]
    [InlineData("""{"__metadata__":{"format":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "__metadata__", "not a text")]
    [InlineData("""{"__metadata__":{"x":"1","x":"2"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "__metadata__", "twice")]
    [InlineData("""{"__metadata__":"x","a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "__metadata__", "not an object")]
    [InlineData(""" {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", null, "begin with '{'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}x""", null, "not JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},}""", null, "not JSON")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", null, "not JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""", "a", "more than 64")]
    public async Task A_broken_rule_is_named(string header, string? entry, string message)
    {
        ModelFileException error = await Assert.ThrowsAsync<ModelFileException>(() => ReadAsync(FileOf(header, 8)));

        Assert.Equal(entry, error.Entry);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("'test'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_reference_passes_over_is_passed_over()
    {
        Dictionary<string, Tensor> read = await ReadAsync(FileOf("""{"a":{"later":{"x":[1]},"dtype":"F32","shape":[2],"data_offsets":[0,8]},"empty":{"dtype":"I64","shape":[0,3],"data_offsets":[0,0]}}  """, 8));

        Assert.Equal(["a", "empty"], read.Keys.Order());
        Assert.Equal([0, 3], read["empty"].shape);
        RandomTensors.Dispose(read.Values);
    }

    [Fact]
    public async Task Lengths_are_not_believed()
    {
        byte[] huge = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(huge, long.MaxValue);
        Assert.Contains("100000000", (await Assert.ThrowsAsync<ModelFileException>(() => ReadAsync(huge))).Message, StringComparison.Ordinal);
        BinaryPrimitives.WriteInt64LittleEndian(huge, 90_000_000);
        Assert.Contains("8 follow", (await Assert.ThrowsAsync<ModelFileException>(() => ReadAsync(huge))).Message, StringComparison.Ordinal);
        Assert.Contains("8 bytes", (await Assert.ThrowsAsync<ModelFileException>(() => ReadAsync([1, 2, 3]))).Message, StringComparison.Ordinal);

        // A stream that is said to be long and is not: neither the header nor the tensor is taken for granted.
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFileException header = await Assert.ThrowsAsync<ModelFileException>(() => Safetensors.ReadAsync(new MemoryStream(huge), 200_000_000, "test", Cancellation).AsTask());
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000, "the header was allocated before it was there");
        Assert.Contains("ends within its header", header.Message, StringComparison.Ordinal);
        byte[] cut = FileOf("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8)[..^3];
        ModelFileException tensor = await Assert.ThrowsAsync<ModelFileException>(() => Safetensors.ReadAsync(new MemoryStream(cut), cut.Length + 3, "test", Cancellation).AsTask());
        Assert.Equal("a", tensor.Entry);
    }

    [Fact]
    public async Task What_safetensors_does_not_have_is_not_written()
    {
        using Tensor complex = zeros(1, ScalarType.ComplexFloat32), plain = zeros(1);

        Assert.Contains("ComplexFloat32", (await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(new() { ["z"] = complex }))).Message, StringComparison.Ordinal);
        Assert.Contains("__metadata__", (await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(new() { ["__metadata__"] = plain }))).Message, StringComparison.Ordinal);
    }

    private static void ForAll(int count, Action<int> check) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(count), Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue - 1)), check));

    private static byte[] FileOf(string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        return bytes;
    }

    private static string HeaderOf(byte[] bytes) => Encoding.UTF8.GetString(bytes, 8, (int)BinaryPrimitives.ReadInt64LittleEndian(bytes));

    private static SafetensorsHeader SafetensorsHeaderOf(byte[] bytes) => Complete(SafetensorsHeader.ReadAsync(new MemoryStream(bytes), bytes.Length, "test", Cancellation).AsTask());

    private static async Task<byte[]> WriteAsync(Dictionary<string, Tensor> tensors, Dictionary<string, string>? metadata = null)
    {
        MemoryStream stream = new();
        await Safetensors.WriteAsync(stream, tensors, metadata, Cancellation);
        return stream.ToArray();
    }

    private static Task<Dictionary<string, Tensor>> ReadAsync(byte[] bytes) => Safetensors.ReadAsync(new MemoryStream(bytes), bytes.Length, "test", Cancellation).AsTask();

    // All streams here are in memory: nothing waits.
    private static T Complete<T>(Task<T> task) => task.GetAwaiter().GetResult();

    /// <summary>Can't seek, and gives as many bytes as it likes.</summary>
    private sealed class Trickle(byte[] bytes, Random random) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = Math.Min(Math.Min(count, bytes.Length - _at), random.Next(1, 9));
            bytes.AsSpan(_at, read).CopyTo(buffer.AsSpan(offset));
            _at += read;
            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
