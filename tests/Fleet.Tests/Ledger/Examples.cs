using System.Collections.Immutable;
using System.Text;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.Tests.Ledger;

/// <summary>One example of every event, each member with a value of its own, so that its golden file shows the whole format.</summary>
internal static class Examples
{
    private static readonly Guid Boot = Guid.Parse("7f9c24e8-3b12-4ef2-bd3b-9d1e5a6c8f01");
    private static readonly RunId Run = RunId.Parse("redis.redis-0193a1b2c3d4");
    private static readonly JobId Job = JobId.Parse("web/redis");
    private static readonly ProcessId Process = new(Job, "redis");
    private static readonly Digest Content = Digest.Of("content");
    private static readonly DateTimeOffset At = new(2026, 11, 23, 5, 40, 1, 234, TimeSpan.Zero);

    public static ImmutableArray<FleetEvent> All =>
    [
        new JobEvent.Submitted(1, Content, Spec),
        new JobEvent.Reverted(3, 1),
        new JobEvent.Stopped(),
        new JobEvent.Started(),
        new JobEvent.Restarted(2),
        new HostEvent.DesiredAccepted(31),
        new HostEvent.SliceAssigned(Job, 4),
        new HostEvent.SliceReturned(Job, 4),
        new HostEvent.ProcessAssigned(new Assignment(Process, 7, 2, Content, Whole, [File], true, 1, 4, Boot)),
        new HostEvent.ProcessUnassigned(Process, 8),
        new HostEvent.ProcessRemoved(Process),
        new HostEvent.ContentsRemoved([Content]),
        new HostEvent.GrantGiven(new JobGrant(
            Grants.GrantSample.ForJob.Id, Encoding.UTF8.GetString(GrantFormat.Write(Grants.GrantSample.ForJob)), Signature, [Signature with { Principal = "carol@example.com" }], Spec)),
        new HostEvent.GrantTaken(Grants.GrantSample.ForJob.Id, GrantLoss.Revoked),
        new HostEvent.AgentStarted("0.1.0", 4711, Boot),
        new HostEvent.AgentStopped("SIGTERM"),
        new ProcessEvent.Starting(Run, SandboxPhase.PreStart, 7, 2, Content, 1, 3),
        new ProcessEvent.Started(new SandboxIdentity(Run, Boot, 4712, 123456789)),
        new ProcessEvent.StartFailed(Run, new StartFailure(StartFailureCode.LimitUnenforceable, "open_files 30000 is above the hard limit 20000")),
        new ProcessEvent.Exited(Run, new SandboxExit(137, true, At)),
        new ProcessEvent.Lost(Run, "the host was booted since"),
        new ProcessEvent.HealthChanged(Run, Health.Unhealthy, "connection refused"),
        new ProcessEvent.Stopping(Run, StopReason.Replaced, StopLadder.Parse("TERM/20s/QUIT/5s/KILL")),
        new ProcessEvent.StopEscalated(Run, 1),
        new ProcessEvent.Stopped(8, 2),
        new ProcessEvent.RestartScheduled(5, At, true),
        new ProcessEvent.Ended(true, "it ended 6 times in a row; max_attempts is 5"),
        new ProcessEvent.KernelDiffers(Run, "CapEff has CAP_SYS_ADMIN, which was not asked for"),
        new ProcessEvent.Hindered(Run, "no root helper answers at /run/fleet-root/root.sock"),
        new ProcessEvent.NotPermitted("root refused it: too few people have signed", Grants.GrantSample.ForJob.Id),
        new GrantEvent.Requested(Encoding.UTF8.GetString(GrantFormat.Write(Grants.GrantSample.ForTask)), Signature, new Quorum(2, true)),
        new GrantEvent.Approved(Signature),
        new GrantEvent.Activated(),
        new GrantEvent.Denied("not on a Friday"),
        new GrantEvent.Revoked("the disk has room again"),
        new GrantEvent.Lapsed(),
        new GrantEvent.Expired(),
        new GrantEvent.Used(),
        new GrantEvent.ApprovalRefused("the signature is for 'fleet-request', and this wants one for 'fleet-grant'"),
        new GrantEvent.Reviewed(Signature),
        new GrantEvent.UseBegun("web-1", 2),
        new GrantEvent.UseEnded("web-1", 2, 137, RootEnd.Timeout, "{\"fleet_root_receipt\":1}", "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"),
        new GrantEvent.UseRefused("web-1", 2, RootDenial.TooFewSigners, "1 of 2 people have signed"),
        new GrantEvent.UseLost("web-1", 2, "the connection ended"),
        new RootTaskEvent.Logged("web-1", 7, "{\"number\":7}", true),
        new RootTaskEvent.LogBroken("web-1", 6, "entry 8 follows"),
    ];

