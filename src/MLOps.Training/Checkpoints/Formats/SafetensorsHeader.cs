using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>
/// What a safetensors file says of itself: its tensors in the order of their bytes, and free texts. Source: the format's description and reference implementation, github.com/huggingface/safetensors
/// (README.md, safetensors/src/tensor.rs).
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The longest header that the reference takes.</summary>
    public const int MaxBytes = 100_000_000;

    private const string MetadataName = "__metadata__";
    private const int MaxDimensions = 64, Piece = 64 * 1024;
    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private SafetensorsHeader(IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string> metadata) => (Entries, Metadata) = (entries, metadata);

    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The bytes of all tensors.</summary>
    public long DataBytes => Entries.Count == 0 ? 0 : Entries[^1].End;

    /// <summary>Lays tensors out as the reference does: largest alignment first, then by name.</summary>
    /// <exception cref="ArgumentException">A name or a type is none of safetensors.</exception>
    public static SafetensorsHeader Of(IEnumerable<(string Name, ScalarType Type, long[] Shape)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        List<(string Name, ScalarType Type, long[] Shape)> sorted = [.. tensors];
        foreach ((string name, ScalarType type, _) in sorted)
        {
            if (name == MetadataName)
                throw new ArgumentException($"A tensor can't be named '{MetadataName}': safetensors keeps its metadata there.", nameof(tensors));
            if (!SafetensorsType.IsKnown(type))
                throw new ArgumentException($"The tensor '{name}' has elements of type {type}; safetensors files of this SDK hold {SafetensorsType.Names}. Convert it first.", nameof(tensors));
        }

        sorted.Sort(static (a, b) => (SafetensorsType.RankOf(a.Type), SafetensorsType.RankOf(b.Type)) is var (first, second) && first != second ? first.CompareTo(second) : string.CompareOrdinal(a.Name, b.Name));
        List<SafetensorsEntry> entries = new(sorted.Count);
        long at = 0;
        foreach ((string name, ScalarType type, long[] shape) in sorted)
        {
            long bytes = SafetensorsEntry.Measure(type, shape)!.Value;
            entries.Add(new(name, type, shape, at, at + bytes));
            at += bytes;
        }

        return new(entries, metadata ?? new Dictionary<string, string>(StringComparer.Ordinal));
    }

    /// <summary>The header as it stands in a file: its length, the JSON, and spaces up to a multiple of 8 bytes.</summary>
    public byte[] ToBytes()
    {
        ArrayBufferWriter<byte> buffer = new();
        buffer.GetSpan(8)[..8].Clear();
        buffer.Advance(8);
        using (Utf8JsonWriter json = new(buffer, s_plain))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject(MetadataName);
                foreach ((string key, string value) in Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            foreach (SafetensorsEntry entry in Entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", SafetensorsType.NameOf(entry.Type));
                json.WriteStartArray("shape");
                foreach (long size in entry.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(entry.Begin);
                json.WriteNumberValue(entry.End);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        int padding = -buffer.WrittenCount & 7;
        buffer.GetSpan(8)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        byte[] bytes = buffer.WrittenSpan.ToArray();
        if (bytes.Length - 8 > MaxBytes)
            throw new InvalidOperationException($"The header would take {bytes.Length - 8} bytes, where safetensors takes {MaxBytes}: there are too many tensors or too much metadata for one file.");
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 8);
        return bytes;
    }

    /// <summary>Reads a header and leaves the stream where the tensors begin.</summary>
    /// <param name="stream">Stands at the beginning.</param>
    /// <param name="length">How long the whole is, as its file or store says.</param>
    /// <param name="file">What to call it in an error.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ModelFileException">It breaks a rule of the format.</exception>
    public static async ValueTask<SafetensorsHeader> ReadAsync(Stream stream, long length, string file, CancellationToken cancellationToken)
    {
        byte[] prefix = new byte[8];
        if (length < 8 || await stream.ReadAtLeastAsync(prefix, 8, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < 8)
            throw new ModelFileException(file, null, "it is shorter than the 8 bytes that tell the length of its header.");
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (count > MaxBytes)
            throw new ModelFileException(file, null, $"its header claims {count} bytes, where safetensors takes {MaxBytes}: this is no safetensors file.");
        if ((long)count > length - 8)
            throw new ModelFileException(file, null, $"its header claims {count} bytes and {length - 8} follow.");

        // In pieces: a stream may be shorter than it was said to be.
        byte[] json = [];
        for (int read = 0; read < (int)count; read = json.Length)
        {
            Array.Resize(ref json, (int)Math.Min((long)count, Math.Max(Piece, 2L * read)));
            if (await stream.ReadAtLeastAsync(json.AsMemory(read), json.Length - read, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < json.Length - read)
                throw new ModelFileException(file, null, "it ends within its header.");
        }

        SafetensorsHeader header = Parse(json, file);
        return header.DataBytes == length - 8 - json.Length
            ? header
            : throw new ModelFileException(file, null, $"its tensors take {header.DataBytes} bytes and {length - 8 - json.Length} are there.");
    }

    /// <summary>Takes a header apart and checks it against all rules but the length of the file.</summary>
    private static SafetensorsHeader Parse(ReadOnlySpan<byte> json, string file)
    {
        if (json.Length == 0 || json[0] != (byte)'{')
            throw new ModelFileException(file, null, "its header does not begin with '{'.");
        if (!Utf8.IsValid(json))
            throw new ModelFileException(file, null, "its header is not UTF-8.");

        List<SafetensorsEntry> entries = [];
        Dictionary<string, string>? metadata = null;
        HashSet<string> names = new(StringComparer.Ordinal);
        string? entry = null;
        try
        {
            Utf8JsonReader reader = new(json);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                entry = reader.GetString()!;
                if (!names.Add(entry))
                    throw new ModelFileException(file, entry, "is there twice.");
                if (entry == MetadataName)
                    metadata = ReadMetadata(ref reader, file);
                else
                    entries.Add(ReadEntry(ref reader, entry, file));
                entry = null;
            }

            // Finds what follows the object: only white space may.
            while (reader.Read())
            {
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new ModelFileException(file, entry, entry is null ? $"its header is not JSON ({error.Message.TrimEnd('.')})." : $"is not JSON as safetensors wants it ({error.Message.TrimEnd('.')}).", error);
        }

        entries.Sort(static (a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        long at = 0;
        foreach (SafetensorsEntry found in entries)
        {
            if (found.Begin != at)
                throw new ModelFileException(file, found.Name, found.Begin < at ? "overlaps the one before it." : "leaves a hole before it.");
            at = found.End;
        }

        return new(entries, metadata ?? []);
    }

    private static Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader, string file)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new ModelFileException(file, MetadataName, "is not an object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw new ModelFileException(file, MetadataName, $"has '{key}', which is not a text.");
            if (!metadata.TryAdd(key, reader.GetString()!))
                throw new ModelFileException(file, MetadataName, $"has '{key}' twice.");
        }

        return metadata;
    }

    private static SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, string file)
    {
        string? type = null;
        List<long>? shape = null, offsets = null;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new ModelFileException(file, name, "is not an object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            if (key switch { "dtype" => type is not null, "shape" => shape is not null, "data_offsets" => offsets is not null, _ => false })
                throw new ModelFileException(file, name, $"has '{key}' twice.");
            reader.Read();
            switch (key)
            {
                case "dtype":
                    type = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new ModelFileException(file, name, "has a dtype that is not a text.");
                    break;
                case "shape":
                    shape = ReadNumbers(ref reader, name, key, MaxDimensions, file);
                    break;
                case "data_offsets":
                    offsets = ReadNumbers(ref reader, name, key, 2, file);
                    break;
                default:
                    // The reference passes over what it does not know.
                    reader.Skip();
                    break;
            }
        }

        if (type is null || shape is null || offsets is not [var begin, var end])
            throw new ModelFileException(file, name, "lacks its dtype, its shape or its two data_offsets.");
        ScalarType known = SafetensorsType.Find(type) ?? throw new ModelFileException(file, name, $"has elements of type '{type}'; TorchSharp has {SafetensorsType.Names}.");
        long? bytes = SafetensorsEntry.Measure(known, [.. shape]);
        if (end < begin || bytes != end - begin)
            throw new ModelFileException(file, name, $"takes {(bytes is null ? "more bytes than there can be" : $"{bytes} bytes")} by its shape and type, and has the data_offsets {begin} to {end}.");
        return new(name, known, [.. shape], begin, end);
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string key, int most, string file)
    {
        List<long> numbers = [];
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new ModelFileException(file, name, $"has a {key} that is not a list.");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (numbers.Count == most)
                throw new ModelFileException(file, name, $"has more than {most} numbers in its {key}.");
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetUInt64(out ulong number) || number > long.MaxValue)
                throw new ModelFileException(file, name, $"has a {key} that holds something else than whole numbers from 0.");
            numbers.Add((long)number);
        }

        return numbers;
    }
}
