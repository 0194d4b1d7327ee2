using System.Buffers.Binary;
using System.Text;

namespace MLOps.Training;

/// <summary>
/// The versions of symbols that a shared library asks of other libraries, and those that it offers: what the Linux loader compares before it loads one.
/// Source: System V ABI, ELF-64 object file format; Linux Standard Base 5.0, Symbol Versioning (SHT_GNU_verneed, SHT_GNU_verdef).
/// </summary>
/// <param name="Needs">What it asks for, in the order of the file.</param>
/// <param name="Definitions">What it offers, in the order of the file; its own name, which the format counts among them, is left out.</param>
internal sealed record ElfVersions(IReadOnlyList<ElfVersions.Need> Needs, IReadOnlyList<string> Definitions)
{
    private const uint NeedSection = 0x6ffffffe;
    private const uint DefinitionSection = 0x6ffffffd;
    private const int HeaderLength = 64;
    private const int SectionLength = 64;
    private const int MostEntries = 65_536;

    /// <summary>A version of another library.</summary>
    /// <param name="Library">The name of the library: <c>libstdc++.so.6</c>.</param>
    /// <param name="Version">The version: <c>GLIBCXX_3.4.32</c>.</param>
    /// <param name="IsWeak">Whether the loader goes on without it.</param>
    public readonly record struct Need(string Library, string Version, bool IsWeak);

    /// <summary>Compares the length of a file with what its header announces, and reads no more than the header. The loader does not look: a library that is cut ends the process by SIGBUS.</summary>
    /// <exception cref="InvalidDataException">It is no 64-bit little-endian ELF file, or is cut.</exception>
    public static void CheckLength(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderLength];
        (ulong sections, ushort count) = ReadHeader(new(header[..file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false)]));
        // Linkers put the headers of the sections last.
        ulong length = ElfBytes.Add(sections, (ulong)count * SectionLength);
        if ((ulong)file.Length < length)
            throw new InvalidDataException($"it is truncated: it has {file.Length} bytes of {length}");
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="InvalidDataException">It is no 64-bit little-endian ELF file, or ends within what it announces.</exception>
    public static ElfVersions Read(ReadOnlySpan<byte> file)
    {
        ElfBytes bytes = new(file);
        List<Need> needs = [];
        List<string> definitions = [];
        (ulong sections, ushort count) = ReadHeader(bytes);
        for (uint i = 0; i < count; i++)
        {
            ulong section = ElfBytes.Add(sections, (ulong)i * SectionLength);
            uint type = bytes.U32(section, 4);
            if (type is not (NeedSection or DefinitionSection))
                continue;
            ulong start = bytes.U64(section, 24);
            uint entries = bytes.U32(section, 44);
            ulong names = ElfBytes.Add(sections, (ulong)bytes.U32(section, 40) * SectionLength);
            (ulong Start, ulong Length) strings = (bytes.U64(names, 24), bytes.U64(names, 32));
            if (type == NeedSection)
                ReadNeeds(bytes, start, entries, strings, needs);
            else
                ReadDefinitions(bytes, start, entries, strings, definitions);
        }

        return new ElfVersions(needs, definitions);
    }

    private static (ulong Sections, ushort Count) ReadHeader(ElfBytes bytes)
    {
        if (!bytes.StartsWith("\u007fELF"u8))
            throw new InvalidDataException("it is not an ELF file");
        if (bytes.U8(4) != 2)
            throw new InvalidDataException("it is not a 64-bit ELF file");
        if (bytes.U8(5) != 1)
            throw new InvalidDataException("it is not a little-endian ELF file");
        ushort count = bytes.U16(0x3c);
        if (count > 0 && bytes.U16(0x3a) != SectionLength)
            throw new InvalidDataException($"its section headers are {bytes.U16(0x3a)} bytes long, not {SectionLength}");
        return (bytes.U64(0x28), count);
    }

    private static void ReadNeeds(ElfBytes bytes, ulong need, uint entries, (ulong, ulong) strings, List<Need> needs)
    {
        for (uint i = 0; i < entries; i++)
        {
            string library = bytes.Text(strings, bytes.U32(need, 4));
            ulong version = ElfBytes.Add(need, bytes.U32(need, 8));
            for (int left = bytes.U16(need, 2); left > 0; left--)
            {
                needs.Add(new Need(library, bytes.Text(strings, bytes.U32(version, 8)), (bytes.U16(version, 4) & 2) != 0));
                RefuseMany(needs.Count);
                if (!TryStep(bytes.U32(version, 12), 16, ref version))
                    break;
            }

            if (!TryStep(bytes.U32(need, 12), 16, ref need))
                break;
        }
    }

    private static void ReadDefinitions(ElfBytes bytes, ulong definition, uint entries, (ulong, ulong) strings, List<string> definitions)
    {
        for (uint i = 0; i < entries; i++)
        {
            bool isOwnName = (bytes.U16(definition, 2) & 1) != 0;
            if (!isOwnName)
                definitions.Add(bytes.Text(strings, bytes.U32(ElfBytes.Add(definition, bytes.U32(definition, 12)), 0)));
            RefuseMany(definitions.Count);
            if (!TryStep(bytes.U32(definition, 16), 20, ref definition))
                break;
        }
    }

    /// <summary>Goes to the next entry of a chain, which lies behind the present one, so that a chain can't be a circle.</summary>
    private static bool TryStep(uint distance, uint entryLength, ref ulong entry)
    {
        if (distance == 0)
            return false;
        if (distance < entryLength)
            throw new InvalidDataException("its table of versions overlaps itself");
        entry = ElfBytes.Add(entry, distance);
        return true;
    }

    private static void RefuseMany(int count)
    {
        if (count > MostEntries)
            throw new InvalidDataException($"its table of versions has more than {MostEntries} entries");
    }

    /// <summary>Numbers and names at offsets that the file itself gives, none of which is believed.</summary>
    private readonly ref struct ElfBytes(ReadOnlySpan<byte> file)
    {
        private readonly ReadOnlySpan<byte> _file = file;

        public bool StartsWith(ReadOnlySpan<byte> start) => _file.StartsWith(start);

        public byte U8(ulong at) => Slice(at, 1)[0];

        public ushort U16(ulong at, uint offset = 0) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(Add(at, offset), 2));

        public uint U32(ulong at, uint offset) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(Add(at, offset), 4));

        public ulong U64(ulong at, uint offset = 0) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(Add(at, offset), 8));

        public string Text((ulong Start, ulong Length) table, uint offset)
        {
            if (offset >= table.Length)
                throw new InvalidDataException("a name lies outside its table of names");
            ReadOnlySpan<byte> text = Slice(table.Start, table.Length)[(int)offset..];
            int end = text.IndexOf((byte)0);
            return end < 0 ? throw new InvalidDataException("a name has no end") : Encoding.UTF8.GetString(text[..end]);
        }

        public static ulong Add(ulong offset, ulong distance) =>
            offset <= ulong.MaxValue - distance ? offset + distance : throw new InvalidDataException("an offset is beyond all files");

        private ReadOnlySpan<byte> Slice(ulong at, ulong length) =>
            at <= (ulong)_file.Length && length <= (ulong)_file.Length - at
                ? _file.Slice((int)at, (int)length)
                : throw new InvalidDataException($"it is truncated: {length} bytes at {at} are announced, it has {_file.Length} in all");
    }
}
