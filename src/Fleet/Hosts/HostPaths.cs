using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Hosts;

/// <summary>Every path that an agent uses on its host, made here and nowhere else. All are absolute if the two roots are.</summary>
/// <param name="State">The agent's own folder, such as /var/lib/fleet.</param>
/// <param name="Bosh">BPM's root on the host (its BPM_BOSH_ROOT), such as /var/vcap; inside a sandbox it is always <see cref="Inside"/>.</param>
public sealed record HostPaths(string State, string Bosh)
{
    /// <summary>BPM's root as a sandbox sees it.</summary>
    public const string Inside = "/var/vcap";

    public string Socket => $"{State}/api.sock";

    /// <summary>Locked (flock) by the one agent that owns the folder. Mode 0600: whoever can open a file can lock it.</summary>
    public string Owned => $"{State}/agent.owned";

    /// <summary>Says, to everybody who may look, which process that agent is.</summary>
    public string Lock => $"{State}/agent.lock";

    public string Ledger => $"{State}/ledger";

    public string Journal => $"{Ledger}/journal.db";

    public string Snapshots => $"{Ledger}/snapshots.db";

    /// <summary>Secrets and file contents by digest; mode 0700.</summary>
    public string Contents => $"{State}/contents";

    public string Content(Digest digest) => $"{Contents}/{digest.Hex}";

    /// <summary>Signatures while they are verified; mode 0700.</summary>
    public string Signatures => $"{State}/signatures";

    public string AgentLog => $"{State}/log/agent.log";

    /// <summary>The compiled system-call filter, by the digest of what it was compiled from.</summary>
    public string SeccompFilter(Digest profile) => $"{State}/seccomp/{profile.Short}.bpf";

    /// <summary>What a root task wrote, for whoever plays it (asciicast v2).</summary>
    public string Recording(GrantId grant, int use) => $"{State}/recordings/{grant}.{use}.cast";

    public string Sandboxes => $"{State}/sandboxes";

    /// <summary>The OCI bundle of a run, and conmon's files beside it.</summary>
    public string Bundle(RunId run) => $"{Sandboxes}/{run}";

    /// <summary>Where conmon renames its exit files to; watched.</summary>
    public string Exits => $"{State}/exits";

    public string Exit(RunId run) => $"{Exits}/{run}";

    /// <summary>The OCI runtime's own state (crun --root).</summary>
    public string Runtime => $"{State}/runtime";

    public string Job(JobId job) => $"{Bosh}/jobs/{job.FolderName}";

    public string Data(JobId job) => $"{Bosh}/data/{job.FolderName}";

    /// <summary>Where a job's data folder lies while its slice is given back; no job's folder begins with a dot.</summary>
    public string Returned(JobId job) => $"{Bosh}/data/.{job.FolderName}.returned";

    public string Tmp(JobId job) => $"{Data(job)}/tmp";

    public string Store(JobId job) => $"{Bosh}/store/{job.FolderName}";

    public string Packages => $"{Bosh}/packages";

    public string DataPackages => $"{Bosh}/data/packages";

    public string Logs(JobId job) => $"{Bosh}/sys/log/{job.FolderName}";

    public string Stdout(ProcessId process) => $"{Logs(process.Job)}/{FileName(process)}.stdout.log";

    public string Stderr(ProcessId process) => $"{Logs(process.Job)}/{FileName(process)}.stderr.log";

    public string PidFile(ProcessId process) => $"{Bosh}/sys/run/bpm/{process.Job.FolderName}/{FileName(process)}.pid";

    // BPM uses the process's name as it is; it cannot hold a '/' (ProcessId.NameRule).
    private static string FileName(ProcessId process) => process.Name;
}
