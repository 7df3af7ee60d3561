using System.Collections.Immutable;
using Fleet.Sandboxes;

namespace Fleet.Host.Hosts;

/// <summary>Where a host keeps what decides about root, and how far doctor looks for programs that run as root.</summary>
/// <param name="Prefix">Goes before every path; empty on an installed host.</param>
public sealed record RootPlaces(string Prefix = "")
{
    private const string InPrefix = "/etc/fleet/root";

    /// <summary>Of which prefix a folder with a policy is; one that is elsewhere is of the installed host.</summary>
    public static RootPlaces Of(string folder) => new(folder.EndsWith(InPrefix, StringComparison.Ordinal) ? folder[..^InPrefix.Length] : "");

    /// <summary>Of the policy and the keys: what root has decided.</summary>
    public string Folder => $"{Prefix}{InPrefix}";

    public string Policy => $"{Folder}/policy.json";

    /// <summary>Who can sign, and by which keys (ssh-keygen(1), ALLOWED SIGNERS).</summary>
    public string Signers => $"{Folder}/allowed_signers";

    /// <summary>The root helper's own: its log, and the uses that are burnt.</summary>
    public string State => $"{Prefix}/var/lib/fleet-root";

    /// <summary>Where the root helper looks for the system-call filter of its tasks.</summary>
    public string SeccompFilter => $"{State}/seccomp-{Digest.Of(SeccompProfile.Text).Short}.bpf";

    public string Run => $"{Prefix}/run/fleet-root";

    public string Socket => $"{Run}/root.sock";

    /// <summary>Empty; the helper mounts there what its task sees.</summary>
    public string Work => $"{Run}/work";

    /// <summary>The program that runs as root.</summary>
    public string Helper { get; init; } = ThisProgram.RootHelper;

    public string SocketUnit => $"{Prefix}/etc/systemd/system/fleet-root.socket";

    public string ServiceUnit => $"{Prefix}/etc/systemd/system/fleet-root@.service";

    public string TemporaryFiles => $"{Prefix}/etc/tmpfiles.d/fleet-root.conf";

    public string Sudoers => $"{Prefix}/etc/sudoers";

    public string Doas => $"{Prefix}/etc/doas.conf";

    /// <summary>Whoever writes to one of these has its daemon do anything as root.</summary>
    public ImmutableArray<string> Daemons => Below(
        "run/docker.sock", "run/podman/podman.sock", "run/containerd/containerd.sock", "run/crio/crio.sock", "run/k3s/containerd/containerd.sock",
        "var/lib/lxd/unix.socket", "var/snap/lxd/common/lxd/unix.socket", "var/lib/incus/unix.socket");

    /// <summary>As the others, but where all may write to one, polkit asks again.</summary>
    public ImmutableArray<string> VirtualMachines => Below("run/libvirt/libvirt-sock", "run/libvirt/virtqemud-sock");

    /// <summary>Where packages put programs that run as root.</summary>
    public ImmutableArray<string> UsualPrograms =>
        Below("bin", "sbin", "lib", "lib64", "usr/bin", "usr/sbin", "usr/lib", "usr/lib32", "usr/lib64", "usr/libexec");

    /// <summary>Where people put them.</summary>
    public ImmutableArray<string> OtherPrograms => Below("usr/local", "opt", "home");

    /// <summary>Of one tree; doctor says where it stopped.</summary>
    public int MostEntries { get; init; } = 250_000;

    /// <summary>For all trees together.</summary>
    public TimeSpan LongestSearch { get; init; } = TimeSpan.FromSeconds(15);

    private ImmutableArray<string> Below(params string[] names) => [.. names.Select(name => $"{Prefix}/{name}")];
}
