using Fleet.Grants;
using Fleet.Privileges;
using Fleet.RootTasks;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>What the agent's user can write cannot become what root runs, nor lead it anywhere.</summary>
public sealed class PathTests : IClassFixture<Keys>, IDisposable
{
    private readonly HelperHost host;
    private readonly string agents;

    public PathTests(Keys keys)
    {
        host = new HelperHost(keys);
        agents = Directory.CreateDirectory($"{host.Prefix}/agents").FullName;
        Own(agents);
    }

    public void Dispose() => host.Dispose();

    [Fact]
    public void A_program_that_the_agent_can_write_is_not_run()
    {
        var program = Script($"{agents}/program", "echo mine");
        AssertRefused(Grant(program));

        var copied = Script($"{host.Prefix}/program", "echo mine");
        Own(copied);
        AssertRefused(Grant(copied));
    }

    [Fact]
    public void A_program_of_root_s_in_a_folder_that_the_agent_can_write_is_not_run() => AssertRefused(Grant(Script($"{agents}/of-root", "echo mine")));

    [Fact]
    public void A_link_of_the_agent_s_to_a_program_of_root_s_is_not_followed()
    {
        File.CreateSymbolicLink($"{agents}/link", "/bin/true");

        AssertRefused(Grant($"{agents}/link"));
    }

    [Fact]
    public void A_script_of_root_s_whose_interpreter_the_agent_can_write_is_not_run()
    {
        var interpreter = Script($"{agents}/interpreter", "echo mine");
        File.WriteAllText($"{host.Prefix}/script", $"#!{interpreter}\n");
        File.SetUnixFileMode($"{host.Prefix}/script", (UnixFileMode)0x1ED);

        AssertRefused(Grant($"{host.Prefix}/script"));
    }

    [Theory]
    [InlineData("#!bin/sh\n")]
    [InlineData("#!../bin/sh\n")]
    [InlineData("#! \n")]
    [InlineData("#!/bin/\u00e9\n")]
    public void A_script_whose_interpreter_is_not_an_absolute_path_is_not_run(string line)
    {
        File.WriteAllText($"{host.Prefix}/script", line);
        File.SetUnixFileMode($"{host.Prefix}/script", (UnixFileMode)0x1ED);

        AssertRefused(Grant($"{host.Prefix}/script"));
    }

    [Fact]
    public void A_working_directory_that_the_agent_can_exchange_is_none()
    {
        Directory.CreateDirectory($"{agents}/work");
        Directory.CreateSymbolicLink($"{agents}/link", "/etc");

        AssertRefused(Grant(t => t with { Workdir = $"{agents}/work" }, "/bin/true"));
        AssertRefused(Grant(t => t with { Workdir = $"{agents}/link" }, "/bin/true"));
        AssertRefused(Grant(t => t with { Workdir = "/etc/passwd" }, "/bin/true"));
    }

    [Fact]
    public void A_folder_that_is_granted_read_only_below_one_that_may_be_written_stays_as_it_is()
    {
        var inner = Directory.CreateDirectory($"{host.Prefix}/data/inner").FullName;
        var grant = Grant("/bin/sh", "-c", $"echo x > {host.Prefix}/data/file; echo x > {inner}/file; true") with
        {
            Privileges = new PrivilegeSet(
                [new Privilege.RunAsRoot(), new Privilege.UnrestrictedVolume($"{host.Prefix}/data", true, false), new Privilege.UnrestrictedVolume(inner, false, false)]),
        };

        Assert.Contains("Read-only", host.Run(grant).Stderr, StringComparison.Ordinal);
        Assert.True(File.Exists($"{host.Prefix}/data/file"));
        Assert.False(File.Exists($"{inner}/file"));
    }

