using System.Diagnostics;
using System.Globalization;
using System.Text;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.Ledger;

/// <summary>One line for people about an event. What came from outside may hold anything: control characters are made visible.</summary>
public static class EventText
{
    public static string Describe(FleetEvent @event) => Visible(@event switch
    {
        JobEvent e => Of(e),
        HostEvent e => Of(e),
        ProcessEvent e => Of(e),
        GrantEvent e => Of(e),
        RootTaskEvent e => Of(e),
        _ => throw new UnreachableException($"no text for {@event.GetType()}"),
    });

    /// <summary>
    /// The text with every control and format character (terminal escapes, new lines, bidirectional overrides) as <c>\u001b</c>:
    /// what stands in a record must not be able to write over it on a terminal.
    /// </summary>
    public static string Visible(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
                ? shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}")
                : shown.Append(rune.ToString());
        }

        return shown.ToString();
    }

    private static string Of(JobEvent @event) => @event switch
    {
        JobEvent.Submitted e => $"version {e.Version} ({e.Digest.Short}) with {Count(e.Spec.Processes.Length, "process", "es")}",
        JobEvent.Reverted e => $"version {e.Version} has the content of version {e.To}",
        JobEvent.Stopped => "asked to stop",
        JobEvent.Started => "asked to start",
        JobEvent.Restarted e => $"asked to restart, time {e.Restarts}",
        _ => throw new UnreachableException($"no text for {@event.GetType()}"),
    };

    private static string Of(HostEvent @event) => @event switch
    {
        HostEvent.DesiredAccepted e => $"follows desired state {e.Number}",
        HostEvent.SliceAssigned e => $"job {e.Job} has slice {e.Slice} of the sub-ids",
        HostEvent.SliceReturned e => $"stopped job {e.Job} gave back slice {e.Slice}: nothing of its ids is left",
        HostEvent.ProcessAssigned e =>
            $"{e.Assignment.Process} version {e.Assignment.Version} shall {(e.Assignment.Run ? "run" : "be stopped")} (generation {e.Assignment.Generation})",
        HostEvent.ProcessUnassigned e => $"{e.Process} is no longer assigned here",
        HostEvent.ProcessRemoved e => $"nothing of {e.Process} is left",
        HostEvent.ContentsRemoved e => $"stored contents that no job names removed: {string.Join(", ", e.Contents.Select(c => c.Short))}",
        HostEvent.GrantGiven e => $"may start {e.Grant.Content.Id} with what {e.Grant.Id} grants, until {GrantTime.Text(e.Grant.Document.NotAfter)}",
        HostEvent.GrantTaken e => $"starts nothing by {e.Grant} any more: {WhyOf(e.Why)}",
        HostEvent.AgentStarted e => $"agent {e.Version} started with pid {e.Pid}",
        HostEvent.AgentStopped e => $"agent stopped: {e.Why}",
        _ => throw new UnreachableException($"no text for {@event.GetType()}"),
    };

    private static string Of(ProcessEvent @event) => @event switch
    {
        ProcessEvent.Starting e =>
            $"starting version {e.Version}{(e.Phase == SandboxPhase.PreStart ? " (pre_start)" : "")}, attempt {e.Attempt}, run {e.Run}{(e.Grant is { } grant ? $", by {grant}" : "")}",
        ProcessEvent.Started e => $"runs as pid {e.Identity.Pid}",
        ProcessEvent.StartFailed e => $"did not start ({e.Failure.Code}): {e.Failure.Message}",
        ProcessEvent.Exited e => ExitText.Of(e.Exit),
        ProcessEvent.Lost e => $"gone without an exit: {e.Why}",
        ProcessEvent.HealthChanged e => $"{e.Health.ToString().ToLowerInvariant()}: {e.Detail}",
        ProcessEvent.KernelDiffers { Difference: { } difference } => $"THE KERNEL'S VIEW DIFFERS: {difference}",
        ProcessEvent.KernelDiffers => "the kernel's view is as declared again",
        ProcessEvent.Stopping e => $"stopping ({e.Ladder}): {WhyOf(e.Why)}",
        ProcessEvent.StopEscalated e => $"did not stop, next rung ({e.Rung})",
        ProcessEvent.Hindered { Why: { } why } => $"cannot go on, and tries again: {why}",
        ProcessEvent.Hindered => "goes on",
        ProcessEvent.Stopped e => $"stopped, version {e.Version}",
        ProcessEvent.RestartScheduled e =>
            string.Create(CultureInfo.InvariantCulture, $"restart {e.Attempt} not before {e.NotBefore.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}{(e.CrashLooping ? ", crash-looping" : "")}"),
        ProcessEvent.Ended e => $"{(e.Failed ? "failed" : "completed")} for good: {e.Why}",
        ProcessEvent.NotPermitted { Refused: { } grant } e => $"not started, for root on this host refused {grant}: {e.Why}",
        ProcessEvent.NotPermitted e => $"not started: {e.Why}",
        _ => throw new UnreachableException($"no text for {@event.GetType()}"),
    };

    private static string Of(GrantEvent @event) => @event switch
    {
        GrantEvent.Requested e => $"requested by {e.By.Principal} ({e.By.Key}), {Digest.Of(e.Document).Short}, needs {Count(e.Quorum.Needed, "approval")}",
        GrantEvent.Approved e => $"approved by {e.By.Principal} ({e.By.Key})",
        GrantEvent.Activated => "may be used from now on",
        GrantEvent.Denied e => $"denied: {e.Why}",
        GrantEvent.Revoked e => $"revoked: {e.Why}",
        GrantEvent.Lapsed => "lapsed: its window ended before enough had approved it",
        GrantEvent.Expired => "expired",
        GrantEvent.Used => "used as often as it says, on every host that it names",
        GrantEvent.ApprovalRefused e => $"an approval was refused: {e.Why}",
        GrantEvent.Reviewed e => $"reviewed by {e.By.Principal} ({e.By.Key})",
        GrantEvent.UseBegun e => $"{e.Host} is asked for use {e.Use}",
        GrantEvent.UseEnded e => $"use {e.Use} on {e.Host} ended with {e.ExitCode}{HowOf(e.How)}",
        GrantEvent.UseRefused e => $"{e.Host} refused use {e.Use} ({EnumText.Of(e.Code)}): {e.Detail}",
        GrantEvent.UseLost e => $"what became of use {e.Use} on {e.Host} is not known: {e.Why}",
        _ => throw new UnreachableException($"no text for {@event.GetType()}"),
    };

    private static string Of(RootTaskEvent @event) => @event switch
    {
        RootTaskEvent.Logged e => $"root log {e.Number}: {RootLogText.Of(e.Line)}{(e.Reported ? "" : "; THE FLEET DID NOT BEGIN IT")}",
        RootTaskEvent.LogBroken e => $"the root log does not go on from entry {e.Number}: {e.Why}",
        _ => throw new UnreachableException($"no text for {@event.GetType()}"),
    };

    private static string HowOf(RootEnd how) => how switch
    {
        RootEnd.Exited => "",
        RootEnd.Timeout => ": killed at its timeout",
        RootEnd.OutputLimit => ": killed, for it wrote more than it was granted",
        RootEnd.Cancelled => ": ended by who asked for it",
        RootEnd.Revoked => ": ended, for the grant was revoked",
        _ => throw new UnreachableException($"no text for {how}"),
    };

    private static string WhyOf(StopReason why) => why switch
    {
        StopReason.Asked => "not wanted any more",
        StopReason.Replaced => "to be replaced",
        StopReason.Unhealthy => "unhealthy",
        StopReason.GrantOver => "its grant has ended",
        _ => throw new UnreachableException($"no text for {why}"),
    };

    private static string WhyOf(GrantLoss why) => why switch
    {
        GrantLoss.Revoked => "it was revoked",
        GrantLoss.Over => "it is over",
        GrantLoss.Replaced => "the job's content is another now",
        _ => throw new UnreachableException($"no text for {why}"),
    };

    private static string Count(int number, string what, string plural = "s") => number == 1 ? $"1 {what}" : $"{number} {what}{plural}";
}
