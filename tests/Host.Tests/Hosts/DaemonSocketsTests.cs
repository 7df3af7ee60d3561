using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

public sealed class DaemonSocketsTests : IDisposable
{
    private readonly RootOfAHost host = new();

    public void Dispose() => host.Dispose();

    [SkippableTheory]
    [InlineData("run/docker.sock", 0x1B6, "0:0", "chmod o-w")]
    [InlineData("run/podman/podman.sock", 0x1B0, "0:4243", "gpasswd --delete fleet-x gid 4243")]
    [InlineData("run/containerd/containerd.sock", 0x1B0, "4242:0", "chown root")]
    [InlineData("run/crio/crio.sock", 0x1B0, "0:4242", "gpasswd --delete fleet-x gid 4242")]
    [InlineData("run/libvirt/libvirt-sock", 0x1B0, "0:4243", "gpasswd --delete")]
    public void A_daemons_socket_that_the_agent_can_write_is_as_good_as_root(string path, int mode, string owner, string remedy)
    {
        host.Listen($"{host.Folder}/{path}", mode, owner);
        var line = Check();
        Assert.Equal(DoctorStatus.Fail, line.Status);
        Assert.Contains(path, line.Detail);
        Assert.StartsWith(remedy, line.Remedy);
    }

    [SkippableTheory]
    [InlineData("run/docker.sock", 0x1B0, "0:999", 0x1ED)] // of a group of others
    [InlineData("run/docker.sock", 0x1A4, "0:4243", 0x1ED)] // to be read alone
    [InlineData("run/docker.sock", 0x106, "4242:0", 0x1ED)] // an owner without the right does not get that of others
    [InlineData("run/podman/podman.sock", 0x1B6, "0:0", 0x1C0)] // in a closed folder
    public void A_socket_that_the_agent_cannot_write_or_not_reach_is_none_of_its(string path, int mode, string owner, int folder)
    {
        host.Listen($"{host.Folder}/{path}", mode, owner);
        host.MakeFolder(Path.GetDirectoryName($"{host.Folder}/{path}")!, folder);
        Assert.Equal(DoctorStatus.Ok, Check().Status);
    }

    [SkippableFact]
    public void Libvirts_socket_for_all_is_polkits_to_judge()
    {
        host.Listen($"{host.Folder}/run/libvirt/libvirt-sock", 0x1B6, "0:0");
        Assert.Equal(DoctorStatus.Warn, Check().Status);
        Assert.Contains("polkit alone decides", Check().Detail);
    }

    private DoctorLine Check() => DaemonSockets.Check(host.Agent, host.Places);
}
