using System.Buffers.Binary;

namespace MLOps.Training.Tests.Native;

public sealed class ElfVersionsTests
{
    private static byte[] Image => new ElfImage()
        .Needs("libc.so.6", ("GLIBC_2.34", false))
        .Needs("libstdc++.so.6", ("GLIBCXX_3.4.30", false), ("GLIBCXX_3.4.32", true))
        .Defines("HAND_1.0", "HAND_1.1")
        .ToArray();

    [Fact]
    public void The_tables_of_versions_are_read()
    {
        ElfVersions versions = ElfVersions.Read(Image);

        Assert.Equal([new("libc.so.6", "GLIBC_2.34", false), new("libstdc++.so.6", "GLIBCXX_3.4.30", false), new("libstdc++.so.6", "GLIBCXX_3.4.32", true)], versions.Needs);
        Assert.Equal(["HAND_1.0", "HAND_1.1"], versions.Definitions);
    }

    [Fact]
    public void A_file_without_sections_needs_nothing()
    {
        byte[] file = Image;
        file.AsSpan(0x3c, 2).Clear();

        ElfVersions versions = ElfVersions.Read(file);

        Assert.Empty(versions.Needs);
        Assert.Empty(versions.Definitions);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MZ\u0090\u0000\u0003")]
    [InlineData("#!/bin/sh\nexit 1\n")]
    public void What_is_no_ELF_file_is_refused(string content) =>
        Refused("it is not an ELF file", System.Text.Encoding.Latin1.GetBytes(content));

    [Fact]
    public void A_32_bit_file_is_refused()
    {
        byte[] file = Image;
        file[4] = 1;
        Refused("it is not a 64-bit ELF file", file);
    }

    [Fact]
    public void A_big_endian_file_is_refused()
    {
        byte[] file = Image;
        file[5] = 2;
        Refused("it is not a little-endian ELF file", file);
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_refused()
    {
        byte[] file = Image;
        for (int length = 0; length < file.Length; length++)
            Assert.Throws<InvalidDataException>(() => ElfVersions.Read(file.AsSpan(0, length)));
    }

    [Fact]
    public void Entries_that_point_at_themselves_are_refused()
    {
        byte[] file = Image;
        int needs = Array.IndexOf(file, (byte)1, 64 + 3 * 64);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(needs + 12), 1);
        Refused("its table of versions overlaps itself", file);
    }

    [Fact]
    public void Whatever_bytes_are_changed_it_is_read_or_refused()
    {
        const int seed = 20_260_801;
        Random random = new(seed);
        int refused = 0;
        for (int trial = 0; trial < TestLength.Of(20_000, 1_000_000); trial++)
        {
            byte[] file = Image;
            for (int changes = random.Next(1, 5); changes > 0; changes--)
                file[random.Next(file.Length)] = random.Next(4) switch { 0 => 0, 1 => 0xff, 2 => 1, _ => (byte)random.Next(256) };
            try
            {
                ElfVersions.Read(file);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
            catch (Exception other)
            {
                Assert.Fail($"seed {seed}, trial {trial}: {other}");
            }
        }

        Assert.NotEqual(0, refused);
    }

    private static void Refused(string reason, byte[] file) =>
        Assert.Equal(reason, Assert.Throws<InvalidDataException>(() => ElfVersions.Read(file)).Message);
}
