using System.Reflection;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.Tests.Ledger;

public sealed class EventTextTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly RunId Run = RunId.Parse("run-1");
    private static readonly ProcessId Web = ProcessId.Parse("web:web");
    private static readonly JobSpec Spec = new(JobId.Parse("web"), [new ProcessSpec { Name = "web", Executable = "/bin/web" }], []);

    private static readonly GrantSignature Bob = new("bob", "SHA256:b0b", "");

    private static readonly (FleetEvent Event, string Text)[] Cases =
    [
        (new JobEvent.Submitted(3, Digest.Of("x"), Spec), "version 3 (2d711642b726) with 1 process"),
        (new JobEvent.Reverted(4, 2), "version 4 has the content of version 2"),
        (new JobEvent.Stopped(), "asked to stop"),
        (new JobEvent.Started(), "asked to start"),
        (new JobEvent.Restarted(2), "asked to restart, time 2"),
        (new HostEvent.DesiredAccepted(12), "follows desired state 12"),
        (new HostEvent.ContentsRemoved([Digest.Of("a")]), "stored contents that no job names removed: ca978112ca1b"),
        (new HostEvent.SliceReturned(Spec.Id, 5), "stopped job web gave back slice 5: nothing of its ids is left"),
        (new HostEvent.SliceAssigned(Spec.Id, 5), "job web has slice 5 of the sub-ids"),
        (new HostEvent.ProcessAssigned(new Assignment(Web, 7, 3, Digest.Of("x"), Spec.Processes[0], [], true, 0, 5, Guid.Empty)), "web:web version 3 shall run (generation 7)"),
        (new HostEvent.ProcessUnassigned(Web, 8), "web:web is no longer assigned here"),
        (new HostEvent.ProcessRemoved(Web), "nothing of web:web is left"),
        (new HostEvent.GrantGiven(new JobGrant(Grants.GrantSample.ForJob.Id, Grants.GrantSample.Text(Grants.GrantSample.ForJob), Bob, [], Spec)), "may start web with what g-8f3a91b2c4d5e6f7 grants, until 2026-11-26T13:00:00Z"),
        (new HostEvent.GrantTaken(Grants.GrantSample.ForJob.Id, GrantLoss.Revoked), "starts nothing by g-8f3a91b2c4d5e6f7 any more: it was revoked"),
        (new HostEvent.AgentStarted("0.1.0", 12, Guid.Empty), "agent 0.1.0 started with pid 12"),
        (new HostEvent.AgentStopped("SIGTERM"), "agent stopped: SIGTERM"),
        (new ProcessEvent.Starting(Run, SandboxPhase.PreStart, 7, 3, Digest.Of("x"), 0, 2), "starting version 3 (pre_start), attempt 2, run run-1"),
        (new ProcessEvent.Started(new SandboxIdentity(Run, Guid.Empty, 99, 1)), "runs as pid 99"),
        (new ProcessEvent.StartFailed(Run, new StartFailure(StartFailureCode.ExecutableMissing, "/bin/web is missing")), "did not start (ExecutableMissing): /bin/web is missing"),
        (new ProcessEvent.Exited(Run, new SandboxExit(3, false, At)), "exited with 3"),
        (new ProcessEvent.Lost(Run, "the host was booted"), "gone without an exit: the host was booted"),
        (new ProcessEvent.HealthChanged(Run, Health.Unhealthy, "refused"), "unhealthy: refused"),
        (new ProcessEvent.Stopping(Run, StopReason.Asked, StopLadder.Parse("TERM/5s/KILL")), "stopping (TERM/5s/KILL): not wanted any more"),
        (new ProcessEvent.StopEscalated(Run, 1), "did not stop, next rung (1)"),
        (new ProcessEvent.Stopped(7, 3), "stopped, version 3"),
        (new ProcessEvent.RestartScheduled(5, At, true), "restart 5 not before 2026-01-02T03:04:05.000Z, crash-looping"),
        (new ProcessEvent.Ended(true, "given up"), "failed for good: given up"),
        (new ProcessEvent.KernelDiffers(Run, "CapEff has CAP_SYS_ADMIN"), "THE KERNEL'S VIEW DIFFERS: CapEff has CAP_SYS_ADMIN"),
        (new ProcessEvent.Hindered(Run, "root's helper is gone"), "cannot go on, and tries again: root's helper is gone"),
        (new ProcessEvent.NotPermitted("no grant covers it", null), "not started: no grant covers it"),
        (new GrantEvent.Requested("{}", Bob, new Quorum(2, false)), "requested by bob (SHA256:b0b), 44136fa355b3, needs 2 approvals"),
        (new GrantEvent.Approved(Bob), "approved by bob (SHA256:b0b)"),
        (new GrantEvent.Activated(), "may be used from now on"),
        (new GrantEvent.Denied("not on a Friday"), "denied: not on a Friday"),
        (new GrantEvent.Revoked("done"), "revoked: done"),
        (new GrantEvent.Lapsed(), "lapsed: its window ended before enough had approved it"),
        (new GrantEvent.Expired(), "expired"),
        (new GrantEvent.Used(), "used as often as it says, on every host that it names"),
        (new GrantEvent.ApprovalRefused("key SHA256:b0b is nobody's\u0007"), "an approval was refused: key SHA256:b0b is nobody's\\u0007"),
        (new GrantEvent.Reviewed(Bob), "reviewed by bob (SHA256:b0b)"),
        (new GrantEvent.UseBegun("web-1", 2), "web-1 is asked for use 2"),
        (new GrantEvent.UseEnded("web-1", 2, 137, RootEnd.Timeout, "", ""), "use 2 on web-1 ended with 137: killed at its timeout"),
        (new GrantEvent.UseRefused("web-1", 2, RootDenial.TooFewSigners, "1 of 2 signed"), "web-1 refused use 2 (too_few_signers): 1 of 2 signed"),
        (new GrantEvent.UseLost("web-1", 2, "the agent ended"), "what became of use 2 on web-1 is not known: the agent ended"),
        (new RootTaskEvent.Logged("web-1", 7, "no entry", false), "root log 7: no entry; THE FLEET DID NOT BEGIN IT"),
        (new RootTaskEvent.LogBroken("web-1", 6, "entry 8 follows"), "the root log does not go on from entry 6: entry 8 follows"),
    ];

    public static TheoryData<int> Indexes() => [.. Enumerable.Range(0, Cases.Length)];

    [Theory]
    [MemberData(nameof(Indexes))]
    public void Each_event_has_its_line(int index) => Assert.Equal(Cases[index].Text, EventText.Describe(Cases[index].Event));

    [Fact]
    public void No_event_is_without_a_line()
    {
        var known = typeof(FleetEvent).Assembly.GetTypes().Where(t => t.GetCustomAttribute<StoredNameAttribute>() is not null);
        Assert.Equal(known.Select(t => t.FullName).Order(), Cases.Select(c => c.Event.GetType().FullName).Order());
    }

    [Fact]
    public void What_a_grant_has_to_do_with_it_is_said()
    {
        var grant = Grants.GrantSample.ForJob.Id;
        Assert.Equal("starting version 3, attempt 1, run run-1, by g-8f3a91b2c4d5e6f7", EventText.Describe(new ProcessEvent.Starting(Run, SandboxPhase.Main, 7, 3, Digest.Of("x"), 0, 1, grant)));
        Assert.Equal("not started, for root on this host refused g-8f3a91b2c4d5e6f7: too few", EventText.Describe(new ProcessEvent.NotPermitted("too few", grant)));
        Assert.Equal("goes on", EventText.Describe(new ProcessEvent.Hindered(Run, null)));
        Assert.Equal("the kernel's view is as declared again", EventText.Describe(new ProcessEvent.KernelDiffers(Run, null)));
        Assert.EndsWith(": its grant has ended", EventText.Describe(new ProcessEvent.Stopping(Run, StopReason.GrantOver, StopLadder.Parse("KILL"))), StringComparison.Ordinal);
    }

    [Fact]
    public void An_end_by_a_signal_for_lack_of_memory_says_both() =>
        Assert.Equal("killed by the kernel: out of memory (exit code 137)", EventText.Describe(new ProcessEvent.Exited(Run, new SandboxExit(137, true, At))));

    [Theory]
    [InlineData("\u001b[2Jgone", "\\u001b[2Jgone")]
    [InlineData("a\nb\r", "a\\u000ab\\u000d")]
    [InlineData("\u202egnp.exe", "\\u202egnp.exe")]
    [InlineData("\u009b31m", "\\u009b31m")]
    [InlineData("größe 漢字 🙂", "größe 漢字 🙂")]
    public void What_could_write_over_the_terminal_is_made_visible(string text, string shown)
    {
        Assert.Equal(shown, EventText.Visible(text));
        Assert.EndsWith(shown, EventText.Describe(new HostEvent.AgentStopped(text)), StringComparison.Ordinal);
    }
}
