using Fleet.Client.Linux;
using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

public sealed class SetUidProgramsTests : IDisposable
{
    private const int SetUid = 0x9ED, SetGid = 0x5ED; // 4755, 2755

    private readonly RootOfAHost host = new();

    public void Dispose() => host.Dispose();

    [SkippableTheory]
    [InlineData("usr/bin/passwd", SetUid, "0:0", null, null)]
    [InlineData("usr/local/bin/tool", 0x1ED, "0:0", null, null)]
    [InlineData("usr/local/bin/tool", SetUid, "4300:0", null, null)] // becomes somebody, not root
    [InlineData("home/ann/tool", 0x9C0, "0:0", null, null)] // 4700: root's alone
    [InlineData("opt/x/tool", SetUid, "0:0", DoctorStatus.Warn, "where no package puts such")]
    [InlineData("opt/x/tool", SetGid, "0:0", DoctorStatus.Warn, "where no package puts such")]
    [InlineData("home/ann/tool", SetUid, "0:0", DoctorStatus.Warn, "where no package puts such")]
    [InlineData("usr/bin/passwd", 0x9FF, "0:0", DoctorStatus.Fail, "can be written by others")]
    [InlineData("usr/lib/x/passwd", 0x9FD, "0:4243", DoctorStatus.Fail, "can be written by others")]
    [InlineData("usr/bin/bash", SetUid, "0:0", DoctorStatus.Fail, "is an interpreter and set-uid root")]
    [InlineData("usr/bin/python3.11", SetUid, "0:0", DoctorStatus.Fail, "is an interpreter and set-uid root")]
    [InlineData("state/vcap/packages/p/tool", SetUid, "0:0", DoctorStatus.Fail, "in the agent's own folders")]
    [InlineData("state/deep/tool", 0x9C0, "0:0", DoctorStatus.Fail, "in the agent's own folders")]
    public void A_program_is_judged_by_what_it_becomes_and_where_it_lies(string path, int mode, string owner, DoctorStatus? status, string? why)
    {
        var file = host.Write($"{host.Folder}/{path}", "", mode, owner);
        var line = Assert.Single(Check());
        Assert.Equal(status ?? DoctorStatus.Ok, line.Status);
        if (why is not null)
        {
            Assert.StartsWith($"{file} ", line.Detail);
            Assert.Contains(why, line.Detail);
            Assert.Matches($"^chmod u-s,g-s(,go-w)? {file}$", line.Remedy);
        }
    }

    [SkippableFact]
    public void The_remedy_is_one()
    {
        var file = host.Write($"{host.Folder}/opt/tool", "", SetUid);
        var remedy = Assert.Single(Check()).Remedy!.Split(' ');
        Assert.True(new Command(remedy[0], remedy[1..]).Run().Result.Succeeded);
        Assert.Equal((DoctorStatus.Ok, 0), (Assert.Single(Check()).Status, (int)File.GetUnixFileMode(file) & 0xC00));
    }

    [SkippableTheory]
    [InlineData("cap_setuid=ep", DoctorStatus.Fail)]
    [InlineData("cap_bpf=ep", DoctorStatus.Fail)] // in the upper half of the set
    [InlineData("cap_net_bind_service=ep", DoctorStatus.Warn)]
    public void An_interpreter_with_capabilities_has_them_for_whatever_it_runs(string capabilities, DoctorStatus status)
    {
        var file = host.Write($"{host.Folder}/usr/bin/python3.11", "", 0x1ED);
        var set = new Command("setcap", capabilities, file).Run().Result;
        Skip.IfNot(set.Succeeded, $"setcap: {set.Error}");
        var line = Assert.Single(Check());
        Assert.Equal((status, $"setcap -r {file}"), (line.Status, line.Remedy));
    }

    [SkippableFact]
    public void What_the_agent_cannot_reach_and_links_are_passed_over()
    {
        var hidden = host.MakeFolder($"{host.Folder}/home/ann", 0x1C0);
        host.Write($"{hidden}/below/tool", "", SetUid);
        host.Write($"{host.Folder}/elsewhere/tool", "", SetUid);
        host.MakeFolder($"{host.Folder}/opt");
        File.CreateSymbolicLink($"{host.Folder}/opt/link", $"{host.Folder}/elsewhere");
        File.CreateSymbolicLink($"{host.Folder}/opt/tool", $"{host.Folder}/elsewhere/tool");
        Assert.Equal(DoctorStatus.Ok, Assert.Single(Check()).Status);
        host.MakeFolder(hidden, 0x1C1);
        Assert.StartsWith($"{hidden}/below/tool", Assert.Single(Check()).Detail);
    }

    [SkippableFact]
    public void The_worst_is_named_first_and_the_others_after_it()
    {
        host.Write($"{host.Folder}/opt/a", "", SetUid);
        host.Write($"{host.Folder}/opt/b", "", SetUid);
        host.Write($"{host.Folder}/state/c", "", SetUid);
        var line = Assert.Single(Check());
        Assert.Equal((DoctorStatus.Fail, $"{host.Folder}/state/c is set-uid root in the agent's own folders; also {host.Folder}/opt/a, {host.Folder}/opt/b"), (line.Status, line.Detail));
    }

    [SkippableFact]
    public void A_search_that_stops_early_says_where_and_hides_no_other_tree()
    {
        foreach (var i in Enumerable.Range(0, 9))
        {
            host.Write($"{host.Folder}/opt/{i}");
        }

        host.Write($"{host.Folder}/home/tool", "", SetUid);
        var lines = SetUidPrograms.Check(host.Agent, host.Options.Paths, host.Places with { MostEntries = 5 });
        Assert.Equal([DoctorStatus.Warn, DoctorStatus.Warn], lines.Select(line => line.Status));
        Assert.StartsWith($"{host.Folder}/home/tool", lines[0].Detail);
        Assert.Equal(
            ($"not all was looked at: {host.Folder}/opt after 5 entries", $"sudo find {host.Folder}/opt -xdev -type f -perm /6000"), (lines[1].Detail, lines[1].Remedy));
        Assert.Contains("after 0 entries", SetUidPrograms.Check(host.Agent, host.Options.Paths, host.Places with { LongestSearch = TimeSpan.Zero })[1].Detail);
    }

    private DoctorLine[] Check() => SetUidPrograms.Check(host.Agent, host.Options.Paths, host.Places);
}
