using System.Collections.Immutable;

namespace Fleet.Host.Hosts;

/// <summary>Where a host keeps what decides about root, and how far doctor looks for programs that run as root.</summary>
/// <param name="Prefix">Goes before every path; empty on an installed host.</param>
public sealed record RootPlaces(string Prefix = "")
{
    public string Policy => $"{Prefix}/etc/fleet/root/policy.json";

    /// <summary>Who can sign, and by which keys (ssh-keygen(1), ALLOWED SIGNERS).</summary>
    public string Signers => $"{Prefix}/etc/fleet/root/allowed_signers";

    /// <summary>The root helper's own: its log, and the uses that are burnt.</summary>
    public string State => $"{Prefix}/var/lib/fleet-root";

    public string Socket => $"{Prefix}/run/fleet-root/root.sock";

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
