using System;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Marks a shared library's need of GLIBCXX_3.4.32 as weak where this machine's libstdc++ lacks it, so that the loader warns nobody and goes on.
/// The file is replaced by a changed copy, never written in place: it may be a hard link to a package cache.
/// </summary>
public sealed class LoosenLibstdcxx : Task
{
    private const string Version = "GLIBCXX_3.4.32";
    private const uint VersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const int Weak = 2; // VER_FLG_WEAK

    [Required]
    public string Library { get; set; } = "";

    public override bool Execute()
    {
        if (HasVersion())
            return true;

        byte[] elf = File.ReadAllBytes(Library);
        int flags = FindFlags(elf);
        if (flags < 0 || (elf[flags] & Weak) != 0)
            return true;

        elf[flags] |= Weak;
        DateTime time = File.GetLastWriteTimeUtc(Library);
        string changed = Library + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(changed, elf);
        // The same time as its source: the next build takes the copy for up to date.
        File.SetLastWriteTimeUtc(changed, time);
        File.Delete(Library);
        File.Move(changed, Library);
        Log.LogMessage(MessageImportance.High, "{0}: {1} is optional now; this machine's libstdc++ lacks it.", Path.GetFileName(Library), Version);
        return true;
    }

    private static bool HasVersion()
    {
        string[] folders = { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib" };
        string library = folders.Select(folder => Path.Combine(folder, "libstdc++.so.6")).FirstOrDefault(File.Exists);
        return library != null && Encoding.GetEncoding("ISO-8859-1").GetString(File.ReadAllBytes(library)).Contains(Version + "\0");
    }

    /// <summary>Where the low byte of the version's flags (vna_flags) is in a 64-bit little-endian ELF file; -1 when the file does not ask for the version.</summary>
    private static int FindFlags(byte[] elf)
    {
        if (elf.Length < 64 || elf[0] != 0x7f || elf[1] != 'E' || elf[4] != 2 || elf[5] != 1)
            return -1;
        int sections = (int)BitConverter.ToInt64(elf, 0x28);
        int count = BitConverter.ToUInt16(elf, 0x3c);
        for (int i = 0; i < count; i++)
        {
            int section = sections + i * 64;
            if (BitConverter.ToUInt32(elf, section + 4) != VersionNeeds)
                continue;
            int strings = (int)BitConverter.ToInt64(elf, sections + BitConverter.ToInt32(elf, section + 40) * 64 + 24);
            for (int need = (int)BitConverter.ToInt64(elf, section + 24); ;)
            {
                int version = need + BitConverter.ToInt32(elf, need + 8);
                for (int left = BitConverter.ToUInt16(elf, need + 2); left > 0; left--)
                {
                    int name = strings + BitConverter.ToInt32(elf, version + 8);
                    if (Encoding.ASCII.GetString(elf, name, Array.IndexOf(elf, (byte)0, name) - name) == Version)
                        return version + 4;
                    version += BitConverter.ToInt32(elf, version + 12);
                }

                int next = BitConverter.ToInt32(elf, need + 12);
                if (next == 0)
                    break;
                need += next;
            }
        }

        return -1;
    }
}
