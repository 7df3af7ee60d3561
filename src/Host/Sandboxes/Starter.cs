using System.Globalization;
using Fleet.Host.Linux;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>One start from nothing to the running program, in order; the first thing that is not as asked ends it.</summary>
internal sealed partial class Starter(SandboxSettings settings, Cgroups cgroups, Launcher launcher, Runs runs, RootSandboxes roots, Func<HostFacts> facts)
{
    private readonly JobFolders folders = new(settings.Paths, settings.SubIds);
    private readonly KeyedLock<JobId> jobs = new();

    /// <exception cref="StartRefused">It is not as asked; what was made so far is still there.</exception>
    public async Task<SandboxIdentity> Start(SandboxRequest request, CancellationToken cancel)
    {
        if (request.Grant is { } grant)
        {
            return await StartByRoot(request, grant, cancel);
        }

        CheckHost(request);
        var host = facts();
        var user = OciSpec.User(request.Spec, host);
        var config = Build(request, host);
        await Prepare(request, user, cancel);
        var mounts = MountCheck.Expect(config);
        CheckShared(request);

        using var logs = LogFiles.Open(settings.Paths, request.Process);
        var bundle = new Bundle(settings.Paths, request.Run);
        bundle.Write(config, settings.Runtime);
        cgroups.Make(request.Run.Text);
        var pid = await launcher.Create(request.Run, bundle, logs, Missing(request, user), cancel);
        var identity = Identify(request.Run, pid);
        MountCheck.Verify(pid, mounts);
        using var program = ProgramCheck.Open(pid);
        Limit(request);
        bundle.Remember(identity);
        await launcher.Start(request.Run, bundle, cancel);
        await AwaitProgram(request, identity, exit => CheckExit(request, exit, logs, () => program.WhyNot(config.Process)), cancel);
        WritePidFile(request, pid);
        return identity;
    }

    /// <summary>Waits until tini has executed the program, or has failed to, and compares what the kernel gave. Of a run begun by a killed agent too.</summary>
    /// <param name="ended">What is to be done when it has ended before anybody saw it run.</param>
    public async Task AwaitProgram(SandboxRequest request, SandboxIdentity identity, Func<SandboxExit, Task> ended, CancellationToken cancel)
    {
        if (request.Grant is not null && roots.Declared(request, OciSpec.User(request.Spec, facts())) is null)
        {
            return; // On the host itself there is no tini to wait for: what runs is the program.
        }

        while (!HasExecuted(identity.Pid))
        {
            if (runs.Exit(request.Run) is { } exit)
            {
                await ended(exit.Exit);
                return;
            }

            if (!Runs.IsAlive(identity) && await runs.View(request.Run) is SandboxView.Absent)
            {
                throw new StartRefused(StartFailureCode.RuntimeFailed, $"the sandbox of {request.Process} ended without a word");
            }

            await Task.Delay(1, cancel);
        }

        // What root's helper started it has compared itself, with more eyes than the agent has.
        if (request.Grant is not null)
        {
            return;
        }

        var user = OciSpec.User(request.Spec, facts());
        var difference = KernelCheck.Difference(
            identity.Pid, new OciUser(user.Uid, user.Gid, []), settings.SubIds, request.Slice, membership => cgroups.Holds(request.Run.Text, membership));
        if (difference is not null)
        {
            throw new StartRefused(StartFailureCode.VerificationFailed, $"the sandbox of {request.Process} is not what was asked: {difference}");
        }
    }

    // The processes of a job start at once and share its folders: the second must find them done, not half done.
    private async Task Prepare(SandboxRequest request, UserIds user, CancellationToken cancel)
    {
        using var held = await jobs.Hold(request.Process.Job, cancel);
        await folders.Prepare(request, user);
        JobFiles.Write(settings.Paths, request.Process.Job, request.Files);
    }

    // Until tini's child executes the program it is a copy of tini, with tini's arguments.
    private static bool HasExecuted(int tini) =>
        Proc.FirstChild(tini) is { } child && Proc.CommandLine(child) is { Length: > 0 } line && Proc.CommandLine(tini) is { Length: > 0 } own && line != own
        && own.Contains("\0-w\0-s\0--\0", StringComparison.Ordinal);

    // What tini says may as well be the job's own words: it only tells when to look.
    private static async Task CheckExit(SandboxRequest request, SandboxExit exit, LogFiles logs, Func<Task<StartFailureCode?>> whyNot)
    {
        var fatal = logs.NewErrors().Split('\n').FirstOrDefault(l => l.StartsWith("[FATAL tini", StringComparison.Ordinal));
        if (fatal is null || exit.Code is not (Scripts.NotExecutable or Scripts.NoProgram) || await whyNot() is not { } code)
        {
            return;
        }

        throw code == StartFailureCode.ExecutableMissing
            ? new StartRefused(code, $"the program of {request.Process} is not there in its sandbox: {fatal}")
            : new StartRefused(code, $"the program of {request.Process} cannot be executed: {fatal}");
    }

