using System.Text;
using MLOps.Tracking.SystemMetrics;
using Xunit;

namespace MLOps.Tracking.Tests.SystemMetrics;

public sealed class ProcFileTests
{
    [Fact]
    public void Waiting_is_not_busy_and_guest_time_counts_once()
    {
        CpuTimes earlier = Times("cpu  100 0 50 800 50 0 0 0 100 0\ncpu0 1 2 3 4\n"), later = Times("cpu  160 10 80 900 60 5 5 30 160 0\n");
        Assert.Equal(new CpuTimes(150, 1000), earlier);
        Assert.Equal(new CpuTimes(290, 1250), later);
        Assert.Equal(56.0, later.PercentSince(earlier));
    }

    [Fact]
    public void An_old_kernel_gives_four_fields() => Assert.Equal(new CpuTimes(6, 10), Times("cpu 1 2 3 4\n"));

    [Fact]
    public void No_time_between_two_readings_gives_no_percentage()
    {
        CpuTimes times = Times("cpu 1 2 3 4\n");
        Assert.Null(times.PercentSince(times));
        Assert.Null(times.PercentSince(new(7, 11)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("cpu")]
    [InlineData("cpu  1 2 3")]
    [InlineData("cpu0 1 2 3 4")]
    [InlineData("intr 1 2 3 4")]
    public void What_is_no_stat_file_gives_nothing(string text) => Assert.Null(CpuTimes.Parse(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Memory_in_use_is_what_programs_could_not_get()
    {
        MemoryUse use = MemoryUse.ParseMemInfo("MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    4000 kB\nBuffers:  1 kB\n"u8)!.Value;
        Assert.Equal(new MemoryUse(12000 * 1024, 16000 * 1024), use);
        Assert.Equal(75.0, use.Percent);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MemTotal: 16000 kB\n")]
    [InlineData("MemTotal: x kB\nMemAvailable: 1 kB\n")]
    [InlineData("MemTotal: 0 kB\nMemAvailable: 0 kB\n")]
    public void What_is_no_meminfo_gives_nothing(string text) => Assert.Null(MemoryUse.ParseMemInfo(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_limited_group_uses_what_it_holds_less_the_cache_that_can_go() =>
        Assert.Equal(new MemoryUse(700, 1000), MemoryUse.ParseControlGroup("1000\n"u8, "900\n"u8, "anon 600\nfile 300\ninactive_file_x 9\ninactive_file 200\n"u8));

    [Fact]
    public void A_group_without_a_limit_or_without_files_gives_nothing()
    {
        Assert.Null(MemoryUse.ParseControlGroup("max\n"u8, "900\n"u8, default));
        Assert.Null(MemoryUse.ParseControlGroup("1000\n"u8, default, default));
        Assert.Equal(new MemoryUse(900, 1000), MemoryUse.ParseControlGroup("1000\n"u8, "900\n"u8, default));
    }

    [Theory]
    [InlineData("0::/user.slice/app.scope\n", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "/sys/fs/cgroup/user.slice/app.scope /sys/fs/cgroup/user.slice /sys/fs/cgroup")]
    [InlineData("0::/\n", "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "/sys/fs/cgroup")]
    [InlineData("4:memory:/a\n0::/b\n", "cgroup /sys/fs/cgroup/memory cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n", "/sys/fs/cgroup/unified/b /sys/fs/cgroup/unified")]
    [InlineData("4:memory:/a\n", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "")]
    [InlineData("0::/a\n", "cgroup /sys/fs/cgroup/memory cgroup rw 0 0\n", "")]
    [InlineData("0::/../outside\n", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "")]
    [InlineData("", "", "")]
    public void The_groups_of_a_process_are_found_from_the_inside_out(string membership, string mounts, string folders) =>
        Assert.Equal(folders, string.Join(' ', ControlGroup.FoldersOf(membership, mounts)));

    private static CpuTimes Times(string text) => CpuTimes.Parse(Encoding.ASCII.GetBytes(text))!.Value;
}