    [Fact]
    public void What_the_host_has_mounted_read_only_stays_so_below_a_folder_that_may_be_written()
    {
        var inner = Directory.CreateDirectory($"{host.Prefix}/data/inner").FullName;
        Tool.Run("/bin/mount", "--bind", inner, inner);
        Tool.Run("/bin/mount", "-o", "remount,ro,bind", inner);
        try
        {
            Assert.Contains("Read-only", host.Run(Grant("/bin/sh", "-c", $"echo x > {inner}/file") with
            {
                Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.UnrestrictedVolume($"{host.Prefix}/data", true, false)]),
            }).Stderr, StringComparison.Ordinal);
        }
        finally
        {
            Tool.Run("/bin/umount", inner);
        }
    }

    [Fact]
    public void The_copy_of_a_program_is_nowhere_on_the_host_also_where_all_of_run_is_granted()
    {
        var script = Script($"{host.Prefix}/bound", "echo here; ls /.fleet-program");
        var grant = Grant(t => t with { Program = Digest.Of(File.ReadAllBytes(script)) }, script) with
        {
            Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.UnrestrictedVolume("/run", true, false)]),
        };

        Assert.Equal("here\nbound\n", host.Run(grant).Stdout);
        Assert.False(Directory.Exists("/.fleet-program"));
        Assert.False(Directory.Exists("/run/program"));
    }

    [Fact]
    public void A_program_that_was_exchanged_after_it_was_signed_is_not_run()
    {
        var program = Script($"{agents}/program", "echo signed");
        Own(program);
        var grant = Grant(t => t with { Program = Digest.Of(File.ReadAllBytes(program)), UsesPerHost = 2 }, program);
        var signed = host.Signed(grant, "bob");
        Assert.Equal("signed\n", host.Ask(signed).Stdout);

        Script(program, "echo exchanged");

        Assert.Equal(RootDenial.UnsafePath, host.Ask(signed with { Use = 2 }).Refusal?.Code);
    }

    [Fact]
    public void A_program_that_is_exchanged_all_the_while_is_the_signed_one_or_none()
    {
        var program = Script($"{agents}/program", "echo signed");
        var digest = Digest.Of(File.ReadAllBytes(program));
        Script($"{agents}/other", "echo exchanged");
        var outputs = WhileExchanging(program, $"{agents}/other", () => host.Run(Grant(t => t with { Program = digest }, program)));

        Assert.All(outputs, answer => Assert.True(answer.Stdout is "signed\n" || (answer.Stdout is "" && answer.Receipt is null), answer.ToString()));
    }

    [Fact]
    public void A_granted_folder_that_is_a_link_or_lies_behind_one_is_not_mounted()
    {
        Directory.CreateSymbolicLink($"{agents}/data", "/etc");
        Directory.CreateDirectory($"{host.Prefix}/real/data");
        Directory.CreateSymbolicLink($"{agents}/way", $"{host.Prefix}/real");

        AssertRefused(Writer($"{agents}/data"));
        AssertRefused(Writer($"{agents}/way/data"));
        AssertRefused(Writer($"{agents}/missing"));
    }

    [Fact]
    public void A_granted_folder_that_is_exchanged_for_a_link_all_the_while_leads_nowhere_else()
    {
        var (data, victim) = (Directory.CreateDirectory($"{agents}/data").FullName, Directory.CreateDirectory($"{host.Prefix}/victim").FullName);
        Directory.CreateSymbolicLink($"{agents}/other", victim);

        WhileExchanging(data, $"{agents}/other", () => host.Run(Writer(data)));

        Assert.Empty(Directory.GetFileSystemEntries(victim));
    }

    [Fact]
    public void What_is_granted_as_a_device_is_one()
    {
        AssertRefused(With(new Privilege.Device("/dev/nothing", false)));
        AssertRefused(With(new Privilege.Device("/dev/fd", false)));
        AssertRefused(With(new Privilege.Device("/dev/shm", false)));
    }

    [Fact]
    public void What_is_no_program_is_refused_before_a_use_is_burnt()
    {
        AssertRefused(Grant("/etc/passwd"));
        AssertRefused(Grant("/etc"));
        AssertRefused(Grant("/nowhere/at/all"));
    }

    private static GrantDocument With(Privilege privilege) => Grant("/bin/true") with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), privilege]) };

    private static GrantDocument Writer(string folder) =>
        Grant("/bin/sh", "-c", $"echo x > {folder}/file") with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.UnrestrictedVolume(folder, true, false)]) };

    // rename(2) with RENAME_EXCHANGE, which .NET has not: by the shell's mv of names in turn there is a moment without any, which is refused as well.
    private static List<Answer> WhileExchanging(string path, string other, Func<Answer> run)
    {
        using var stop = new CancellationTokenSource();
        var exchanging = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Move(path, $"{path}.aside");
                Move(other, path);
                Thread.SpinWait(2000);
                Move(path, other);
                Move($"{path}.aside", path);
                Thread.SpinWait(2000);
            }
        });
        var answers = Enumerable.Range(0, 25).Select(_ => run()).ToList();
        stop.Cancel();
        exchanging.Wait();
        return answers;
    }

    private static void Move(string from, string to)
    {
        if (new DirectoryInfo(from).Attributes.HasFlag(FileAttributes.Directory))
        {
            Directory.Move(from, to);
        }
        else
        {
            File.Move(from, to);
        }
    }

    private static string Script(string path, string line)
    {
        File.WriteAllText(path, $"#!/bin/sh\n{line}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0x1ED);
        return path;
    }

    private static void Own(string path) => Tool.Run("/bin/chown", Agent.ToString(System.Globalization.CultureInfo.InvariantCulture), path);

    private void AssertRefused(GrantDocument grant)
    {
        var answer = host.Run(grant);
        Assert.Equal(RootDenial.UnsafePath, answer.Refusal?.Code);
        Assert.Equal(RootDenial.UnsafePath, host.Log()[^1].Denial);
        Assert.False(File.Exists($"{host.State}/uses/{grant.Id}.1"));
    }
}
