using System.Collections.Immutable;

namespace Fleet.Sandboxes;

/// <summary>What the kernel says of the main program of a run, beside which stands what was declared (proc(5), namespaces(7)).</summary>
/// <param name="Uid">The real user, as the host counts.</param>
/// <param name="Gid">The real group, as the host counts.</param>
/// <param name="Capabilities">The effective ones, without CAP_, in the order of their numbers. Within a user namespace of its own they are none on the host.</param>
/// <param name="Seccomp">System calls are filtered.</param>
/// <param name="NoNewPrivileges">execve gains nothing.</param>
/// <param name="SharedNamespaces">Those that it shares with the host, such as <c>pid</c>, sorted.</param>
public sealed record KernelView(
    int Uid, int Gid, ImmutableArray<string> Capabilities, bool Seccomp, bool NoNewPrivileges, ImmutableArray<string> SharedNamespaces);