    public static Recorded Of(FleetEvent @event) => new(
        new Envelope
        {
            Id = Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-1c2d3e4f5a6b"),
            Name = EventCatalog.NameOf(@event),
            Stream = "process-web/redis:redis",
            Sequence = 42,
            OccurredAt = At,
            RecordedAt = At.AddMilliseconds(5),
            Principal = new Principal("uid:1000(alice)", "so_peercred"),
            OnBehalfOf = "uid:1001(bob)",
            Host = "host-1",
            Subject = "web/redis:redis",
            Reason = "ticket 4711",
            Outcome = Outcome.Succeeded,
            Origin = "unix:4713",
            PolicyVersion = 1,
            CorrelationId = Guid.Parse("0193a1b2-c3d4-7000-8000-000000000001"),
            CausationId = Guid.Parse("0193a1b2-c3d4-7000-8000-000000000002"),
        },
        @event);

    private static GrantSignature Signature => new("bob@example.com", "SHA256:uQ2Xb3", "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n");

    private static JobFile File => new("config/redis.conf", 0x1A4, Content);

    private static JobSpec Spec => new(Job, [Whole, Probed("asked", new HealthProbe.Exec(["/bin/true"])), Probed("tried", new HealthProbe.Tcp(6379))], [File]);

    // Everything else as it is when a job file does not name it.
    private static ProcessSpec Probed(string name, HealthProbe probe) =>
        new() { Name = name, Executable = "/bin/true", Health = new HealthCheck { Probe = probe } };

    // Every key set, the second of each choice where there is one.
    private static ProcessSpec Whole => new()
    {
        Name = "redis",
        Executable = "/var/vcap/packages/redis/bin/redis-server",
        Args = ["--port", "6379"],
        Env = ImmutableSortedDictionary.CreateRange<string, EnvValue>(
            StringComparer.Ordinal, [new("MODE", new EnvValue.Plain("yes")), new("PASSWORD", new EnvValue.Secret(Content))]),
        Workdir = "/var/vcap/data/redis",
        Hooks = new Hooks("/var/vcap/jobs/redis/bin/pre-start"),
        Capabilities = ["NET_BIND_SERVICE"],
        Limits = new Limits { Memory = 67108864, OpenFiles = 1024, Processes = 32, CoreFileSize = 0, Cpu = 0.5m },
        EphemeralDisk = true,
        PersistentDisk = true,
        AdditionalVolumes = [new Volume("/var/vcap/data/shared", Writable: true, AllowExecutions: true, MountOnly: true, Shared: true)],
        Unsafe = new Unsafe(true, [new Volume("/var/log", Writable: true)], true),
        ShutdownSignal = ShutdownSignal.Int,
        Restart = new RestartPolicy { When = RestartWhen.OnFailure, Initial = TimeSpan.FromMilliseconds(250), MaxAttempts = 5 },
        Health = new HealthCheck { Probe = new HealthProbe.Http(8080, "/health"), Restart = false },
        Stop = StopLadder.Parse("INT/5s/KILL"),
        User = new UserIds(65534, 65534),
        Privileges = [new Privilege.RootPreStart(), new Privilege.UnrestrictedVolume("/srv", true, true)],
    };
}
