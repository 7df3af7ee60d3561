using System.Globalization;
using Fleet.Host.Hosts;
using Fleet.Host.Linux;
using Fleet.Processes;

namespace Fleet.Host.Tests.Whole;

/// <summary>The root helper as `fleet up` starts it, beside a real agent.</summary>
[Collection("host init")]
public sealed class RootHelperStartTests
{
    private const string TwoPeople = "\"threshold\":2,\"requester_counts\":false", OnePerson = "\"threshold\":1,\"requester_counts\":true";

    [SkippableFact]
    public async Task The_socket_is_there_for_the_agents_group_and_goes_with_the_agent()
    {
        await using var host = await Begin();
        WritePolicy(host, TwoPeople);
        await host.StartAgent();
        var said = await Start(host);
        Assert.Equal($"fleet up: what 2 people approve can run as root here while this agent runs ({Root(host).Policy})\n", said);
        await Until("it listens", () => File.Exists(Root(host).Socket));
        var socket = Files.Lstat(Root(host).Socket, out _)!.Value;
        Assert.Equal((0u, (uint)Accounts.GroupId(host.Options.User)!, 0x1B0u), (socket.User, socket.Group, socket.Permissions));
        var keeper = Assert.Single(Helpers(host, "--keep"));
        Assert.NotEqual(Environment.ProcessId, keeper.Parent); // nothing that the agent would have to wait for
        var listener = Assert.Single(Helpers(host, "--listen"), process => process.Parent == keeper.Pid);
        Assert.Equal(0, OtherProcess.Kill(listener.Pid, (int)StopSignal.Kill));
        await Until("another listens", () => Helpers(host, "--listen").Any(process => process.Pid != listener.Pid));
        var doctor = (await Doctor.Run(host.Options)).Where(line => line.Name.StartsWith("root helper", StringComparison.Ordinal) && line.Name != "root helper");
        Assert.All(doctor, line => Assert.True(line.Status == DoctorStatus.Ok, line.ToString()));
        await host.KillAgent();
        await Until("it is gone", () => !File.Exists(Root(host).Socket) && !Helpers(host).Any());
    }

    [SkippableFact]
    public async Task A_host_where_one_person_alone_can_have_root_is_told_so_loudly()
    {
        await using var host = await Begin();
        WritePolicy(host, OnePerson);
        await host.StartAgent();
        Assert.Contains("***** WARNING: one person alone can have root here: the threshold is 1, and who asks counts", await Start(host), StringComparison.Ordinal);
        await host.KillAgent();
        await Until("it is gone", () => !Helpers(host).Any());
    }

    [SkippableFact]
    public async Task Where_root_wrote_no_policy_or_no_good_one_or_systemd_serves_nothing_is_started_and_that_is_said()
    {
        await using var host = await Begin();
        Assert.Equal($"fleet up: nothing runs as root here: there is no {Root(host).Policy}; docs/root.md says how to write one\n", await Start(host));
        WritePolicy(host, "\"threshold\":0,\"requester_counts\":false");
        Assert.Contains("the threshold is at least 1; got 0", await Start(host), StringComparison.Ordinal);
        WritePolicy(host, TwoPeople);
        File.SetUnixFileMode(Root(host).Policy, (UnixFileMode)0x1B6);
        Assert.Contains("can be written by others than root", await Start(host), StringComparison.Ordinal);
        WritePolicy(host, TwoPeople);
        Directory.CreateDirectory(Path.GetDirectoryName(Root(host).SocketUnit)!);
        await File.WriteAllTextAsync(Root(host).SocketUnit, "");
        Assert.Contains("systemd has the root helper's socket, so none is started", await Start(host), StringComparison.Ordinal);
        Assert.Empty(Helpers(host));
    }

    private static RootPlaces Root(WholeHost host) => host.Options.Root;

    private static async Task<WholeHost> Begin()
    {
        Skip.IfNot(File.Exists(ThisProgram.RootHelper), $"{ThisProgram.RootHelper} is missing: run build/root-helper.sh, then build again");
        return await WholeHost.Prepare();
    }

    private static void WritePolicy(WholeHost host, string people)
    {
        File.Delete(Root(host).Policy);
        File.WriteAllText(Root(host).Policy, $$"""
            {"fleet_root_policy":1,"fleet":"shop","host":"host-1","labels":{},"agent":{{Accounts.User(host.Options.User)!.Uid}},{{people}},"required_teams":[],
             "longest_timeout_seconds":600,"longest_window_seconds":86400,"break_glass":null}
            """);
    }

    // In this process, which is root as `fleet up` is then; the agent runs already, where `fleet up` becomes it.
    private static async Task<string> Start(WholeHost host)
    {
        var said = new StringWriter();
        await new RootHelperStart(host.Options, host.AgentPid, said).Run();
        return said.ToString();
    }

    private static IEnumerable<(int Pid, int Parent)> Helpers(WholeHost host, string word = "fleet-root-helper") => Directory.GetDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
        .Where(pid => pid != 0 && Proc.CommandLine(pid) is { } line && line.Contains(word, StringComparison.Ordinal) && line.Contains(host.Options.RootPrefix, StringComparison.Ordinal))
        .Select(pid => (pid, int.Parse(File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ')[1], CultureInfo.InvariantCulture)));

    private static async Task Until(string what, Func<bool> condition)
    {
        for (var tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 600, $"not so in time: {what}");
            await Task.Delay(50);
        }
    }
}
