using System.Collections.Immutable;
using System.Text;
using Fleet.Grants;
using Fleet.Privileges;
using Fleet.RootTasks;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>What a granted task has, and that it has nothing else.</summary>
public sealed class TaskTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    private readonly HelperHost host = new(keys);

    public void Dispose() => host.Dispose();

    [Fact]
    public void It_is_root_of_the_host_without_a_capability_and_behind_the_filter()
    {
        var status = host.Run(Grant("/bin/sh", "-c", "id -u; cat /proc/self/uid_map; grep -E '^(Cap(Eff|Prm|Bnd|Amb)|NoNewPrivs|Seccomp):' /proc/self/status")).Stdout;

        Assert.Equal("0 0 0 4294967295 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapBnd: 0000000000000000 CapAmb: 0000000000000000 NoNewPrivs: 1 Seccomp: 2", Words(status));
    }

    [Fact]
    public void The_host_s_file_system_is_there_and_read_only_and_the_system_s_sockets_are_not() => Assert.Equal(
        "root 0 read-only",
        Words(host.Run(Grant("/bin/sh", "-c", "head -c 4 /etc/passwd; echo; ls -A /run | wc -l; touch /etc/x 2>/dev/null || echo read-only")).Stdout));

    [Fact]
    public void No_descriptor_of_the_helper_s_reaches_it() =>
        Assert.Equal("0 1 2 3", Words(host.Run(Grant("/bin/ls", "/proc/self/fd")).Stdout));

    [Fact]
    public void It_sees_no_process_but_its_own_and_no_network() => Assert.Equal(
        "2 lo", Words(host.Run(Grant("/bin/sh", "-c", "set -- /proc/[0-9]*; echo $#; sed -n 's/^ *\\([a-z0-9]*\\):.*/\\1/p' /proc/net/dev")).Stdout));

    [Theory]
    [InlineData("DAC_READ_SEARCH", "0000000000000004")]
    [InlineData("KILL", "0000000000000020")]
    public void It_has_exactly_the_capability_that_is_granted_also_as_another_user(string capability, string mask)
    {
        var grant = Grant(t => t with { Uid = 61001, Gid = 61002, Groups = [61003] }, "/bin/sh", "-c", "id -u; id -g; id -G; grep -E '^Cap(Eff|Bnd):' /proc/self/status")
            with { Privileges = new PrivilegeSet([new Privilege.Capability(capability)]) };

        Assert.Equal($"61001 61002 61002 61003 CapEff: {mask} CapBnd: {mask}", Words(host.Run(grant).Stdout));
    }

    [Fact]
    public void A_log_is_read_with_DAC_READ_SEARCH_and_not_without()
    {
        var secret = Path.Combine(host.Prefix, "secret");
        File.WriteAllText(secret, "a line\n");
        File.SetUnixFileMode(secret, UnixFileMode.UserRead);
        var reader = Grant(t => t with { Uid = 61001, Gid = 61001 }, "/bin/cat", secret);

        Assert.Equal("a line\n", host.Run(reader with { Privileges = new PrivilegeSet([new Privilege.Capability("DAC_READ_SEARCH")]) }).Stdout);
        Assert.Contains("Permission denied", host.Run(reader with { Id = GrantId.Of(Guid.CreateVersion7()), Privileges = PrivilegeSet.Baseline }).Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public void A_granted_folder_is_written_and_nothing_beside_it()
    {
        var folder = Directory.CreateDirectory($"{host.Prefix}/data").FullName;
        var grant = Grant("/bin/sh", "-c", $"echo here > {folder}/file; echo there > {host.Prefix}/file; echo $?")
            with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.UnrestrictedVolume(folder, true, false)]) };

        Assert.Equal("2\n", host.Run(grant).Stdout);
        Assert.Equal("here\n", File.ReadAllText($"{folder}/file"));
        Assert.False(File.Exists($"{host.Prefix}/file"));
    }

    [Fact]
    public void A_folder_that_is_granted_read_only_below_run_is_there_and_stays_as_it_is()
    {
        var folder = Directory.CreateDirectory($"/run/{Path.GetFileName(host.Prefix)}/data").FullName;
        File.WriteAllText($"{folder}/file", "word");
        var grant = Grant("/bin/sh", "-c", $"cat {folder}/file; ls -A /run; echo x 2>/dev/null > {folder}/file || echo stays; touch /run/x || echo 'as does /run'")
            with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.UnrestrictedVolume(folder, false, false)]) };

        var answer = host.Run(grant);
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);

        Assert.Equal($"word{Path.GetFileName(host.Prefix)}\nstays\nas does /run\n", answer.Stdout);
    }

    [Fact]
    public void A_granted_device_is_there_with_its_mode_and_no_other()
    {
        var grant = Grant("/bin/sh", "-c", "stat -c '%F %a' /dev/kmsg; test -e /dev/mem || echo none") with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.Device("/dev/kmsg", false)]) };

        Assert.Equal("character special file 400 none", Words(host.Run(grant).Stdout));
    }

    [Fact]
    public void The_host_s_network_and_pids_are_seen_where_they_are_granted()
    {
        var grant = Grant("/bin/sh", "-c", "readlink /proc/self/ns/net; readlink /proc/self/ns/pid") with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.HostNetwork(), new Privilege.HostPidNamespace()]) };

        Assert.Equal($"{Tool.Run("/bin/readlink", "/proc/self/ns/net")}{Tool.Run("/bin/readlink", "/proc/self/ns/pid")}", host.Run(grant).Stdout);
    }

    [Fact]
    public void Unconfined_is_the_host_itself_with_all_that_its_root_has()
    {
        var file = $"{host.Prefix}/unconfined";
        var grant = Grant("/bin/sh", "-c", $"readlink /proc/self/ns/mnt; grep CapEff /proc/self/status; echo x > {file}") with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.Unconfined()]) };

        Assert.Equal($"{Tool.Run("/bin/readlink", "/proc/self/ns/mnt")}{Tool.Run("/bin/grep", "CapEff", "/proc/self/status")}", host.Run(grant).Stdout);
        Assert.True(File.Exists(file));
    }

    [Fact]
    public void Unconfined_as_another_user_is_that_user()
    {
        var grant = Grant(t => t with { Uid = 61001, Gid = 61002, Groups = [61003] }, "/bin/sh", "-c", "id -u; id -G; grep CapEff /proc/self/status") with { Privileges = new PrivilegeSet([new Privilege.Unconfined()]) };

        Assert.Equal("61001 61002 61003 CapEff: 0000000000000000", Words(host.Run(grant).Stdout));
    }

    [Fact]
    public void It_has_the_environment_the_folder_and_the_arguments_that_were_signed_and_nothing_else()
    {
        var env = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("A", "b\nc"), KeyValuePair.Create("HOME", "/")]);
        var grant = Grant(t => t with { Env = env, Workdir = "/etc" }, "/bin/sh", "-c", "pwd; tr '\\0' '|' < /proc/self/environ; for a; do printf '[%s]' \"$a\"; done", "sh", "", "a b", "x\\", "--", "-n", "\u202e$(id)`id`", "é");

        Assert.Equal("/etc\nA=b\nc|HOME=/|[][a b][x\\][--][-n][\u202e$(id)`id`][é]", host.Run(grant).Stdout);
    }

    [Fact]
    public void Its_exit_code_and_both_streams_come_back_with_a_receipt_that_the_host_has_signed()
    {
        var answer = host.Run(Grant("/bin/sh", "-c", "echo out; echo err >&2; exit 7"));

        Assert.Equal(("out\n", "err\n"), (answer.Stdout, answer.Stderr));
        Assert.Equal((7, RootEnd.Exited), (answer.Receipt!.ExitCode, answer.Receipt.How));
        Assert.Equal(new OutputDigest(4, Digest.Of("out\n")), answer.Receipt.Stdout);
        Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes(File.ReadAllLines($"{host.State}/log")[^1] + "\n")), answer.Receipt.LogHead);
        var (signers, signature) = ($"{host.Prefix}/signers", $"{host.Prefix}/signature");
        File.WriteAllText(signers, $"web-1 {File.ReadAllText($"{host.State}/key.pub")}");
        File.WriteAllText(signature, answer.Signature);
        Assert.Contains("Good", Tool.Run(answer.ReceiptBytes, "/usr/bin/ssh-keygen", "-Y", "verify", "-f", signers, "-I", "web-1", "-n", "fleet-receipt", "-s", signature), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("kill -KILL $$", 137)]
    public void It_has_its_signals_as_every_program_has_them(string script, int code) => Assert.Equal(code, host.Run(Grant("/bin/sh", "-c", script)).Receipt?.ExitCode);

    [Fact]
    public void What_is_signed_and_ran_is_in_the_root_log_in_order()
    {
        var grant = Grant("/bin/true");
        host.Run(grant);

        var log = host.Log();
        Assert.Equal([RootAct.Starting, RootAct.Ended], log.Select(e => e.What));
        Assert.All(log, e => Assert.Equal((grant.Id, 1, Digest.Of(GrantFormat.Write(grant))), (e.Grant!.Value, e.Use!.Value, e.Document!.Value)));
        Assert.All(log, e => Assert.Equal(["alice", "bob"], e.Signers.Select(s => s.Split(' ')[0])));
    }

    [Fact]
    public void A_program_that_is_bound_by_its_digest_runs_as_it_was_signed()
    {
        var script = $"{host.Prefix}/script";
        File.WriteAllText(script, "#!/bin/sh\necho \"$@\"\n");
        File.SetUnixFileMode(script, (UnixFileMode)0x1FF);
        var digest = Digest.Of(File.ReadAllBytes(script));

        Assert.Equal("one two\n", host.Run(Grant(t => t with { Program = digest }, script, "one", "two")).Stdout);
    }

    [Fact]
    public void What_does_not_start_tells_why_and_has_its_end()
    {
        File.WriteAllBytes($"{host.Prefix}/garbage", [0, 1, 2, 3]);
        File.SetUnixFileMode($"{host.Prefix}/garbage", (UnixFileMode)0x1ED);

        var answer = host.Run(Grant($"{host.Prefix}/garbage"));

        Assert.NotEqual(0, answer.Receipt!.ExitCode);
        Assert.Contains("garbage", answer.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public void No_mount_but_a_granted_one_can_be_written_has_devices_or_set_user_id_programs()
    {
        var folder = Directory.CreateDirectory($"{host.Prefix}/data").FullName;
        var mounts = host.Run(Grant("/bin/cat", "/proc/self/mountinfo") with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.UnrestrictedVolume(folder, true, false)]) }).Stdout;

        var own = (string[])["/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys/firmware", "/sys/fs/cgroup", "/etc/sv", folder];
        var entries = mounts.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).Select(f => (Point: f[4], Options: f[5].Split(','))).ToList();
        Assert.All(entries.Where(e => !own.Contains(e.Point) && !e.Point.StartsWith("/proc/", StringComparison.Ordinal) && !e.Point.StartsWith("/dev/", StringComparison.Ordinal)),
            e => Assert.Equal(["ro", "nosuid", "nodev"], e.Options.Where(o => o is "rw" or "ro" or "nosuid" or "nodev")));
        Assert.Contains("ro", entries.Single(e => e.Point == "/").Options);
        Assert.Equal(["rw", "nosuid", "nodev", "noexec"], entries.Single(e => e.Point == folder).Options.Where(o => o is not "relatime"));
    }

    [Fact]
    public void A_working_directory_that_is_not_there_is_refused_and_not_made()
    {
        Assert.Equal(RootDenial.UnsafePath, host.Run(Grant(t => t with { Workdir = $"{host.Prefix}/nowhere" }, "/bin/true")).Refusal?.Code);
        Assert.False(Directory.Exists($"{host.Prefix}/nowhere"));
    }

    [Fact]
    public void Unconfined_and_bound_by_its_digest_it_has_the_arguments_that_were_signed_and_cannot_change_what_runs()
    {
        var python = "/usr/bin/python3";
        var digest = Digest.Of(File.ReadAllBytes(python));
        var grant = Grant(t => t with { Program = digest }, python, "-c", "import os,sys; print(open('/proc/self/cmdline').read().split(chr(0))[0])\ntry: os.write(3, b'x')\nexcept OSError as e: print(e.strerror)")
            with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.Unconfined()]) };

        Assert.Equal($"{python}\nOperation not permitted\n", host.Run(grant).Stdout);
    }

    [Fact]
    public void A_capability_that_the_machine_cannot_give_is_named()
    {
        var bounding = Convert.ToUInt64(Tool.Run("/bin/sed", "-n", "s/^CapBnd:\t//p", "/proc/self/status").Trim(), 16);
        var missing = CapabilityNames.All.Where((_, i) => (bounding >> i & 1) == 0).ToArray();
        var grant = Grant("/bin/true") with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), .. CapabilityNames.All.Select(c => new Privilege.Capability(c))]) };

        var answer = host.Run(grant);

        // A machine that has all can give all.
        Assert.Equal(missing.Length > 0 ? RootDenial.CannotRun : null, answer.Refusal?.Code);
        Assert.All(missing, name => Assert.Contains($"CAP_{name}", answer.Refusal!.Message, StringComparison.Ordinal));
    }

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
