namespace Fleet.RootHelper;

/// <summary>Where the helper's files are. Only root decides it, by the command that starts the helper; nothing that an agent sends can name a place.</summary>
/// <param name="Prefix">Before every path; empty on an installed host.</param>
internal sealed record Places(string Prefix)
{
    /// <summary>What root has decided, and the keys of those who may sign.</summary>
    public string Policy => $"{Prefix}/etc/fleet/root/policy.json";

    public string Signers => $"{Prefix}/etc/fleet/root/allowed_signers";

    /// <summary>Mode 0700.</summary>
    public string State => $"{Prefix}/var/lib/fleet-root";

    /// <summary>A file for each use that is burnt, for ever.</summary>
    public string Uses => $"{State}/uses";

    public string Revoked => $"{State}/revoked";

    /// <summary>A file for each use that runs, locked by the helper that runs it.</summary>
    public string Running => $"{State}/running";

    public string Log => $"{State}/log";

    /// <summary>How many refusals there were lately.</summary>
    public string Refusals => $"{State}/refusals";

    /// <summary>The key by which receipts are signed, and beside it its public half.</summary>
    public string Key => $"{State}/key";

    /// <summary>The system-call filter, compiled beforehand for this profile.</summary>
    public string SeccompFilter(Digest profile) => $"{State}/seccomp-{profile.Short}.bpf";

    public string Run => $"{Prefix}/run/fleet-root";

    public string Socket => $"{Run}/root.sock";

    /// <summary>A folder for each process of a job that the helper started, until all of it is gone and in the log. Mode 0700.</summary>
    public string Jobs => $"{State}/jobs";

    /// <summary>Where conmon says how they ended; everybody may look.</summary>
    public string Exits => $"{Run}/exits";

    /// <summary>An empty folder; a task's own mounts are made here, in a namespace where nobody else sees them.</summary>
    public string Work => $"{Run}/work";
}
