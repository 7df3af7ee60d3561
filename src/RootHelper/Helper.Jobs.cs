using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Ledger;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootHelper.Jobs;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.RootHelper;

/// <summary>Jobs that have more than the baseline: a start takes what a root task takes; to look, to signal and to end take nothing.</summary>
internal sealed partial class Helper
{
    private void StartJob(RootRequest.StartJob asked, HostPolicy host)
    {
        entry = entry with { Document = Digest.Of(asked.Grant.AsSpan()), Run = asked.Id };
        var (request, approvals) = Verified(asked.Grant, asked.By, asked.Approvals, host);
        var grant = Parsed(asked.Grant);
        if (grant.PrivilegedJob is null)
        {
            throw new Denied(RootDenial.NotAGrant, "the grant is for a root task, and not for a job");
        }

        Judge(host.Policy, grant, request, approvals);
        var start = JobStart.Of(asked, grant, host.Policy, places);
        entry = entry with { Detail = $"{start.Request.Process}, {EnumText.Of(asked.Phase)}" };
        Capabilities.Check(start.Privileges);
        var devices = Devices(start.Privileges);
        client.Send(RootFrame.Wanted, []);
        var contents = client.ReadContents(start.Needs);
        start = start.With(contents);
        using var logs = Safely(() => JobLogs.Open(start, host.Policy.Agent));
        using var seen = Safely(() => JobPlaces.Open(start, contents));

        // Once more: what came in between took as long as the agent wished.
        Judge(host.Policy, grant, request, approvals);
        RefuseWithdrawn();
        var run = new RootJobRun(
            grant.Id, entry.Document!.Value, asked.Id, start.Job.Id, start.Spec.Name, asked.Phase, RootJobRun.OverAt(grant, start.Spec), start.Declared, Proc.BootId, host.Policy.Agent);
        jobs.Prepare();
        using var held = jobs.Begin(run);
        phase = Phase.Burnt;
        Begin(new JobRun(start, seen, logs, devices, contents, places), run, host.Policy);
    }

    // A revocation is written down before it ends what it finds: what it did not find yet is ended here.
    private void Begin(JobRun start, RootJobRun run, RootPolicy policy)
    {
        var (at, isInLog) = (Now, false);
        try
        {
            log.Append(entry with { What = RootAct.Starting, At = at });
            isInLog = true;
            RefuseRevoked(run.Grant);
            RefuseWithdrawn();
            var identity = start.Start(run, jobs, policy.Agent);
            RefuseRevoked(run.Grant);
            client.Send(RootFrame.JobStarted, new RootJobStarted(identity, policy.Host, at), RootJson.Default.RootJobStarted);
            phase = Phase.Ended;
        }
        catch (Exception e)
        {
            // What never came into the log is denied; of the rest the log has an end. What cannot be ended now, the next helper ends, and writes that down.
            phase = isInLog ? Phase.Ended : Phase.Checking;
            var group = new JobCgroup(run.Run);
            group.Remove();
            if (group.IsGone)
            {
                if (isInLog)
                {
                    jobs.LogEnd(jobs.Find(run.Run) ?? run, log, entry with { What = RootAct.Lost, At = Now, Detail = EventText.Visible(e.Message) });
                }

                jobs.Forget(run.Run);
            }

            throw;
        }
    }

    // Whoever takes the policy away wants less root, not more: what runs may still be ended by the agent that it was started for.
    private HostPolicy? Usable()
    {
        try
        {
            return HostPolicy.Read(places);
        }
        catch (Denied)
        {
            if (RootRequest.Read(client.ReadRequest()) is not RootRequest.SignalJob signal || jobs.Find(signal.Id) is not { } run || run.Agent != client.Peer.User)
            {
                throw;
            }

            SignalJob(signal);
            return null;
        }
    }

    private void SignalJob(RootRequest.SignalJob asked)
    {
        if (jobs.Find(asked.Id) is { Pid: { } pid } run)
        {
            if (asked.Signal == StopSignal.Kill)
            {
                JobRuns.Kill(run);
            }
            else
            {
                using var process = Proc.Find(pid, run.StartTicks);
                if (process is not null)
                {
                    Libc.Signal(process, (int)asked.Signal);
                }
            }
        }

        client.Send(RootFrame.Done, []);
    }

    private void RemoveJob(RootRequest.RemoveJob asked)
    {
        jobs.Prepare();
        jobs.Remove(asked.Id, log, Now);
        client.Send(RootFrame.Done, []);
    }

    private void LookAtJob(RootRequest.LookAtJob asked)
    {
        var view = jobs.Find(asked.Id) is { Pid: { } pid } run && Proc.StartTicks(pid) == run.StartTicks ? Proc.View(pid) : null;
        client.Send(RootFrame.Kernel, view is null ? [] : JsonSerializer.SerializeToUtf8Bytes(view, RootJson.Default.KernelView));
    }

    private static ImmutableArray<DeviceNode> Devices(PrivilegeSet privileges) =>
        Safely(() => privileges.Members.OfType<Privilege.Device>().Select(TaskPlan.Node).ToImmutableArray());

    private static T Safely<T>(Func<T> open)
    {
        try
        {
            return open();
        }
        catch (IOException e)
        {
            throw new Denied(RootDenial.UnsafePath, e.Message);
        }
    }

    /// <summary>What the clock of a run calls: ends it if its grant is over, and else sets another. It needs no policy, and no room to write.</summary>
    public static int Over(Places places, RunId id)
    {
        var jobs = new JobRuns(places);
        if (jobs.Find(id) is { Over: { } over } run)
        {
            if (Now >= over)
            {
                jobs.End(run, RootEnd.GrantOver);
            }
            else
            {
                JobRun.WatchTheClock(new JobCgroup(id), id, over, places);
            }
        }

        return 0;
    }
}
