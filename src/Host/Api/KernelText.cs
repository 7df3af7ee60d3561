using Fleet.Privileges;
using Fleet.Sandboxes;

namespace Fleet.Host.Api;

/// <summary>What a process may do, as declared and as the kernel has it, in the same words, so that two lines can be compared.</summary>
internal static class KernelText
{
    public static string Of(KernelView view) => Line(
        $"uid {view.Uid}, gid {view.Gid}", view.Capabilities, view.Filtered, view.NoNewPrivileges, view.Shared ?? []);

    /// <summary>Of what a process asks for. Whom it runs as, where that is not root, is up to its host's sub-ids.</summary>
    public static string Declared(PrivilegeSet asked) => Line(
        asked.Members.Contains(new Privilege.RunAsRoot()) ? "uid 0, gid 0" : "uid and gid of its own",
        CapabilityNames.All.Where(name => asked.Members.Contains(new Privilege.Capability(name))),
        !asked.Members.Contains(new Privilege.NoSeccomp()),
        !asked.Members.Contains(new Privilege.NewPrivileges()),
        asked.Members.Contains(new Privilege.HostPidNamespace()) ? ["net", "pid", "user"] : ["net", "user"]);

    private static string Line(string who, IEnumerable<string> capabilities, bool seccomp, bool noNewPrivileges, IEnumerable<string> shared) =>
        $"{who}; capabilities {List(capabilities)}; seccomp {Word(seccomp)}; no_new_privs {Word(noNewPrivileges)}; of the host {List(shared)}";

    private static string List(IEnumerable<string> names) => string.Join(' ', names) is { Length: > 0 } list ? list : "none";

    private static string Word(bool on) => on ? "on" : "off";
}
