using System.Buffers.Binary;
using System.Text;

namespace MLOps.Training.Tests.Native;

/// <summary>A 64-bit little-endian ELF file with nothing in it but tables of versions.</summary>
internal sealed class ElfImage
{
    private const int Header = 64;
    private readonly List<(string Library, (string Version, bool IsWeak)[] Versions)> _needs = [];
    private readonly List<string> _definitions = [];

    public ElfImage Needs(string library, params (string Version, bool IsWeak)[] versions)
    {
        _needs.Add((library, versions));
        return this;
    }

    public ElfImage Defines(params string[] versions)
    {
        _definitions.AddRange(versions);
        return this;
    }

    /// <summary>Header, three section headers (needs, definitions, names), then their contents.</summary>
    public byte[] ToArray()
    {
        List<byte> names = [0];
        byte[] needs = Needs(names), definitions = Definitions(names);
        int start = Header + 3 * 64;
        byte[] file = new byte[start + needs.Length + definitions.Length + names.Count];
        "\u007fELF"u8.CopyTo(file);
        (file[4], file[5], file[6]) = (2, 1, 1);
        Write64(file, 0x28, Header);
        Write16(file, 0x3a, 64);
        Write16(file, 0x3c, 3);
        WriteSection(file, 0, 0x6ffffffe, start, needs.Length, _needs.Count);
        WriteSection(file, 1, 0x6ffffffd, start + needs.Length, definitions.Length, _definitions.Count + 1);
        WriteSection(file, 2, 3, start + needs.Length + definitions.Length, names.Count, 0);
        needs.CopyTo(file, start);
        definitions.CopyTo(file, start + needs.Length);
        names.CopyTo(file, start + needs.Length + definitions.Length);
        return file;
    }

    private byte[] Needs(List<byte> names)
    {
        byte[] table = new byte[_needs.Sum(need => 16 + 16 * need.Versions.Length)];
        int at = 0;
        foreach ((int index, (string library, (string Version, bool IsWeak)[] versions)) in _needs.Index())
        {
            int length = 16 + 16 * versions.Length;
            Write16(table, at, 1);
            Write16(table, at + 2, versions.Length);
            Write32(table, at + 4, Intern(names, library));
            Write32(table, at + 8, 16);
            Write32(table, at + 12, index == _needs.Count - 1 ? 0 : length);
            foreach ((int place, (string version, bool isWeak)) in versions.Index())
            {
                int entry = at + 16 + 16 * place;
                Write16(table, entry + 4, isWeak ? 2 : 0);
                Write32(table, entry + 8, Intern(names, version));
                Write32(table, entry + 12, place == versions.Length - 1 ? 0 : 16);
            }

            at += length;
        }

        return table;
    }

    /// <summary>The first definition is the library's own name, as in a real file.</summary>
    private byte[] Definitions(List<byte> names)
    {
        byte[] table = new byte[28 * (_definitions.Count + 1)];
        foreach ((int index, string definition) in _definitions.Prepend("libhand.so.1").Index())
        {
            int at = 28 * index;
            Write16(table, at, 1);
            Write16(table, at + 2, index == 0 ? 1 : 0);
            Write16(table, at + 6, 1);
            Write32(table, at + 12, 20);
            Write32(table, at + 16, index == _definitions.Count ? 0 : 28);
            Write32(table, at + 20, Intern(names, definition));
        }

        return table;
    }

    private static int Intern(List<byte> names, string text)
    {
        int at = names.Count;
        names.AddRange(Encoding.UTF8.GetBytes(text));
        names.Add(0);
        return at;
    }

    private static void WriteSection(byte[] file, int index, uint type, long offset, long size, int entries)
    {
        int at = Header + 64 * index;
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + 4), type);
        Write64(file, at + 24, offset);
        Write64(file, at + 32, size);
        Write32(file, at + 40, 2);
        Write32(file, at + 44, entries);
    }

    private static void Write16(byte[] file, int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), checked((ushort)value));

    private static void Write32(byte[] file, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);

    private static void Write64(byte[] file, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
}