    private void CheckHost(SandboxRequest request)
    {
        if (SandboxProbe.Missing(settings) is { } missing)
        {
            throw new StartRefused(StartFailureCode.RuntimeMissing, missing);
        }

        CheckSlice(request);

        // What the process may not have at all is said before what this host cannot enforce.
        if (PrivilegeSet.Of(request.Process.Job, request.Spec).IsBaseline)
        {
            CheckLimits(request.Spec.Limits);
        }
    }

    private void CheckSlice(SandboxRequest request)
    {
        if (request.Slice >= settings.SubIds.Slices)
        {
            throw new StartRefused(
                StartFailureCode.NoSubIds, $"the agent's sub-ids hold {settings.SubIds.Slices} jobs, and this is number {request.Slice + 1}: give its user more in /etc/subuid and /etc/subgid");
        }
    }

    private void CheckLimits(Limits limits)
    {
        if (cgroups.Missing(limits) is { } missing)
        {
            throw new StartRefused(StartFailureCode.HostNotPrepared, missing);
        }

        foreach (var (asked, resource, name) in ((ulong?, int, string)[])[(limits.OpenFiles, Rlimit.OpenFiles, "open_files"), (limits.CoreFileSize, Rlimit.CoreFileSize, "core_file_size")])
        {
            if (asked > Rlimit.HardOf(resource))
            {
                throw new StartRefused(
                    StartFailureCode.LimitUnenforceable, $"{name} {asked} is above the agent's own hard limit of {Rlimit.HardOf(resource)}: raise that (LimitNOFILE=, LimitCORE= of its service)");
            }
        }
    }

    private static OciConfig Build(SandboxRequest request, HostFacts host) => OciSpec.Build(request, host) switch
    {
        OciBuild.Built built => built.Config,
        OciBuild.Refused refused => throw new StartRefused(refused.Failure.Code, refused.Failure.Message),
        var other => throw new System.Diagnostics.UnreachableException($"{other}"),
    };

    private void CheckShared(SandboxRequest request)
    {
        foreach (var volume in request.Spec.AdditionalVolumes.Where(v => v.Shared))
        {
            var path = TrustedPath.Resolve(OciMounts.OnHost(settings.Paths, volume.Path));
            if (MountTable.Of("self")?.IsShared(path) != true)
            {
                throw new StartRefused(
                    StartFailureCode.FilesRefused, $"the volume {volume.Path} is shared, and only root can make it so: mount --bind {path} {path} && mount --make-shared {path}");
            }
        }
    }

    // What a job may have removed, or wants where the agent cannot look; made in the job's name just before the mounts.
    private Dictionary<string, string> Missing(SandboxRequest request, UserIds user)
    {
        var first = IdSlices.InAgent(request.Slice);
        var volumes = request.Spec.AdditionalVolumes.Where(v => !v.MountOnly).Select(v => OciMounts.OnHost(settings.Paths, v.Path));
        return new Dictionary<string, string>
        {
            ["FLEET_UID"] = (first + user.Uid).ToString(CultureInfo.InvariantCulture),
            ["FLEET_GID"] = (first + user.Gid).ToString(CultureInfo.InvariantCulture),
            ["FLEET_FOLDERS"] = string.Join('\n', [settings.Paths.Tmp(request.Process.Job), .. volumes]),
        };
    }

    private static SandboxIdentity Identify(RunId run, int pid) =>
        new(run, Proc.BootId, pid, Proc.StartTicks(pid) ?? throw new StartRefused(StartFailureCode.RuntimeFailed, "the sandbox ended before its program was started"));

    // After the create, so that the runtime's own memory and processes do not count; before the program can run.
    private void Limit(SandboxRequest request)
    {
        try
        {
            cgroups.Limit(request.Run.Text, request.Spec.Limits);
        }
        catch (LimitException e)
        {
            throw new StartRefused(StartFailureCode.LimitUnenforceable, e.Message);
        }
    }

    private void WritePidFile(SandboxRequest request, int pid)
    {
        if (request.Phase == SandboxPhase.Main)
        {
            var file = settings.Paths.PidFile(request.Process);
            File.WriteAllText(file + ".part", pid.ToString(CultureInfo.InvariantCulture));
            File.Move(file + ".part", file, overwrite: true);
        }
    }
}
